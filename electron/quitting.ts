import { t } from '../core/model/words.ts'

/** What closing the last window does. */
export type Closing = 'quit' | 'stay' | 'ask'

/**
 * What closing the last window does: by the setting, but never into a tray that is not there, for a program that nothing shows can't
 * be brought back. On a Mac an application stays in the dock, as all do there.
 */
export function onLastClosed(
  setting: 'ask' | 'tray' | 'quit',
  { platform, hasTray }: { readonly platform: NodeJS.Platform; readonly hasTray: boolean },
): Closing {
  if (platform === 'darwin') return 'stay'
  if (!hasTray || setting === 'quit') return 'quit'
  return setting === 'tray' ? 'stay' : 'ask'
}

/** A question with its answers; the first answer is the one of Enter, `cancelId` the one of Escape. */
export interface Question {
  readonly message: string
  readonly detail: string
  readonly buttons: readonly string[]
  readonly cancelId: number
}

/** Asked once, when the last window is closed for the first time. */
export function closingQuestion(): Question {
  return {
    message: t('Keep Posthorn running?'),
    detail: t(
      'In the background it goes on sending what waits and fetching new mail, and is reached by its icon in the tray. This is asked once; the settings have it under “desktop.closing”.',
    ),
    buttons: [t('Keep running'), t('Quit')],
    cancelId: 0,
  }
}

/** What waits to be sent. */
export interface Waiting {
  readonly count: number
  readonly nextAttemptMs: number | null
  readonly paused: boolean
}

/** Asked before quitting while mail waits: how many, and when the next try would be. Undefined where nothing waits. */
export function quitQuestion(waiting: Waiting, nowMs: number, locale: string): Question | undefined {
  if (waiting.count === 0) return undefined
  return {
    message: t('{count, plural, one {# recipient is still waiting} other {# recipients are still waiting}}', {
      count: waiting.count,
    }),
    detail: `${nextTry(waiting, nowMs, locale)} ${t('Nothing is lost: mail that waits goes on when Posthorn runs again.')}`,
    buttons: [t('Quit'), t('Keep running')],
    cancelId: 1,
  }
}

/** When the next try is, in a sentence. */
export function nextTry({ nextAttemptMs, paused }: Waiting, nowMs: number, locale: string): string {
  if (paused) return t('Sending is paused.')
  if (nextAttemptMs === null) return t('No next try is set: it is held back.')
  if (nextAttemptMs - nowMs < 60_000) return t('The next try is due now.')
  return t('The next try is {when}.', { when: timeOf(nextAttemptMs, nowMs, locale) })
}

/** A time of day, with the day where it is another one. */
export function timeOf(atMs: number, nowMs: number, locale: string): string {
  const isToday = new Date(atMs).toDateString() === new Date(nowMs).toDateString()
  return new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    ...(isToday ? {} : ({ weekday: 'short', day: 'numeric', month: 'short' } as const)),
  }).format(atMs)
}
