import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { heardIo } from '../../test/support/heard-io.ts'
import { startEngine, type Engine } from '../engine.ts'
import type { SearchHit } from '../rpc/search-contract.ts'
import { runCommand } from './commands.ts'

let folder: string
let engine: Engine
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-search-command-'))
  const keyFile = join(folder, 'key')
  engine = await startEngine({
    dataFolder: join(folder, 'data'),
    keyFile,
    fileSettings: {},
    alone: true,
    log: () => {},
  })
  const mail = join(folder, 'mail')
  mkdirSync(mail)
  for (let n = 1; n <= 5; n++)
    writeFileSync(
      join(mail, `${n}.eml`),
      `From: Kim <kim${n}@example.org>\nSubject: Straße ${n}\nDate: Mon, 0${n} Jun 2026 10:00:00 +0000\n\nowls fly\n`,
    )
  expect(await run('import', mail, '--folder', 'Inbox')).toMatchObject({ status: 0, err: '' })
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs one command line; what it printed, and its exit status. */
async function run(...argv: string[]) {
  const heard = heardIo(folder)
  const status = await runCommand(engine, argv, heard.io, undefined)
  return { status, out: heard.stdout().toString(), err: heard.stderr() }
}
const subjects = async (...argv: string[]) =>
  (JSON.parse((await run('search', '--json', ...argv)).out) as SearchHit[]).map(({ subject }) => subject)

test('search prints what it found, newest first, and no more than it was asked for', async () => {
  expect(await subjects('strasse owl*')).toEqual([5, 4, 3, 2, 1].map((n) => `Straße ${n}`))
  expect(await subjects('--limit', '2', 'owls')).toEqual(['Straße 5', 'Straße 4'])
  expect(await subjects('(from:kim2 OR from:kim4) before:2026-06-03')).toEqual(['Straße 2'])
  expect((await run('search', 'kim3@example.org')).out).toMatch(
    /^ID +DATE +FROM +SUBJECT\n\d+ .* kim3@example\.org +Straße 3\n$/,
  )
  expect(await run('search', 'nothing')).toEqual({ status: 0, out: 'Nothing found.\n', err: '' })
})

test('a query that does not parse ends with the place and the usage status', async () => {
  expect(await run('search', 'owls from:')).toEqual({
    status: 64,
    out: '',
    err: 'posthorn: search, at character 6 ("from:"): Write what is looked for right behind “from:”.\n',
  })
  for (const argv of [[], ['--limit', '0', 'x'], ['--limit', 'many', 'x']])
    expect(await run('search', ...argv)).toMatchObject({ status: 64, out: '' })
})

test('searches are saved, listed, used and forgotten by name', async () => {
  expect(await subjects('--save', 'fourth', 'from:kim4')).toEqual(['Straße 4'])
  expect(await subjects('--saved', 'fourth')).toEqual(['Straße 4'])
  await run('search', '--save', 'fourth', 'from:kim4 owls')
  expect((await run('search', '--saved')).out).toMatch(/^ID +NAME +QUERY\n\d+ +fourth +from:kim4 owls\n$/)
  expect(await run('search', '--forget', 'fourth')).toMatchObject({ status: 0, out: 'Forgotten.\n' })
  expect(await run('search', '--saved', 'fourth')).toMatchObject({ status: 1, out: '' })
})

test('reindex makes the index anew and says of how many messages', async () => {
  expect(await run('reindex')).toMatchObject({ status: 0, out: '5 messages indexed.\n' })
  expect(await run('reindex', '--json')).toMatchObject({ status: 0, out: '{"messages":5}\n', err: '' })
  expect(await subjects('owls')).toHaveLength(5)
})

test('what is not here cannot be snoozed, and nothing beside it is', async () => {
  const [hit] = JSON.parse((await run('search', '--json', 'from:kim1')).out) as SearchHit[]
  const id = String(hit?.id)
  for (const rest of [['--until', '3h'], ['--end']])
    expect(await run('snooze', id, '7', ...rest)).toMatchObject({
      status: 1,
      out: '',
      err: 'posthorn: snooze message 7: there is none\n',
    })
  expect((await run('snooze', 'list')).out).toBe('Nothing is snoozed.\n')
  expect(await run('snooze', id, '--until', '3h')).toMatchObject({ status: 0, err: '' })
  expect((await run('snooze', 'list')).out).toContain('kim1@example.org')
  expect((await run('snooze', id, '--end')).out).toBe('Back in sight.\n')
})
