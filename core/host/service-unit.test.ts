import { expect, test } from 'vitest'
import { launchdPlist, systemdUnit } from './service-unit.ts'

const execStart = (unit: string) => /^ExecStart=(.*)$/m.exec(unit)?.[1]

// What systemd.service(5) and systemd.syntax(7) say of quotes, backslashes, specifiers and variables.
test.each([
  ['/data', '/data'],
  ['/with a space', '"/with a space"'],
  ['/50%', '"/50%%"'],
  ['/cost $HOME', '"/cost $$HOME"'],
  ['say "hi"', '"say \\"hi\\""'],
  ['C:\\x', '"C:\\\\x"'],
  ["it's", `"it's"`],
  ['', '""'],
  [';', '";"'],
])('systemd is handed the argument %j as %s', (word, written) => {
  expect(execStart(systemdUnit(['/usr/bin/node', word]))).toBe(`/usr/bin/node ${written}`)
})

test('the program itself may stand in any folder', () => {
  expect(execStart(systemdUnit(['/opt/my node/$bin/node', 'serve']))).toBe('"/opt/my node/$bin/node" serve')
})

test('the unit ends in time, starts again after a crash, and not after a wrong setting', () => {
  const unit = systemdUnit(['/usr/bin/node', 'serve'])
  expect(unit).toContain('\nRestart=on-failure\n')
  expect(unit).toContain('\nRestartPreventExitStatus=64 78\n')
  expect(unit).toContain('\nUMask=0077\n')
  expect(unit).toContain('\nStandardOutput=null\n') // the ready line names a ticket to the window
  expect(unit).toContain('\nWantedBy=default.target\n')
})

test('the property list escapes what XML would read', () => {
  const plist = launchdPlist('a.b', ['/usr/bin/node', '--data', '/Users/a & <b>'])
  expect(plist).toContain('<string>/Users/a &amp; &lt;b&gt;</string>')
})

test.each(['a\nExecStartPre=/bin/evil', 'a\0b', 'a\rb'])('the argument %j is refused', (word) => {
  expect(() => systemdUnit(['/usr/bin/node', word])).toThrow('control character')
  expect(() => launchdPlist('a', ['/usr/bin/node', word])).toThrow('control character')
})
