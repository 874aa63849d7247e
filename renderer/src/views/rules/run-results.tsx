import { rowTime } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import { useNow } from '../../state/now.ts'
import type { Run } from './use-run.ts'
import { t, told } from '../../words/words.ts'

/** Most lines that are shown; the sum counts all. */
const SHOWN = 200

/** What rules did or, of a trial, would do, message by message. */
export function RunResults({ run, isDry }: { readonly run: Run; readonly isDry: boolean }) {
  const nowMs = useNow(60_000)
  if (run.at === 'idle') return null
  if (run.at === 'failed')
    return (
      <p className="notice danger" role="alert">
        <Icon name="fail" /> <span>{run.message}</span>
      </p>
    )
  const { looked, total, matched, failed } = run.page
  return (
    <section className="run" aria-label={isDry ? t('What it would do') : t('What was done')}>
      <p className="num" role="status">
        {total === null
          ? t('{looked, plural, one {# message} other {# messages}} looked at,', { looked })
          : t('{looked, number} of {total, plural, one {# message} other {# messages}} looked at,', {
              looked,
              total,
            })}{' '}
        {t('{matched, plural, one {# match} other {# matches}}', { matched })}
        {failed === 0 ? '' : t(', {failed} could not be done', { failed })}
        {run.at === 'running' ? '' : '.'}
      </p>
      <ul>
        {run.messages.slice(0, SHOWN).map((message) => (
          <li key={message.messageId}>
            <bdi className="clip">{visible(message.authorAddress)}</bdi>
            <bdi className="clip grow">{visible(message.subject) || t('(no subject)')}</bdi>
            <span className="steps">
              {message.steps.map((step) => (
                <span key={`${step.ruleId} ${step.text}`} className={step.done ? 'quiet' : 'danger'}>
                  {told(visible(step.text))}
                </span>
              ))}
            </span>
            <time className="quiet">{rowTime(message.dateMs, nowMs)}</time>
          </li>
        ))}
      </ul>
      {run.messages.length <= SHOWN ? null : (
        <p className="quiet">{t('and {count, number} more', { count: matched - SHOWN })}</p>
      )}
    </section>
  )
}
