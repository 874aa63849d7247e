import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { heardIo } from '../../test/support/heard-io.ts'
import { startEngine, type Engine } from '../engine.ts'
import { parseMailbox } from '../model/address.ts'
import type { QueueEntryDetail } from '../rpc/views.ts'
import { runCommand } from './commands.ts'

let folder: string
let engine: Engine
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-queue-command-'))
  const keyFile = join(folder, 'key')
  const fileSettings = { retry: { scheduleSeconds: [600] } }
  engine = await startEngine({ dataFolder: join(folder, 'data'), keyFile, fileSettings, alone: true, log: () => {} })
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs one command line; what it printed, and its exit status. */
async function run(...argv: string[]) {
  const heard = heardIo(folder)
  const status = await runCommand(engine, ['queue', ...argv], heard.io, undefined)
  return { status, out: heard.stdout().toString(), err: heard.stderr() }
}
const answer = async <T>(...argv: string[]) => JSON.parse((await run(...argv, '--json')).out) as T
const shown = (id: number) => answer<QueueEntryDetail>('show', String(id))

async function send(...to: string[]): Promise<number> {
  const raw = Buffer.from('From: ada@author.example\r\nSubject: plans\r\n\r\ntext\r\n')
  const head = raw.subarray(0, raw.indexOf('\r\n\r\n') + 4)
  const paths = to.map((text) => parseMailbox(text)).filter((path) => path !== undefined)
  const from = parseMailbox('ada@author.example') ?? null
  const common = { origin: 'sendmail', userId: null, has8bit: false, utf8: false, received: '' } as const
  const sent = await engine.accept({ ...common, from, to: paths, body: { raw }, head })
  return sent.accepted ? sent.entryId : 0
}

test('holds, releases and tries again what it names, and says how many that were', async () => {
  const id = await send('a@one.example', 'b@two.example')
  const [first] = (await shown(id)).recipients
  expect(await run('hold', '--domain', 'two.example', '--why', 'not yet')).toMatchObject({
    status: 0,
    out: '1 recipient held back.\n',
  })
  expect(await answer('hold', '--recipient', String(first?.id))).toEqual({ recipients: 1 })
  expect((await shown(id)).recipients.map(({ state }) => state)).toEqual(['held', 'held'])
  expect(await answer('release', String(id))).toEqual({ recipients: 2 })
  expect(await run('retry')).toMatchObject({ out: '2 recipients are tried when Posthorn next runs.\n' })
  const text = (await run('show', String(id))).out
  expect(text).toMatch(/hold \(command\) {2}two\.example: 1 recipient {2}because: not yet/)
  expect((await run('history')).out).toContain('release')
})

test('sends to another address, another way, exports, cancels with a report', async () => {
  const id = await send('typo@one.example')
  const recipient = String((await shown(id)).recipients[0]?.id)
  expect(await run('edit', recipient, 'bob@one.example')).toMatchObject({ status: 0 })
  expect(await answer('route', String(id), 'direct')).toEqual({ recipients: 1 })
  expect((await shown(id)).recipients[0]).toMatchObject({
    address: 'bob@one.example',
    firstAddress: 'typo@one.example',
    way: { kind: 'direct' },
  })
  expect((await run('export', String(id))).out).toMatch(/Subject: plans\r\n\r\ntext\r\n$/)
  expect(await run('decide', recipient, 'arrived')).toMatchObject({ status: 1 })
  expect(await run('undo', String(id))).toMatchObject({ status: 1 })
  expect(await answer('cancel', String(id), '--dsn', '--why', 'changed my mind')).toEqual({ recipients: 1 })
  expect((await shown(id)).history.map(({ what }) => what)).toEqual(['edit', 'route', 'export', 'cancel'])
})

test('sets the pace of a destination, shows it and takes it back', async () => {
  expect(await run('pace', 'set', 'One.Example', '--per-hour', '40', '--gap', '10')).toMatchObject({ status: 0 })
  expect(await answer('pace')).toMatchObject([{ destination: 'one.example', perHour: 40, gapSeconds: 10, isOwn: true }])
  expect((await run('pace')).out).toContain('one.example *')
  expect(await run('pace', 'reset', 'one.example')).toMatchObject({ status: 0 })
  expect(await run('pace', 'reset', 'one.example')).toMatchObject({ status: 1 })
})

test('stops and starts all sending', async () => {
  expect(await run('pause', '--why', 'storm')).toMatchObject({ status: 0 })
  const [latest] = await answer<{ what: string; why: string }[]>('history')
  expect(latest).toMatchObject({ what: 'pause', why: 'storm' })
  expect(await run('resume')).toMatchObject({ out: 'Sending goes on.\n' })
})

test('says what is missing, and changes nothing for it', async () => {
  for (const argv of [
    ['hold'],
    ['hold', '1', '--all'],
    ['edit', '1'],
    ['route', '1'],
    ['decide', '1', 'maybe'],
    ['pace', 'set'],
    ['pace', 'set', 'one.example', '--gap', 'long'],
    ['nonsense'],
  ])
    expect(await run(...argv), argv.join(' ')).toMatchObject({ status: 64, out: '' })
})
