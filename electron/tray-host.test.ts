import { expect, test } from 'vitest'
import { hasTrayHost, type Ask } from './tray-host.ts'

const missing: Ask = () => Promise.reject(new Error('spawn ENOENT'))
const answers =
  (by: Readonly<Record<string, string>>): Ask =>
  (program) =>
    by[program] === undefined ? missing(program, []) : Promise.resolve(by[program])

test.each([
  [{ busctl: 'b true\n' }, true],
  [{ busctl: 'b false\n', gdbus: '(true,)' }, false],
  [{ gdbus: '(true,)\n' }, true],
  [{ 'dbus-send': 'method return time=1\n   boolean true\n' }, true],
  [{ 'dbus-send': 'method return time=1\n   boolean false\n' }, false],
  [{}, false],
])('a Linux desktop that answers %j has a tray: %s', async (by, has) => {
  expect(await hasTrayHost('linux', answers(by))).toBe(has)
})
test('other systems always show their icons, and nobody is asked', async () => {
  expect(await hasTrayHost('win32', missing)).toBe(true)
  expect(await hasTrayHost('darwin', missing)).toBe(true)
})
test('on this computer the question is answered, whatever it is', async () => {
  expect(typeof (await hasTrayHost('linux'))).toBe('boolean')
})
