import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isFault } from './fault.ts'
import { readSettingsFile } from './settings-file.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-settings-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('takes the file that was named, else the one in the data folder, else nothing', () => {
  const named = join(folder, 'named.json')
  writeFileSync(named, '{"a":1}')
  expect(readSettingsFile(undefined, folder)).toEqual({})
  writeFileSync(join(folder, 'settings.json'), '{"a":2}')
  expect(readSettingsFile(undefined, folder)).toEqual({ a: 2 })
  expect(readSettingsFile(named, folder)).toEqual({ a: 1 })
})

test('says which file could not be read, and why', () => {
  const missing = join(folder, 'missing.json')
  const failed = (() => {
    try {
      return readSettingsFile(missing, folder)
    } catch (error) {
      return error
    }
  })()
  expect(isFault(failed, 'settings.unreadable') && failed.message).toBe(
    `read the settings file "${missing}": there is no such file`,
  )
})
