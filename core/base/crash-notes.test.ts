import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { crashNotes, forgetCrashes, noteCrash, withoutNames } from './crash-notes.ts'

const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-crash-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('a crash is noted, for its owner alone, and told latest first', () => {
  const folder = newFolder()
  expect(crashNotes(folder)).toEqual([])
  noteCrash(folder, 'engine', new Error('first'), 1000)
  noteCrash(folder, 'window', 'killed', 2000)
  const notes = crashNotes(folder)
  expect(notes.map(({ what, reason }) => [what, reason])).toEqual([
    ['window', 'killed'],
    ['engine', 'first'],
  ])
  expect(notes[1]?.stack).toContain('crash-notes.test')
  if (process.platform !== 'win32')
    for (const name of readdirSync(join(folder, 'crashes')))
      expect(statSync(join(folder, 'crashes', name)).mode & 0o077).toBe(0)
  forgetCrashes(folder)
  expect(crashNotes(folder)).toEqual([])
})
test('the last ten are kept, and what is no note is passed over', () => {
  const folder = newFolder()
  for (let n = 1; n <= 14; n++) noteCrash(folder, `part ${n}`, 'x', n)
  writeFileSync(join(folder, 'crashes', '000000000000099.json'), '{"atMs":1}')
  writeFileSync(join(folder, 'crashes', 'other.txt'), 'x')
  expect(crashNotes(folder).map(({ what }) => what)).toEqual(Array.from({ length: 10 }, (_, n) => `part ${14 - n}`))
  expect(readFileSync(join(folder, 'crashes', 'other.txt'), 'utf8')).toBe('x')
})
test('a note that cannot be written keeps nobody from ending', () => {
  const folder = newFolder()
  writeFileSync(join(folder, 'crashes'), 'a file in the way')
  expect(() => noteCrash(folder, 'engine', new Error('x'))).not.toThrow()
  expect(crashNotes(folder)).toEqual([])
})
test.each([
  ['deliver to bo.wei+x@two.example failed', 'deliver to <address> failed'],
  ['refused <"bo wei"@two.example>', 'refused <<address>>'],
  ['dial mx1.two.example:25 at 192.0.2.7', 'dial <host>:25 at <number>'],
  ['dial [2001:db8::25]:25', 'dial [<number>]:25'],
  ['open "/home/ada/.local/share/posthorn/mail.db"', 'open "~/.local/share/posthorn/mail.db"'],
  ['at run (file:///opt/posthorn/dist/main.js:10:3)', 'at run (<folder>/main.js:10:3)'],
  ['2026-11-22T12:00:01.000Z the queue runs again', '2026-11-22T12:00:01.000Z the queue runs again'],
])('%s tells nobody’s name', (text, plain) => {
  expect(withoutNames(text, '/home/ada')).toBe(plain)
})
test.each([
  ['read "/media/Nora Feldt/posthorn.key": it is not there', 'read "<path>": it is not there'],
  ['open "C:\\Users\\nora\\mail.db": locked', 'open "<folder>/mail.db": locked'],
  ['    at open (file:///srv/nora/app/dist/electron/main.js:10:3)', '    at open (<folder>/main.js:10:3)'],
  ["no such file, open '/media/Nora Feldt/posthorn.key'", "no such file, open '<path>'"],
  ['    at /opt/nora/writer-thread.js:7:1', '    at <folder>/writer-thread.js:7:1'],
  ['import of /data/nora.mbox, 1/2 done', 'import of <path>, 1/2 done'],
  ['at node:internal/process/task_queues:105:5', 'at node:internal/process/task_queues:105:5'],
])('where something lies is left out of %s', (text, plain) => {
  expect(withoutNames(text, '/home/ada')).toBe(plain)
})
test.each([
  ['one word', 'a'],
  ['signs of an address', 'a@'],
  ['backslashes', '\\'],
  ['hyphens', 'a-'],
  ['dots', 'a.'],
])('%s without end are read in one go', (_what, piece) => {
  expect(withoutNames(`${piece.repeat(1_000_000)} ada@two.example`)).toMatch(/<address>$/)
})
