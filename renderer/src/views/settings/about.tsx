import { copyText } from '../../state/actions.ts'
import { useEngine } from '../../state/engine.tsx'
import { IconButton } from '../../parts/button.tsx'
import { t } from '../../words/words.ts'

/** What runs here, where its data lies, and how its server proves itself. */
export function About() {
  const { status } = useEngine()
  return (
    <>
      <div className="panel-head about">
        <img src={new URL('../../../../resources/icon.svg', import.meta.url).href} alt="" width={56} height={56} />
        <div>
          <h2>{t('Posthorn {version}', { version: status.version })}</h2>
          <p className="quiet">{t('A mail client with its own mail server.')}</p>
        </div>
      </div>
      <dl className="kv about">
        <dt>{t('Data folder')}</dt>
        <dd className="mono">{status.dataFolder}</dd>
        <dt>{t('Submission server')}</dt>
        <dd className="mono">
          {status.submission === null ? t('off') : `${status.submission.host}:${status.submission.port}`}
        </dd>
        <dt>{t('Its certificate')}</dt>
        <dd>
          {status.certificate === null ? (
            t('none yet')
          ) : (
            <>
              <span className="mono">{status.certificate}</span>{' '}
              <IconButton
                icon="copy"
                label={t('Copy the fingerprint')}
                onClick={() => void copyText(status.certificate ?? '', t('The fingerprint'))}
              />
              <p className="quiet">
                {t(
                  'SHA-256. Other mail programs ask you to trust it once, because nobody but this computer signed it.',
                )}
              </p>
            </>
          )}
        </dd>
        <dt>{t('Licence')}</dt>
        <dd>{t('MIT')}</dd>
      </dl>
    </>
  )
}
