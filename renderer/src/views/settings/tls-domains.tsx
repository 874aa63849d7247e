import { useState } from 'react'
import type { TlsDomainView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { ago, whenWords } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { useNow } from '../../state/now.ts'
import { useLive } from '../../state/use-live.ts'
import { said, t, told, tx } from '../../words/words.ts'

const PAGE = 100

/** How each domain's mail was protected, what its owner asks for, and what is not gone back behind. */
export function TlsDomains() {
  const [pages, setPages] = useState(1)
  const domains = useLive(`tls ${pages}`, () => upTo(pages * PAGE), { changes: api.tls.changes })
  const [doomed, setDoomed] = useState<string | null>(null)
  return (
    <section aria-label={t('Encryption')}>
      <h3>{t('Encryption')}</h3>
      <Load live={domains} what={t('the encryption')} again={domains.again}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon="lock" title={t('Nothing is known yet')}>
              {t('Once mail has gone to a domain, how it was protected stands here.')}
            </Empty>
          ) : (
            <>
              <ul className="cards">
                {list.map((one) => (
                  <TlsDomain key={one.domain} view={one} onForget={() => setDoomed(one.domain)} />
                ))}
              </ul>
              {list.length === pages * PAGE ? (
                <Button kind="plain" onClick={() => setPages(pages + 1)}>
                  {t('Show more')}
                </Button>
              ) : null}
            </>
          )
        }
      </Load>
      <Confirm
        title={t('Forget what is known of {doomed}?', { doomed: doomed ?? '' })}
        isOpen={doomed !== null}
        action={t('Forget it')}
        danger
        onClose={() => setDoomed(null)}
        onConfirm={() =>
          doomed === null ? undefined : void act(t('Forgetting it'), () => api.tls.forget({ domain: doomed }))
        }
      >
        <p>
          {t(
            'The next mail to this domain is sent as to a stranger: without encryption, if its server offers none. Do this only when you know that its servers have changed.',
          )}
        </p>
      </Confirm>
    </section>
  )
}

async function upTo(limit: number): Promise<TlsDomainView[]> {
  const found: TlsDomainView[] = []
  while (found.length < limit) {
    const page = await api.tls.domains({ after: found.at(-1)?.domain ?? null, limit: PAGE })
    found.push(...page)
    if (page.length < PAGE) break
  }
  return found
}

function TlsDomain({ view, onForget }: { view: TlsDomainView; onForget: () => void }) {
  const nowMs = useNow()
  const { last, mtaSts, ratchet } = view
  const mx = <span className="mono">{last?.mx}</span>
  const tone = last === null ? 'badge' : last.facts === null ? 'badge warn' : 'badge tls'
  return (
    <li aria-label={view.domain}>
      <div className="grow">
        <b className="mono">{view.domain}</b>{' '}
        {last === null ? null : (
          <span className={tone}>
            <Icon name={last.facts === null ? 'unlock' : 'lock'} />
            {last.facts === null ? t('not encrypted') : last.facts.version}
          </span>
        )}
        {last === null ? null : (
          <p className="quiet">
            {last.facts === null
              ? tx('{when} at {mx}.', { when: ago(last.atMs, nowMs), mx })
              : last.facts.trusted
                ? tx('{when} at {mx}, with a certificate that was verified.', { when: ago(last.atMs, nowMs), mx })
                : tx('{when} at {mx}, with a certificate nobody vouches for.', { when: ago(last.atMs, nowMs), mx })}
          </p>
        )}
        {mtaSts === null ? null : (
          <p className="quiet">
            {told(POLICY[mtaSts.mode])}{' '}
            {mtaSts.mx.length === 0 ? '' : t('Its servers: {servers}.', { servers: mtaSts.mx.join(', ') })}{' '}
            {t('Known until {time}.', { time: whenWords(mtaSts.expiresMs, nowMs) })}
          </p>
        )}
        {ratchet === null ? null : (
          <p className="quiet">
            {t('Verified since {sinceMs}: nothing less is accepted until {untilMs}.', {
              sinceMs: whenWords(ratchet.sinceMs, nowMs),
              untilMs: whenWords(ratchet.untilMs, nowMs),
            })}
          </p>
        )}
        {view.mtaStsError === null ? null : (
          <p className="notice warn">
            <Icon name="alert" />{' '}
            <span>
              {t('Its policy could not be read: {mtaStsError}', { mtaStsError: told(visible(view.mtaStsError)) })}
            </span>
          </p>
        )}
      </div>
      <Button kind="plain" onClick={onForget}>
        {t('Forget')}
      </Button>
    </li>
  )
}

const POLICY = {
  enforce: said('Its owner demands verified encryption (MTA-STS).'),
  testing: said('Its owner tests a demand for verified encryption (MTA-STS); nothing is held back for it.'),
  none: said('Its owner has taken back a demand for encryption (MTA-STS).'),
} as const
