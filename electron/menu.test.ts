import type { MenuItemConstructorOptions } from 'electron'
import { expect, test } from 'vitest'
import { COMMANDS, isCommandId, keysOf, type CommandId } from '../core/model/command-table.ts'
import { acceleratorOf, menuTemplate, type MenuParts } from './menu.ts'

const parts: MenuParts = {
  platform: 'linux',
  isPackaged: true,
  keys: keysOf('posthorn', []),
  offers: new Set(['compose', 'reply', 'log']),
}
const made = (some: Partial<MenuParts> = {}, ran: string[] = []) =>
  menuTemplate(
    { ...parts, ...some },
    {
      run: (id) => ran.push(id),
      print: () => ran.push('print'),
      savePdf: () => ran.push('pdf'),
      show: (page) => ran.push(page),
      lookForUpdates: () => ran.push('updates'),
    },
  )
const items = (menu: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
  menu.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? items(item.submenu) : [])])
const item = (id: string, some: Partial<MenuParts> = {}, ran: string[] = []) =>
  items(made(some, ran)).find((one) => one.id === id)

test('every command but those of the keyboard alone stands in the menus once, under its own label', () => {
  const ids = items(made()).flatMap(({ id }) => (id !== undefined && isCommandId(id) ? [id] : []))
  expect(new Set(ids).size).toBe(ids.length)
  const missing = Object.keys(COMMANDS).filter((id) => !ids.includes(id as CommandId))
  expect(missing.toSorted()).toEqual(['next', 'next-pane', 'previous', 'previous-pane', 'undo'])
  expect(item('reply')?.label).toBe('Reply')
})
test('an item does what the command does', () => {
  const ran: string[] = []
  // oxlint-disable-next-line typescript/no-explicit-any -- Electron hands over objects that nothing here reads
  for (const id of ['reply', 'print-window', 'diagnostics', 'updates']) (item(id, {}, ran)?.click as any)?.()
  expect(ran).toEqual(['reply', 'print', 'diagnostics', 'updates'])
})
test('what the window in front cannot do is grey; without a window what opens one is not', () => {
  expect([item('reply')?.enabled, item('archive')?.enabled]).toEqual([true, false])
  const none = { offers: undefined }
  expect([item('compose', none)?.enabled, item('log', none)?.enabled, item('reply', none)?.enabled]).toEqual([
    true,
    true,
    false,
  ])
  expect(item('print-window', none)?.enabled).toBe(false)
})
test.each([
  [['c', 'Mod+N'], { accelerator: 'C', registerAccelerator: false }, { accelerator: 'CommandOrControl+N' }],
  [['R'], { accelerator: 'Shift+R', registerAccelerator: false }, {}],
  [['g i'], {}, {}],
  [['g l', 'F12'], { accelerator: 'F12', registerAccelerator: false }, { accelerator: 'F12' }],
  [
    ['Mod+ArrowDown'],
    { accelerator: 'CommandOrControl+Down', registerAccelerator: false },
    { accelerator: 'CommandOrControl+Down' },
  ],
  [
    ['Mod++'],
    { accelerator: 'CommandOrControl+Plus', registerAccelerator: false },
    { accelerator: 'CommandOrControl+Plus' },
  ],
  [['ä'], {}, {}],
])('the keys %j are shown, and taken from the page on a Mac alone', (chords, others, mac) => {
  expect(acceleratorOf(chords, false)).toEqual(others)
  expect(acceleratorOf(chords, true)).toEqual(mac)
})
test('a person’s own keys stand in the menu', () => {
  expect(item('archive', { keys: keysOf('posthorn', ['archive=Mod+Shift+A']) })?.accelerator).toBe(
    'CommandOrControl+Shift+A',
  )
})
test('developer tools are in no packaged application', () => {
  const roles = (some: Partial<MenuParts>) => items(made(some)).map(({ role }) => role)
  expect(roles({})).not.toContain('toggleDevTools')
  expect(roles({ isPackaged: false })).toContain('toggleDevTools')
  expect(roles({ platform: 'darwin' })).not.toContain('quit')
})
