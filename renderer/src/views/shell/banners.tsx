import { useState } from 'react'
import { api, host } from '../../bridge/client.ts'
import { clock } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Banner } from '../../parts/banner.tsx'
import { Button } from '../../parts/button.tsx'
import { act } from '../../state/act.ts'
import { useEngine } from '../../state/engine.tsx'
import { useStanding } from '../../state/use-live.ts'
import { t, told, tx } from '../../words/words.ts'

/** What a person should know, one line: the most urgent thing, and how many more there are. */
export function Banners() {
  const { status } = useEngine()
  const { standing } = useStanding()
  const [open, setOpen] = useState(false)
  if (standing.at === 'away')
    return (
      <div className="banners">
        <Banner
          level="plain"
          icon="plug"
          actions={
            <Button kind="plain" onClick={() => host.hurry()}>
              {t('Look again')}
            </Button>
          }
        >
          {t(
            'The mail engine has not answered since {sinceMs}. Nothing is lost: what was accepted is on disk. Posthorn looks for it by itself.',
            { sinceMs: clock(standing.sinceMs) },
          )}
        </Banner>
      </div>
    )
  if (standing.at === 'refused')
    return (
      <div className="banners">
        <Banner level="danger" icon="key">
          {tx(
            'Posthorn was started again and does not know this window any more. Open the address that it printed in this tab, or a new one from <code>npm start</code> or <code>posthorn ui</code>: what you are writing stays.',
            { code: (words) => <code>{words}</code> },
          )}
        </Banner>
      </div>
    )
  const all = [
    ...status.warnings.filter(({ level }) => level === 'danger'),
    ...(status.queuePaused
      ? [{ level: 'paused' as const, text: t('The queue is paused: mail is accepted and waits.') }]
      : []),
    ...status.warnings.filter(({ level }) => level === 'warn'),
  ]
  const first = all[0]
  if (first === undefined) return null
  return (
    <div className="banners">
      {(open ? all : [first]).map((one, at) => (
        <Banner
          key={one.text}
          level={one.level === 'danger' ? 'danger' : one.level === 'paused' ? 'warn' : 'plain'}
          icon={one.level === 'danger' ? 'fail' : one.level === 'paused' ? 'pause' : 'alert'}
          actions={
            <>
              {one.level !== 'paused' ? null : <Button onClick={() => void unpause()}>{t('Let mail leave')}</Button>}
              {at > 0 || all.length === 1 ? null : (
                <Button kind="plain" aria-expanded={open} onClick={() => setOpen(!open)}>
                  {open ? t('Fewer') : t('{count} more', { count: all.length - 1 })}
                </Button>
              )}
            </>
          }
        >
          {told(visible(one.text))}
        </Banner>
      ))}
    </div>
  )
}

const unpause = () => act(t('Letting mail leave'), () => api.app.setSetting({ key: 'queue.paused', value: false }))
