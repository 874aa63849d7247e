import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import type { IconName } from '../../parts/icons.ts'
import { said, t, told } from '../../words/words.ts'
import { TestDialogue } from '../account/live-test.tsx'
import { PREFLIGHT_CHECKS, type Preflight, type PreflightCheck, type PreflightFinding } from './use-preflight.ts'

const TITLE: Readonly<Record<PreflightCheck, string>> = {
  port: said('The way out'),
  name: said('Name of the address'),
  spf: said('SPF record'),
  blocklist: said('Blocklist'),
}
const LOOK: Readonly<
  Record<PreflightFinding['state'], { readonly icon: IconName; readonly tone: string; readonly word: string }>
> = {
  trying: { icon: 'refresh', tone: 'quiet spin', word: said('under way') },
  ok: { icon: 'ok', tone: 'ok', word: said('fine') },
  warning: { icon: 'alert', tone: 'warn', word: said('with care') },
  failed: { icon: 'fail', tone: 'danger', word: said('in the way') },
  unknown: { icon: 'dot', tone: 'faint', word: said('not known') },
}

/** What the checks come to, in one line. */
function headingOf({ at, findings }: Preflight): string {
  if (at === 'running') return t('Looking at your network')
  if (findings.some(({ state }) => state === 'failed')) return t('Mail would not get far from here')
  if (findings.some(({ check, state }) => check === 'port' && state !== 'ok')) return t('It cannot be told from here')
  if (findings.some(({ state }) => state === 'warning')) return t('Mail can leave, and some servers may not like it')
  return t('Mail can go straight from here')
}

interface Props {
  readonly preflight: Preflight
  /** Opens the session in the log, where there is one beside this. */
  readonly hasDialogue: boolean
}

/** The checks of a look at the network, and below them what is said to the server that was tried. */
export function PreflightPane({ preflight, hasDialogue }: Props) {
  return (
    <section className="test" aria-label={t('Your network')}>
      <header>
        <h2 aria-live="polite">
          {headingOf(preflight)} {preflight.at === 'running' ? <span className="live">{t('Live')}</span> : null}
        </h2>
        <ul className="checks">
          {PREFLIGHT_CHECKS.map((check) => {
            const found = preflight.findings.find((one) => one.check === check)
            const look = found && LOOK[found.state]
            return found === undefined && preflight.at === 'over' ? null : (
              <li key={check}>
                <Icon name={look?.icon ?? 'dot'} className={look?.tone ?? 'faint'} />
                <span>{told(TITLE[check])}</span>
                <span className={found?.state === 'failed' ? 'danger' : 'quiet'}>
                  {look === undefined ? null : <span className="sr">{told(look.word)}: </span>}
                  {told(visible(found?.text ?? ''))}
                </span>
              </li>
            )
          })}
        </ul>
        {preflight.problem === null ? null : (
          <p className="notice danger" role="alert">
            <Icon name="fail" /> {visible(preflight.problem)}
          </p>
        )}
      </header>
      {!hasDialogue ? null : preflight.sessionId === null ? (
        <p className="quiet nothing-yet">
          {t(
            'The mail server of your own domain is greeted and left again; what is said appears here. No mail is sent.',
          )}
        </p>
      ) : (
        <TestDialogue key={preflight.sessionId} id={preflight.sessionId} />
      )}
    </section>
  )
}
