import type { ConsoleView } from '../../../../core/rpc/console-contract.ts'
import { distrustWords } from '../../../../core/model/distrust-words.ts'
import { api } from '../../bridge/client.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { act } from '../../state/act.ts'
import { t, told } from '../../words/words.ts'

/** A certificate that is not good: what is wrong with it, and whether to go on all the same. */
export function CertificatePane({ view: { id, facts, verdict, host } }: { readonly view: ConsoleView }) {
  const distrust = facts?.distrust
  return (
    <section className="say-form" role="alert" aria-label={t('The certificate')}>
      <h3 className="certificate">
        <Icon name="alert" className="warn" />
        {verdict === 'other-name'
          ? t('This certificate is for another name than {host}', { host: visible(host) })
          : t('Nobody who is trusted vouches for this server')}
      </h3>
      <p className="quiet">
        {t(
          'The connection is encrypted, but it may be with somebody else. Inside it nothing has been said yet. If you go on, that counts for this session only.',
        )}
      </p>
      {facts === null ? null : (
        <dl className="kv">
          <dt>{t('For')}</dt>
          <dd>
            <bdi>{visible(facts.subject)}</bdi>
          </dd>
          {distrust === undefined ? null : (
            <>
              <dt>{t('What is wrong')}</dt>
              <dd>{told(distrustWords(distrust))}</dd>
            </>
          )}
          <dt>SHA-256</dt>
          <dd className="mono fingerprint">{facts.fingerprint256}</dd>
        </dl>
      )}
      <div className="say-end">
        <Button
          // eslint-disable-next-line jsx-a11y/no-autofocus -- the session waits for this, and the safe way comes first
          autoFocus
          onClick={() => void act(t('Hanging up'), () => api.console.hangUp({ id }))}
        >
          {t('Hang up')}
        </Button>
        <Button onClick={() => void act(t('Going on'), () => api.console.goOn({ id }))}>
          {t('Go on in this session')}
        </Button>
      </div>
    </section>
  )
}
