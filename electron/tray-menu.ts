import type { MenuItemConstructorOptions } from 'electron'
import { COMMANDS } from '../core/model/command-table.ts'
import { t, told } from '../core/model/words.ts'
import { nextTry, type Waiting } from './quitting.ts'

/** What runs, as the tray tells it. */
export interface Running extends Waiting {
  readonly locked: boolean
  readonly unread: number
  readonly liveSessions: number
  /** Faults that need somebody. */
  readonly troubles: number
}
/** What can be done from the tray and the dock. */
export interface TrayActs {
  open(): void
  compose(): void
  getMail(): void
  setPaused(paused: boolean): void
  quit(): void
}

/** What stands beside the tray's icon. */
export function trayTip(running: Running): string {
  if (running.locked) return t('Posthorn is locked')
  const unread = t('{count, plural, =0 {nothing unread} one {# unread} other {# unread}}', { count: running.unread })
  const waits = t('{count, plural, =0 {nothing waits} one {# recipient waits} other {# recipients wait}}', {
    count: running.count,
  })
  return t('Posthorn: {unread}, {waits}', { unread, waits })
}

/** The tray's menu: what is running and how many wait, then what can be done about it. */
export function trayTemplate(
  running: Running,
  acts: TrayActs,
  at: { readonly nowMs: number; readonly locale: string },
): MenuItemConstructorOptions[] {
  const note = (label: string): MenuItemConstructorOptions => ({ label, enabled: false })
  const notes = running.locked
    ? [note(t('The mail is locked: nothing is sent or fetched'))]
    : [
        note(
          t('{count, plural, =0 {No mail waits to be sent} one {# recipient waits} other {# recipients wait}}', {
            count: running.count,
          }),
        ),
        ...(running.count === 0 ? [] : [note(nextTry(running, at.nowMs, at.locale))]),
        ...(running.liveSessions === 0
          ? []
          : [
              note(
                t('{count, plural, one {# connection is open} other {# connections are open}}', {
                  count: running.liveSessions,
                }),
              ),
            ]),
        ...(running.troubles === 0
          ? []
          : [
              note(
                t('{count, plural, one {# thing needs you} other {# things need you}}', { count: running.troubles }),
              ),
            ]),
      ]
  return [
    { id: 'open', label: t('Open Posthorn'), click: () => acts.open() },
    ...(running.locked ? [] : actsOf(acts)),
    { type: 'separator' },
    ...notes,
    ...(running.locked
      ? []
      : [
          {
            id: 'pause',
            label: running.paused ? t('Go on sending') : t('Pause sending'),
            click: () => acts.setPaused(!running.paused),
          },
        ]),
    { type: 'separator' },
    { id: 'quit', label: t('Quit Posthorn'), click: () => acts.quit() },
  ]
}

/** The menu of the icon in a Mac's dock. */
export const dockTemplate = (acts: TrayActs): MenuItemConstructorOptions[] => actsOf(acts)

const actsOf = (acts: TrayActs): MenuItemConstructorOptions[] => [
  { id: 'compose', label: told(COMMANDS.compose.label), click: () => acts.compose() },
  { id: 'get-mail', label: told(COMMANDS['get-mail'].label), click: () => acts.getMail() },
]
