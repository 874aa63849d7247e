import { expect, test } from 'vitest'
import { autostartEntry, autostartFile } from './login-item.ts'

test('the entry of a Linux desktop starts the program without a window', () => {
  expect(autostartFile('/home/ada/.config')).toBe('/home/ada/.config/autostart/org.posthorn.Posthorn.desktop')
  expect(autostartEntry({ path: '/opt/Posthorn/posthorn', args: [] }).split('\n')).toContain(
    'Exec="/opt/Posthorn/posthorn" "--hidden"',
  )
})
test('no path breaks out of its word', () => {
  const line = autostartEntry({ path: '/a b/$(touch x)`"\\100%\nExec=evil', args: ['/c d'] })
  expect(line.split('\n').filter((one) => one.startsWith('Exec='))).toEqual([
    'Exec="/a b/\\\\$(touch x)\\\\`\\\\"\\\\\\\\100%% Exec=evil" "/c d" "--hidden"',
  ])
})
