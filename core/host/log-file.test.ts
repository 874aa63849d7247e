import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { openLogFile } from './log-file.ts'

const root = mkdtempSync(join(tmpdir(), 'posthorn-log-file-'))
let folder = ''
let n = 0
beforeEach(() => {
  folder = join(root, String(n++))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const linesOf = (name: string) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n')

test('lines are appended to what is there, in a file that nobody else reads', () => {
  openLogFile(join(folder, 'posthorn.log'))('one')
  openLogFile(join(folder, 'posthorn.log'))('two')
  expect(linesOf('posthorn.log')).toEqual(['one', 'two'])
  if (process.platform !== 'win32') {
    expect(statSync(join(folder, 'posthorn.log')).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
  }
})

test('a full file makes room for a new one, and only so many old ones stay', () => {
  const write = openLogFile(join(folder, 'posthorn.log'), { bytes: 40, files: 2 })
  const said = Array.from({ length: 20 }, (_, at) => `line ${at} of the log`)
  for (const line of said) write(line)
  expect(readdirSync(folder).toSorted()).toEqual(['posthorn.log', 'posthorn.log.1', 'posthorn.log.2'])
  const kept = ['posthorn.log.2', 'posthorn.log.1', 'posthorn.log'].flatMap(linesOf)
  expect(kept).toEqual(said.slice(-kept.length))
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(40)
})

test('a line longer than a file may get is written whole all the same', () => {
  const write = openLogFile(join(folder, 'posthorn.log'), { bytes: 10, files: 1 })
  write('much longer than ten bytes')
  write('next')
  expect(linesOf('posthorn.log.1')).toEqual(['much longer than ten bytes'])
  expect(linesOf('posthorn.log')).toEqual(['next'])
})

test('a file that cannot be written to stops nobody', () => {
  const path = join(folder, 'posthorn.log')
  const write = openLogFile(path)
  mkdirSync(path)
  write('lost')
  rmSync(path, { recursive: true })
  write('kept')
  expect(linesOf('posthorn.log')).toEqual(['kept'])
})
