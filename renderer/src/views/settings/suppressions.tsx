import { useState } from 'react'
import { api, wordsOf } from '../../bridge/client.ts'
import { whenWords } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Field } from '../../parts/field.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { useNow } from '../../state/now.ts'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'

/** Addresses that refused mail again and again: the composer warns of them, and refuses nothing. */
export function Suppressions() {
  const nowMs = useNow()
  const list = useLive('suppressions', () => api.suppression.list(), { changes: api.queue.changes })
  const [address, setAddress] = useState('')
  const [problem, setProblem] = useState<string>()
  const add = async () => {
    try {
      await api.suppression.add({ address: address.trim() })
      setAddress('')
      setProblem(undefined)
      list.again()
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  return (
    <section aria-label={t('Addresses that refuse mail')}>
      <h3>{t('Addresses that refuse mail')}</h3>
      <p className="quiet lead">{t('Writing to one of them shows a warning first. Nothing is kept back for it.')}</p>
      <Load live={list} what={t('the addresses')} again={list.again}>
        {(entries) =>
          entries.length === 0 ? (
            <Empty icon="bounce" title={t('No address')}>
              {t('An address comes here when its server has refused mail for good again and again.')}
            </Empty>
          ) : (
            <ul className="cards">
              {entries.map((entry) => (
                <li key={entry.address} aria-label={entry.address}>
                  <div className="grow">
                    <b className="mono">{visible(entry.address)}</b>
                    <p className="quiet num">
                      {entry.byHand
                        ? t('Added by you, {sinceMs}.', { sinceMs: whenWords(entry.sinceMs, nowMs) })
                        : t('{failures, plural, one {# refusal} other {# refusals}}, the last {lastMs}.', {
                            failures: entry.failures,
                            lastMs: whenWords(entry.lastMs, nowMs),
                          })}
                    </p>
                    {entry.lastReply === null ? null : <p className="mono quiet">{visible(entry.lastReply)}</p>}
                  </div>
                  <IconButton
                    icon="trash"
                    label={t('Forget {address}', { address: entry.address })}
                    onClick={() =>
                      void act(t('Forgetting the address'), () =>
                        api.suppression.remove({ address: entry.address }),
                      ).then(list.again)
                    }
                  />
                </li>
              ))}
            </ul>
          )
        }
      </Load>
      <form
        className="ask"
        onSubmit={(event) => {
          event.preventDefault()
          void add()
        }}
      >
        <Field
          label={t('Another address to be warned of')}
          className="grow"
          inputMode="email"
          spellCheck={false}
          autoComplete="off"
          value={address}
          problem={problem}
          onChange={setAddress}
        />
        <Button submit icon="plus" disabled={address.trim() === ''}>
          {t('Add')}
        </Button>
      </form>
    </section>
  )
}
