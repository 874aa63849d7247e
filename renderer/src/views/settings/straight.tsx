import { Button } from '../../parts/button.tsx'
import { useEngine } from '../../state/engine.tsx'
import { t } from '../../words/words.ts'
import { PreflightPane } from './preflight-pane.tsx'
import { usePreflight } from './use-preflight.ts'

/** Whether mail can go straight from this network, looked at when somebody asks. */
export function Straight() {
  const [first] = useEngine().identities
  const { preflight, run } = usePreflight()
  if (first === undefined) return null
  return (
    <section aria-label={t('Straight from here')}>
      <div className="section-head">
        <h3>{t('Straight from here')}</h3>
        <span className="grow" />
        <Button icon="wire" disabled={preflight.at === 'running'} onClick={() => void run(first.address)}>
          {preflight.at === 'idle' ? t('Look at my network') : t('Look again')}
        </Button>
      </div>
      {preflight.at === 'idle' ? (
        <p className="quiet">
          {t(
            'Before mail goes straight to its recipients: whether this network lets it out, and whether servers will like where it comes from.',
          )}
        </p>
      ) : (
        <div className="framed">
          <PreflightPane preflight={preflight} hasDialogue={false} />
        </div>
      )}
    </section>
  )
}
