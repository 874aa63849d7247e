import { expect, test } from 'vitest'
import { safeFileName } from './file-name.ts'

test.each([
  ['Re: your offer', 'Re your offer'],
  ['../../etc/passwd', 'etc passwd'],
  ['C:\\Windows\\x', 'C Windows x'],
  ['bill\u202Efdp.exe', 'bill fdp.exe'],
  ['con', '_con'],
  ['LPT1.txt', '_LPT1.txt'],
  ['...', ''],
  ['Grüße, 東京', 'Grüße, 東京'],
])('%s is kept as %s', (name, safe) => {
  expect(safeFileName(name)).toBe(safe)
})
test('no name is longer than file systems take', () => {
  expect([...safeFileName('ü'.repeat(1000))].length).toBe(120)
})
