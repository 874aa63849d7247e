import { useEffect, useRef } from 'react'
import type { QueueEntryView, RecipientView } from '../../../../core/rpc/views.ts'
import { size } from '../../format/size.ts'
import { clock, rowMoment } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { GROUPS, groupOf, reasonOf, STATE } from './states.ts'
import { t, told } from '../../words/words.ts'

interface Props {
  readonly entries: readonly QueueEntryView[]
  readonly nowMs: number
  /** Id of the chosen recipient row. */
  readonly selected: number | null
  readonly onSelect: (entryId: number, recipientId: number) => void
  /** Reads on; null where this is all. */
  readonly more: (() => void) | null
}

/** Pure: messages with a row for each recipient, what needs a person first. */
export function QueueList({ entries, nowMs, selected, onSelect, more }: Props) {
  const groups = Map.groupBy(entries, (entry) => groupOf(entry, nowMs))
  return (
    <div className="q">
      {GROUPS.map((group) => {
        const list = groups.get(group) ?? []
        if (list.length === 0) return null
        return (
          <section key={group} aria-label={told(group)}>
            <h2 className="group">{told(group)}</h2>
            <ul>
              {list.map((entry) => (
                <li key={entry.id} className="card" aria-label={visible(entry.subject) || t('(no subject)')}>
                  <div className="entry">
                    <bdi className="t clip">{visible(entry.subject) || t('(no subject)')}</bdi>
                    <span className="w">
                      {rowMoment(entry.createdMs, nowMs)}, {size(entry.sizeBytes)}
                    </span>
                  </div>
                  <ul>
                    {entry.recipients.map((recipient) => (
                      <li key={recipient.id}>
                        <RecipientRow
                          recipient={recipient}
                          nowMs={nowMs}
                          isSelected={recipient.id === selected}
                          onSelect={() => onSelect(entry.id, recipient.id)}
                        />
                      </li>
                    ))}
                  </ul>
                </li>
              ))}
            </ul>
          </section>
        )
      })}
      {more === null ? null : <More key={entries.length} more={more} />}
    </div>
  )
}

/** The end of what is read: whoever comes near it has more, and who does not scroll has a button. */
function More({ more }: { readonly more: () => void }) {
  const box = useRef<HTMLDivElement>(null)
  const latest = useRef(more)
  latest.current = more
  useEffect(() => {
    const near = new IntersectionObserver(([seen]) => seen?.isIntersecting === true && latest.current(), {
      root: box.current?.parentElement ?? null,
      rootMargin: '600px',
    })
    if (box.current !== null) near.observe(box.current)
    return () => near.disconnect()
  }, [])
  return (
    <div ref={box} className="q-more">
      <Button kind="plain" onClick={more}>
        {t('Show more')}
      </Button>
    </div>
  )
}

interface RowProps {
  readonly recipient: RecipientView
  readonly nowMs: number
  readonly isSelected: boolean
  readonly onSelect: () => void
}

function RecipientRow({ recipient, nowMs, isSelected, onSelect }: RowProps) {
  const { icon, tone } = STATE[recipient.state]
  return (
    <button type="button" className="rcpt" aria-pressed={isSelected} onClick={onSelect}>
      <Icon name={icon} className={recipient.state === 'trying' ? `${tone} spin` : tone} />
      <bdi className="clip">{visible(recipient.address)}</bdi>
      <span className={`state ${tone}`}>{told(STATE[recipient.state].word)}</span>
      <bdi className="why clip">{visible(reasonOf(recipient, nowMs))}</bdi>
      {recipient.attempts < 2 ? null : (
        <span className="tries num">
          {t('{attempts, plural, one {# try} other {# tries}}', { attempts: recipient.attempts })}
        </span>
      )}
      {recipient.state === 'deferred' && recipient.nextAttemptMs !== null ? (
        <span className="sr">{t('next try {time}', { time: clock(recipient.nextAttemptMs) })}</span>
      ) : null}
    </button>
  )
}
