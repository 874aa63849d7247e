import { api, host } from '../../bridge/client.ts'
import { clock } from '../../format/time.ts'
import { Banner } from '../../parts/banner.tsx'
import { Button } from '../../parts/button.tsx'
import { act } from '../../state/act.ts'
import { useEngine } from '../../state/engine.tsx'
import { useStanding } from '../../state/use-live.ts'

/** What a person should know, one line: the most urgent thing, and how many more there are. */
export function Banners() {
  const { status } = useEngine()
  const { standing } = useStanding()
  if (standing.at === 'away')
    return (
      <div className="banners">
        <Banner
          level="plain"
          icon="plug"
          actions={
            <Button kind="plain" onClick={() => host.hurry()}>
              Look again
            </Button>
          }
        >
          The mail engine has not answered since {clock(standing.sinceMs)}. Nothing is lost: what was accepted is on
          disk. Posthorn looks for it by itself.
        </Banner>
      </div>
    )
  const warnings = status.warnings.toSorted((a, b) => Number(b.level === 'danger') - Number(a.level === 'danger'))
  if (!status.queuePaused && warnings.length === 0) return null
  return (
    <div className="banners">
      {status.queuePaused ? (
        <Banner
          level="warn"
          icon="pause"
          actions={
            <Button
              onClick={() =>
                void act('Letting mail leave', () => api.app.setSetting({ key: 'queue.paused', value: false }))
              }
            >
              Let mail leave
            </Button>
          }
        >
          The queue is paused: mail is accepted and waits.
        </Banner>
      ) : null}
      {warnings.map((warning) => (
        <Banner key={warning.text} level={warning.level} icon={warning.level === 'danger' ? 'fail' : 'alert'}>
          {warning.text}
        </Banner>
      ))}
    </div>
  )
}
