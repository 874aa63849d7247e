import type { MenuItemConstructorOptions } from 'electron'
import { expect, test } from 'vitest'
import { dockTemplate, trayTemplate, trayTip, type Running } from './tray-menu.ts'

const NOW = new Date(2026, 10, 22, 12, 0).getTime()
const running: Running = {
  locked: false,
  unread: 2,
  count: 3,
  nextAttemptMs: NOW + 300_000,
  paused: false,
  liveSessions: 1,
  troubles: 0,
}
const acts = (did: string[]) => ({
  open: () => void did.push('open'),
  compose: () => void did.push('compose'),
  getMail: () => void did.push('get-mail'),
  setPaused: (paused: boolean) => void did.push(`paused ${paused}`),
  quit: () => void did.push('quit'),
})
const labels = (some: Partial<Running>) =>
  trayTemplate({ ...running, ...some }, acts([]), { nowMs: NOW, locale: 'en' }).flatMap(({ label }) => label ?? [])
const press = (item: MenuItemConstructorOptions | undefined) => {
  const click = item?.click as (() => void) | undefined
  click?.()
}

test('the tray says what is running and how many wait', () => {
  expect(labels({})).toEqual([
    'Open Posthorn',
    'New message',
    'Get mail',
    '3 recipients wait',
    'The next try is 12:05 PM.',
    '1 connection is open',
    'Pause sending',
    'Quit Posthorn',
  ])
  expect(labels({ count: 0, liveSessions: 0, troubles: 1 })).toContain('No mail waits to be sent')
  expect(labels({ troubles: 2 })).toContain('2 things need you')
  expect(trayTip(running)).toBe('Posthorn: 2 unread, 3 recipients wait')
  expect(trayTip({ ...running, count: 0, unread: 0 })).toBe('Posthorn: nothing unread, nothing waits')
})
test('what it offers is done', () => {
  const did: string[] = []
  const menu = trayTemplate({ ...running, paused: true }, acts(did), { nowMs: NOW, locale: 'en' })
  for (const id of ['open', 'compose', 'get-mail', 'pause', 'quit']) press(menu.find((item) => item.id === id))
  for (const item of dockTemplate(acts(did))) press(item)
  expect(did).toEqual(['open', 'compose', 'get-mail', 'paused false', 'quit', 'compose', 'get-mail'])
})
test('of locked mail the tray tells nothing', () => {
  expect(labels({ locked: true })).toEqual([
    'Open Posthorn',
    'The mail is locked: nothing is sent or fetched',
    'Quit Posthorn',
  ])
  expect(trayTip({ ...running, locked: true })).toBe('Posthorn is locked')
})
