import { Notification } from 'electron'
import { t } from '../core/model/words.ts'
import type { Notice } from './notices.ts'

/** What can be done with a message from its notification. */
export interface NoticeActs {
  show(messageId: number | null): void
  reply(messageId: number): void
  archive(messageId: number): void
  markRead(messageId: number): void
}

const BUTTONS = ['reply', 'archive', 'markRead'] as const
/** Notifications that can still be acted on: one that is collected as garbage hears no click. */
const shown = new Set<Notification>()
const MOST_SHOWN = 50

/** Tells of mail that came, with what can be done about it where the system has buttons for that. */
export function notify(notices: readonly Notice[], acts: NoticeActs): void {
  if (!Notification.isSupported()) return
  for (const { title, body, messageId } of notices) {
    const labels = { reply: t('Reply'), archive: t('Archive'), markRead: t('Mark as read') }
    const note = new Notification({
      title,
      body,
      actions: messageId === null ? [] : BUTTONS.map((button) => ({ type: 'button', text: labels[button] })),
    })
    const done = () => shown.delete(note)
    note.on('click', () => {
      done()
      acts.show(messageId)
    })
    note.on('action', ({ actionIndex }) => {
      done()
      const button = BUTTONS[actionIndex]
      if (button !== undefined && messageId !== null) acts[button](messageId)
    })
    note.on('close', done)
    shown.add(note)
    for (const old of [...shown].slice(0, -MOST_SHOWN)) shown.delete(old)
    note.show()
  }
}
