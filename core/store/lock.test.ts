import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { holderOf, takeLock } from './lock.ts'

let root: string
let folder: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'posthorn-lock-'))
  folder = join(root, 'data')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

test('one holder at a time, and the other is told who it is', () => {
  const lock = takeLock(folder, 'posthorn serve')
  expect(() => takeLock(folder, 'posthorn fetch')).toThrowError(
    `open the data folder "${folder}": posthorn serve (process ${process.pid}) is using it`,
  )
  lock.release()
  takeLock(folder, 'posthorn fetch').release()
})

test('says who holds it, and forgets at release', () => {
  const lock = takeLock(folder, 'posthorn serve')
  expect(holderOf(folder)).toEqual({ pid: process.pid, startedMs: expect.any(Number), what: 'posthorn serve' })
  lock.release()
  lock.release()
  expect(holderOf(folder)).toBe(undefined)
})

test('is not fooled by what a crash left behind', () => {
  const lock = takeLock(folder, 'posthorn serve')
  const left = readFileSync(join(folder, 'holder.json'))
  lock.release()
  writeFileSync(join(folder, 'holder.json'), left)
  takeLock(folder, 'posthorn serve').release()
})

test('names nobody when the note is missing or damaged', () => {
  const lock = takeLock(folder, 'posthorn serve')
  for (const note of ['', '{', '7', 'null', '{"pid":"x","startedMs":1,"what":"y"}']) {
    writeFileSync(join(folder, 'holder.json'), note)
    expect(() => takeLock(folder, 'another')).toThrowError(
      `open the data folder "${folder}": another program is using it`,
    )
  }
  lock.release()
})

test.skipIf(process.platform === 'win32')('folder and files are the owner’s alone', () => {
  const lock = takeLock(folder, 'posthorn serve')
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  for (const name of ['lock.db', 'holder.json']) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
  lock.release()
})

test('says so when the folder cannot be made', () => {
  writeFileSync(folder, 'a file')
  expect(() => takeLock(folder, 'posthorn serve')).toThrowError(expect.objectContaining({ code: 'store.io' }))
  expect(existsSync(folder)).toBe(true)
})
