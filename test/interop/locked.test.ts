import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRouterClient } from '@orpc/server'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Api } from '../../core/host/command.ts'
import { lockedRouter } from '../../core/rpc/locked.ts'
import { Fault } from '../../core/base/fault.ts'
import { Home, type Ended, type Served } from '../support/posthorn.ts'

/*
 * A data folder that only a passphrase opens, as processes: what serves while it is locked, what opens it, and that the
 * passphrase is nowhere afterwards.
 */
const SAID = 'canary passphrase 7461'
const LATER = 'canary passphrase 9022'

let home: Home
const served: Served[] = []
const heard: string[] = []

async function run(argv: readonly string[], stdin = ''): Promise<Ended> {
  const ran = await home.run(argv, stdin)
  heard.push(ran.stdout, ran.stderr)
  return ran
}
const message = 'Subject: waits\n\nhello\n'
const submits = () => home.sendmail(['-i', '-f', 'ada@home.test', 'bob@far.test'], message)
const waiting = async () => (await home.json<{ waiting: number }>(['status'])).waiting

/** A window of the headless host, signed in. */
async function openWindow(address: string): Promise<{ readonly api: Api; readonly socket: WebSocket }> {
  const { origin, host, hash } = new URL(address)
  const body = JSON.stringify({ ticket: hash.replace('#ticket=', '') })
  const answer = await fetch(`${origin}/session`, { method: 'POST', body, headers: { origin } })
  const { token } = (await answer.json()) as { token: string }
  return { ...(await dial(host, origin, token)) }
}
async function dial(host: string, origin: string, token: string) {
  const socket = new WebSocket(`ws://${host}/rpc`, ['posthorn', `token.${token}`], { origin })
  await once(socket, 'open')
  const link = new RPCLink({ websocket: socket as unknown as globalThis.WebSocket })
  return { api: createORPCClient(link) as unknown as Api, socket }
}

beforeAll(async () => {
  home = new Home({ submission: { port: 0 }, queue: { paused: true } })
  expect(await run(['identity', 'add', 'ada@home.test'])).toMatchObject({ status: 0 })
  // What stands in the keychain's way is said before anything is asked for.
  expect(await run(['vault', 'keychain', 'on'])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('there is no passphrase yet'),
  })
  expect(await run(['vault', 'passphrase', '--passphrase-stdin'], `${SAID}\n`)).toMatchObject({ status: 0 })
  expect(await run(['vault', 'start', 'locked', '--passphrase-stdin'], `${SAID}\n`)).toMatchObject({ status: 0 })
}, 60_000)
afterAll(async () => {
  for (const one of served) await one.stop()
  home.remove()
})

test('alone, no command takes anything: 75, and the caller keeps his mail', async () => {
  for (const argv of [['list'], ['vault', 'status'], ['queue', 'list']]) {
    const ran = await run(argv)
    expect(ran, argv.join(' ')).toMatchObject({ status: 75, stdout: '' })
    expect(ran.stderr).toContain('it is locked')
  }
  expect(await submits()).toMatchObject({ status: 75 })
  expect(await run(['unlock'], `${SAID}\n`)).toMatchObject({ status: 75 }) // nothing runs that could be unlocked
})

test('serve starts locked, listens for windows and commands alone, and opens by the passphrase on standard input', async () => {
  const one = await home.serve()
  served.push(one)
  expect(one.ready).toMatchObject({ ready: true, locked: true, submission: null, submissionTls: null })
  expect(await submits()).toMatchObject({ status: 75 })
  expect(await run(['status'])).toMatchObject({ status: 75 })
  expect(await run(['unlock'])).toMatchObject({ status: 64 })
  expect(await run(['unlock'], 'not this one\n')).toMatchObject({ status: 75 })
  expect(await run(['ui'])).toMatchObject({ status: 0 })
  expect(await run(['unlock'], `${SAID}\n`)).toMatchObject({ status: 0, stderr: '' })
  expect(await run(['unlock'], `${SAID}\n`)).toMatchObject({ status: 0, stdout: 'The mail is open already.\n' })
  const status = await home.json<{ locked: boolean; submission: unknown }>(['status'])
  expect(status).toMatchObject({ locked: false, submission: { host: '127.0.0.1' } })
  expect(await submits()).toMatchObject({ status: 0 })
  expect(await waiting()).toBe(1)
  expect(await run(['vault', 'rekey', '--passphrase-stdin'], `${SAID}\n`)).toMatchObject({ status: 75 })
  expect(await one.stop()).toBe(0)
  heard.push(one.stderr)
}, 60_000)

