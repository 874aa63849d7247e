import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDnsServer, type DnsStub } from '../../test/support/dns-server.ts'
import { heardIo } from '../../test/support/heard-io.ts'
import { startEngine, type Engine } from '../engine.ts'
import { runCommand } from './commands.ts'

let folder: string
let dns: DnsStub
let engine: Engine
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-writing-command-'))
  dns = await startDnsServer({
    'fine.test': { MX: [{ preference: 10, exchange: 'mx.fine.test' }], TXT: ['v=spf1 -all'] },
    'null.test': { MX: [{ preference: 0, exchange: '' }] },
    'bare.test': { A: ['127.0.0.1'] },
    'empty.test': { TXT: ['nothing here'] },
  })
  engine = await startEngine({
    dataFolder: join(folder, 'data'),
    keyFile: join(folder, 'key'),
    fileSettings: { dns: { servers: [dns.server] } },
    alone: true,
    log: () => {},
  })
})
afterAll(async () => {
  await engine.close()
  await dns.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs one command line with `stdin`; what it printed, and its exit status. */
async function run(argv: readonly string[], stdin = '') {
  const heard = heardIo(folder, stdin)
  const status = await runCommand(engine, argv, heard.io, undefined)
  return { status, out: heard.stdout().toString(), err: heard.stderr() }
}

test('templates are made, listed, shown and removed by name', async () => {
  expect((await run(['template', 'list'])).out).toContain('No templates yet')
  const made = await run(
    ['template', 'add', 'Thanks', '--subject', 'Thank you', '--to', 'a@fine.test'],
    'It was\r\nfine.\n',
  )
  expect(made).toEqual({ status: 0, out: 'Template 1: Thanks\n', err: '' })
  expect((await run(['template', 'show', 'thanks'])).out).toBe('To: a@fine.test\nSubject: Thank you\n\nIt was\nfine.\n')
  expect((await run(['template', 'list'])).out).toMatch(/^NAME +SUBJECT +CHANGED\nThanks +Thank you /)
  expect(await run(['template', 'add', 'THANKS'], 'x')).toMatchObject({ status: 1 })
  expect(await run(['template', 'remove', 'Thanks'])).toMatchObject({ status: 0 })
  expect(await run(['template', 'show', 'Thanks'])).toMatchObject({ status: 64 })
  expect(await run(['template', 'burn'])).toMatchObject({ status: 64 })
})

test('an identity has a signature and an address for answers, and keeps them when it is changed', async () => {
  const add = ['identity', 'add', 'nora@fine.test', '--reply-to', 'desk@fine.test', '--signature', 'Nora']
  await run([...add, '--no-signature-in-answers', '--language', 'de'])
  await run(['identity', 'add', 'nora@fine.test', '--name', 'Nora Feldt'])
  expect(JSON.parse((await run(['identity', 'list', '--json'])).out)).toMatchObject([
    { name: 'Nora Feldt', replyTo: 'desk@fine.test', signature: 'Nora', signsAnswers: false, language: 'de' },
  ])
})

test('what speaks against an address is said by DNS, and the exit status says that something does', async () => {
  const check = (...words: string[]) => run(['check', ...words])
  expect(await check('lea@fine.test', 'kim@bare.test')).toEqual({
    status: 0,
    out: 'nothing signs its mail: fine.test\n',
    err: '',
  })
  const bad = await check('a@null.test', 'b@gone.test', 'c@empty.test', 'd@')
  expect(bad.status).toBe(65)
  expect(bad.out.split('\n')).toEqual([
    '"d@" has nothing after the @',
    'no such domain: gone.test',
    'takes no mail (null MX): null.test',
    'has neither MX nor address: empty.test',
    'nothing signs its mail: fine.test',
    '',
  ])
  expect(await check()).toMatchObject({ status: 64 })
})

test('a stored message is sent on as it is', async () => {
  const path = join(folder, 'mail.eml')
  writeFileSync(path, 'From: kim@far.test\nTo: nora@fine.test\nSubject: Plan\n\nread this\n')
  await run(['import', path, '--folder', 'Inbox'])
  const [row] = JSON.parse((await run(['list', '--json'])).out) as { id: number }[]
  expect(await run(['redirect', String(row?.id), 'lea@fine.test'])).toEqual({
    status: 0,
    out: 'Queue entry 1\n',
    err: '',
  })
  expect((await run(['queue', 'show', '1'])).out).toContain('lea@fine.test')
  expect(await run(['redirect', String(row?.id), 'lea@'])).toMatchObject({ status: 64 })
  expect(await run(['redirect', '999', 'lea@fine.test'])).toMatchObject({ status: 1 })
  expect(await run(['redirect', '1', 'lea@fine.test', '--from', 'no@one.test'])).toMatchObject({ status: 64 })
})

test('who asks for a read receipt is said, and gets one only by --send', async () => {
  const path = join(folder, 'asks.eml')
  const head = 'From: kim@far.test\nTo: nora@fine.test\nSubject: Ask\nDisposition-Notification-To: kim@far.test\n'
  writeFileSync(path, `${head}\nread this\n`)
  await run(['import', path, '--folder', 'Inbox'])
  const rows = JSON.parse((await run(['list', '--json'])).out) as { id: number; subject: string }[]
  const id = String(rows.find(({ subject }) => subject === 'Ask')?.id)
  expect((await run(['receipt', id])).out).toBe('kim@far.test asks for a receipt.\n')
  expect((await run(['receipt', id, '--send'])).out).toBe('A receipt went to kim@far.test.\n')
  expect((await run(['receipt', id])).out).toBe('A receipt went to kim@far.test.\n')
  expect(await run(['receipt', id, '--decline'])).toMatchObject({ status: 1 })
  expect(await run(['receipt', id, '--send', '--decline'])).toMatchObject({ status: 64 })
})

test('an identity has its copies kept where --sent says, until that is the default again', async () => {
  const letter = join(folder, 'letter.eml')
  writeFileSync(letter, 'From: kim@far.test\nTo: nora@fine.test\nSubject: Old\n\nold\n')
  await run(['import', letter, '--folder', 'Letters'])
  const sent = async (...words: string[]) => {
    const { status, out } = await run(['identity', 'add', 'desk@fine.test', ...words, '--json'])
    return status === 0 ? (JSON.parse(out) as { sentFolderId: number | null }).sentFolderId : status
  }
  expect(await sent()).toBeNull()
  const chosen = await sent('--sent', 'letters')
  const kept = JSON.parse((await run(['list', '--folder', 'Letters', '--json'])).out) as { folderId: number }[]
  expect(chosen).toBe(kept[0]?.folderId)
  expect(await sent('--name', 'Desk')).toBe(chosen)
  expect(await sent('--sent', 'nowhere')).toBe(64)
  expect(await sent('--sent', 'default')).toBeNull()
})
