import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mboxOf } from '../../test/support/transfer-house.ts'
import { startEngine, type Engine } from '../engine.ts'
import { runCommand } from './commands.ts'

let folder: string
let engine: Engine
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-transfer-command-'))
  const keyFile = join(folder, 'key')
  engine = await startEngine({
    dataFolder: join(folder, 'data'),
    keyFile,
    fileSettings: {},
    alone: true,
    log: () => {},
  })
  mkdirSync(join(folder, 'mail'))
  writeFileSync(join(folder, 'mail', 'letters.mbox'), mboxOf(5))
  writeFileSync(join(folder, 'mail', 'notes'), 'no mail')
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs one command line; what it printed, and its exit status. */
async function run(...argv: string[]) {
  let out = ''
  let err = ''
  const io = {
    cwd: folder,
    stdin: (async function* () {})(),
    stdout: async (bytes: string | Uint8Array) => void (out += Buffer.from(bytes as string).toString('utf8')),
    stderr: async (text: string) => void (err += text),
    signal: new AbortController().signal,
  }
  return { status: await runCommand(engine, argv, io, undefined), out, err }
}

test('import says what came in, names what did not, and knows it the next time', async () => {
  const first = await run('import', 'mail')
  expect(first).toMatchObject({ status: 66, out: '5 messages stored, 1 with a problem.\n' })
  expect(first.err).toContain(`import "${join(folder, 'mail', 'notes')}": it does not begin as mail does`)
  const again = await run('import', 'mail/letters.mbox', '--folder', 'Old', '--json')
  expect(again.status).toBe(0)
  expect(JSON.parse(again.out)).toMatchObject({ state: 'done', imported: 0, duplicates: 5, folder: 'Old', report: [] })
  expect((await run('import', '--list')).out).toMatch(/^ID +STATE .*\n2 +done .*\n1 +done /)
  expect((await run('import', '--report', '1')).out).toContain('it does not begin as mail does')
  expect((await run('import', '--report', '2')).out).toBe('Everything came in.\n')
})

test('import of what is not there, or of nothing, is an error in words', async () => {
  const none = await run('import', 'none.mbox')
  expect(none).toMatchObject({ status: 66, out: '' })
  expect(none.err).toContain(`import "${join(folder, 'none.mbox')}": there is no such file`)
  expect((await run('import')).status).toBe(64)
  expect((await run('import', 'mail', '--quoting', 'x')).status).toBe(64)
  expect((await run('import', '--resume')).err).toContain('there is none that was interrupted')
  expect((await run('import', '--resume', '1')).err).toContain('all of it is done')
  expect((await run('import', '--report', '99')).err).toContain('find import 99: there is none')
})

test('export writes a folder, a search or everything, and nothing over what is there', async () => {
  expect(await run('export', '--folder', 'mail/letters', 'out/a.mbox')).toMatchObject({
    status: 0,
    out: `5 messages written to ${join(folder, 'out', 'a.mbox')}.\n`,
  })
  expect(readFileSync(join(folder, 'out', 'a.mbox'), 'latin1').match(/^From /gm)).toHaveLength(5)
  expect(await run('export', '--folder', 'mail/letters', 'out/a.mbox')).toMatchObject({ status: 73 })
  expect(await run('export', '--query', '"text 3"', '--format', 'eml', 'out/eml')).toMatchObject({ status: 0 })
  expect(JSON.parse((await run('export', '--all', '--format', 'maildir', 'out/md', '--json')).out)).toMatchObject({
    exported: 5,
  })
  expect((await run('export', '--folder', 'nowhere', 'x')).err).toContain('there is no folder "nowhere"')
  expect((await run('export', '--all', '--folder', 'mail/letters', 'x')).status).toBe(64)
  expect((await run('export', '--all')).status).toBe(64)
})