test('the store gets another key while Posthorn is stopped, and all mail is there', async () => {
  expect(await run(['vault', 'rekey'])).toMatchObject({ status: 64 })
  expect(await run(['vault', 'rekey', '--passphrase-stdin'], 'not this one\n')).toMatchObject({ status: 75 })
  expect(await run(['vault', 'rekey', '--drop-passphrase'])).toMatchObject({ status: 1 })
  expect(await run(['vault', 'rekey', '--passphrase-stdin', '--json'], `${SAID}\n`)).toMatchObject({
    status: 0,
    stdout: '{"rekeyed":true}\n',
  })
}, 60_000)

test('a window opens it, too, gets no more than that before, and is connected anew', async () => {
  const one = await home.serve()
  served.push(one)
  const { api, socket } = await openWindow(one.ready.ui)
  expect(await api.app.status()).toMatchObject({ locked: true })
  await expect(api.mail.folders()).rejects.toThrow(expect.objectContaining({ code: 'engine.locked' }))
  await expect(api.vault.status()).rejects.toThrow(expect.objectContaining({ code: 'engine.locked' }))
  await expect(api.app.unlock({ passphrase: 'not this one' })).rejects.toThrow(
    expect.objectContaining({ code: 'vault.passphrase-wrong' }),
  )
  const closed = once(socket, 'close')
  expect(await api.app.unlock({ passphrase: SAID })).toEqual({ ok: true })
  expect((await closed)[0]).toBe(1012)
  const again = await openWindow((await run(['ui'])).stdout.trim())
  expect(await again.api.app.status()).toMatchObject({ locked: false, waiting: 1 })
  await expect(again.api.app.unlock({ passphrase: SAID })).rejects.toThrow(
    expect.objectContaining({ code: 'conflict' }),
  )
  const changed = await again.api.vault.setPassphrase({ current: SAID, passphrase: LATER })
  expect(changed).toMatchObject({ ways: ['passphrase'], lockedAtStart: true })
  heard.push(JSON.stringify(changed))
  again.socket.terminate()
  expect(await run(['vault', 'start', 'open', '--passphrase-stdin'], `${LATER}\n`)).toMatchObject({ status: 0 })
  await one.stop()
  heard.push(one.stderr)
  expect(await run(['queue', 'list'])).toMatchObject({ status: 0 })
}, 60_000)

test('no passphrase is in any file, in what was said, or in the log of the engine', async () => {
  const files = readdirSync(home.root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.map(({ name }) => name)).toEqual(expect.arrayContaining(['key.json', 'mail.db']))
  const needles = [SAID, LATER].flatMap((said) => [said, Buffer.from(said).toString('base64').slice(0, 24)])
  for (const needle of needles) {
    for (const { parentPath, name } of files)
      expect(readFileSync(join(parentPath, name)).includes(needle), name).toBe(false)
    expect(heard.join('\n').includes(needle)).toBe(false)
  }
  // What lies in the store is asked of the store.
  const settings = await run(['setting', 'list', '--json'])
  const log = await run(['log', 'list', '--json'])
  for (const needle of needles) expect(`${settings.stdout}${log.stdout}`).not.toContain(needle)
})

test('a host that cannot unlock says that the mail is locked', async () => {
  const router = lockedRouter('/data', 'the key file is missing')
  const api = createRouterClient(router as Parameters<typeof createRouterClient>[0]) as unknown as Api
  await expect(api.app.unlock({ passphrase: 'whatever' })).rejects.toThrow('the key file is missing')
  const wrong = lockedRouter('/data', 'locked', () =>
    Promise.reject(new Fault('vault.passphrase-wrong', 'wrong', { path: '' })),
  )
  const other = createRouterClient(wrong as Parameters<typeof createRouterClient>[0]) as unknown as Api
  await expect(other.app.unlock({ passphrase: 'whatever' })).rejects.toThrow('wrong')
})
