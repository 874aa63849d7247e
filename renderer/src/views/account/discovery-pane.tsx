import type { DiscoverySource, DiscoveryView } from '../../../../core/rpc/discovery-contract.ts'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import type { IconName } from '../../parts/icons.ts'
import type { Discovery } from './use-discovery.ts'
import { said, t, told } from '../../words/words.ts'

const SOURCE: Readonly<Record<DiscoverySource, string>> = {
  'autoconfig': said('The domain itself'),
  'well-known': said('The domain’s web site'),
  'srv': said('The domain’s DNS'),
  'ispdb': said('The list of providers'),
  'mx-autoconfig': said('Its mail provider'),
  'mx-ispdb': said('The list, for it'),
  'probe': said('The usual names'),
}
type State = DiscoveryView['sources'][number]['state']
const LOOK: Readonly<Record<State, readonly [IconName, string]>> = {
  waiting: ['dot', 'faint'],
  trying: ['refresh', 'quiet spin'],
  found: ['ok', 'ok'],
  nothing: ['dot', 'quiet'],
  failed: ['fail', 'quiet'],
  skipped: ['dot', 'faint'],
}

/** Where settings are looked for, and what each place says, while it says it. */
export function DiscoveryPane({ discovery }: { readonly discovery: Discovery }) {
  return (
    <section className="test" aria-label={t('Search for the settings')}>
      <header>
        <h2 aria-live="polite">
          {told(HEADING[discovery.at])} {discovery.at === 'running' ? <span className="live">{t('Live')}</span> : null}
        </h2>
        {discovery.at === 'running' || discovery.at === 'ended' ? (
          <>
            <ul className="checks">
              {discovery.found.sources.map(({ source, state, text }) => {
                const [icon, tone] = LOOK[state]
                return (
                  <li key={source}>
                    <Icon name={icon} className={tone} />
                    <span>{told(SOURCE[source])}</span>
                    <span className="quiet">{told(visible(text))}</span>
                  </li>
                )
              })}
            </ul>
            {discovery.found.ended ? <p className="outcome">{told(visible(discovery.found.text))}</p> : null}
          </>
        ) : null}
        {discovery.at === 'failed' ? (
          <p className="notice danger" role="alert">
            <Icon name="fail" /> {discovery.message}
          </p>
        ) : null}
      </header>
      {discovery.at === 'idle' ? (
        <p className="quiet nothing-yet">
          {t(
            'The servers of an address are looked for at its own domain, in the DNS and in the public list of providers, by HTTPS. What each says appears here. Your password is not sent anywhere for that.',
          )}
        </p>
      ) : null}
    </section>
  )
}

const HEADING: Readonly<Record<Discovery['at'], string>> = {
  idle: said('How settings are found'),
  running: said('Looking'),
  ended: said('What was found'),
  failed: said('That did not work'),
}
