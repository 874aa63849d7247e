import { useState } from 'react'
import type { PaceView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { clock } from '../../format/time.ts'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { useLive } from '../../state/use-live.ts'
import { said, t, told } from '../../words/words.ts'

/** How mail leaves for each destination, and a limit of one's own for any of them. */
export function Paces() {
  const paces = useLive('paces', () => api.queue.pace.list(), { changes: api.queue.changes })
  const [editing, setEditing] = useState<PaceView | 'new' | null>(null)
  return (
    <section aria-label={t('Pace')}>
      <div className="section-head">
        <h3>{t('Pace')}</h3>
        <span className="grow" />
        <Button icon="plus" onClick={() => setEditing('new')}>
          {t('Set a pace')}
        </Button>
      </div>
      <Load live={paces} what={t('the paces')} again={paces.again}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon="clock" title={t('Nothing has left for the internet in the last day')}>
              {t('Each destination outside your own network is listed here, with what it got.')}
            </Empty>
          ) : (
            <ul className="cards">
              {list.map((pace) => (
                <li key={pace.destination} aria-label={pace.destination}>
                  <div className="grow">
                    <b className="mono">{pace.destination}</b>{' '}
                    {pace.isOwn ? <span className="badge">{t('own pace')}</span> : null}
                    <p className="quiet num">{paceWords(pace)}</p>
                    <p className="quiet num">
                      {t(
                        '{lastHour} in the last hour, {lastDay} in the last day. {waiting} waiting, {running} under way.',
                        {
                          lastHour: pace.lastHour,
                          lastDay: pace.lastDay,
                          waiting: pace.waiting,
                          running: pace.running,
                        },
                      )}{' '}
                      {pace.restUntilMs === null ? '' : t('Rests until {time}.', { time: clock(pace.restUntilMs) })}
                    </p>
                    {pace.text === null ? null : (
                      <p className="notice warn">
                        <Icon name="alert" /> <span>{told(pace.text)}</span>
                      </p>
                    )}
                  </div>
                  {pace.isOwn ? (
                    <Button
                      kind="plain"
                      onClick={() =>
                        void act(t('Going back to the settings'), () =>
                          api.queue.pace.reset({ destination: pace.destination, by: 'window' }),
                        ).then(paces.again)
                      }
                    >
                      {t('As in the settings')}
                    </Button>
                  ) : null}
                  <Button onClick={() => setEditing(pace)}>{t('Change')}</Button>
                </li>
              ))}
            </ul>
          )
        }
      </Load>
      {editing === null ? null : (
        <PaceDialog
          first={editing === 'new' ? null : editing}
          onClose={() => {
            setEditing(null)
            paces.again()
          }}
        />
      )}
    </section>
  )
}

/** A pace as a sentence; what has no limit is left out. */
export function paceWords(pace: PaceView): string {
  const limits = [
    pace.perMinute > 0 ? t('{perMinute} a minute', { perMinute: pace.perMinute }) : '',
    pace.perHour > 0 ? t('{perHour} an hour', { perHour: pace.perHour }) : '',
    pace.perDay > 0 ? t('{perDay} a day', { perDay: pace.perDay }) : '',
  ].filter((limit) => limit !== '')
  const connections =
    pace.connections === 1
      ? t('One connection at a time')
      : t('Up to {connections} connections', { connections: pace.connections })
  const gap = pace.gapSeconds > 0 ? t(', {gapSeconds} s between two', { gapSeconds: pace.gapSeconds }) : ''
  const most = limits.length === 0 ? t('no limit in time') : t('at most {limits}', { limits: limits.join(', ') })
  return t('{connections}{gap}, {perConnection, plural, one {# message} other {# messages}} each; {most}.', {
    connections,
    gap,
    perConnection: pace.perConnection,
    most,
  })
}

const FIELDS = [
  { key: 'connections', label: said('Connections at once') },
  { key: 'gapSeconds', label: said('Seconds between two') },
  { key: 'perConnection', label: said('Messages on each') },
  { key: 'perMinute', label: said('Messages a minute') },
  { key: 'perHour', label: said('Messages an hour') },
  { key: 'perDay', label: said('Messages a day') },
] as const
type Key = (typeof FIELDS)[number]['key']

function PaceDialog({ first, onClose }: { first: PaceView | null; onClose: () => void }) {
  const [destination, setDestination] = useState(first?.destination ?? '')
  const [typed, setTyped] = useState<Record<Key, string>>(() => {
    const from = (key: Key) => (first?.isOwn ? `${first[key]}` : '')
    return {
      connections: from('connections'),
      gapSeconds: from('gapSeconds'),
      perConnection: from('perConnection'),
      perMinute: from('perMinute'),
      perHour: from('perHour'),
      perDay: from('perDay'),
    }
  })
  const isWhole = (text: string) => /^\d{0,8}$/.test(text.trim())
  const save = () => {
    const value = (key: Key) => (typed[key].trim() === '' ? null : Number(typed[key]))
    return api.queue.pace.set({
      destination: destination.trim(),
      connections: value('connections'),
      gapSeconds: value('gapSeconds'),
      perConnection: value('perConnection'),
      perMinute: value('perMinute'),
      perHour: value('perHour'),
      perDay: value('perDay'),
      by: 'window',
    })
  }
  return (
    <FormDialog
      title={first === null ? t('Set a pace') : t('The pace for {destination}', { destination: first.destination })}
      action={t('Save')}
      isReady={destination.trim() !== '' && Object.values(typed).every((text) => isWhole(text))}
      onSave={save}
      onClose={onClose}
    >
      {first === null ? (
        <Field
          label={t('Domain or smarthost')}
          value={destination}
          placeholder={t('large-provider.example')}
          spellCheck={false}
          autoComplete="off"
          onChange={setDestination}
        />
      ) : null}
      <div className="fields">
        {FIELDS.map(({ key, label }) => (
          <Field
            key={key}
            label={told(label)}
            inputMode="numeric"
            value={typed[key]}
            placeholder={first === null ? t('as set') : `${first[key]}`}
            problem={isWhole(typed[key]) ? undefined : t('A whole number.')}
            onChange={(value) => setTyped({ ...typed, [key]: value })}
          />
        ))}
      </div>
      <p className="quiet">{t('What stays empty follows the settings. 0 messages stand for no limit.')}</p>
    </FormDialog>
  )
}
