import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import { TestDialogue, TestStepRow } from '../account/live-test.tsx'
import { ROUTE_STEPS, type RouteTest } from './use-route-test.ts'
import { said, t, told } from '../../words/words.ts'

const TITLE = { connect: said('Connect'), tls: said('Encrypt'), hello: said('Greet'), login: said('Sign in') } as const
const HEADING: Readonly<Record<RouteTest['at'], string>> = {
  idle: said('Live test'),
  running: said('Testing'),
  passed: said('It works'),
  failed: said('It does not work yet'),
}

interface Props {
  readonly test: RouteTest
  readonly isEncrypted: boolean
  readonly hasLogin: boolean
}

/** The steps of a smarthost's test and, below them, what is said while it runs. */
export function RouteTestPane({ test, isEncrypted, hasLogin }: Props) {
  const steps = ROUTE_STEPS.filter((step) => (step !== 'tls' || isEncrypted) && (step !== 'login' || hasLogin))
  return (
    <section className="test" aria-label={t('Live test')}>
      <header>
        <h2 aria-live="polite">
          {told(HEADING[test.at])} {test.at === 'running' ? <span className="live">{t('Live')}</span> : null}
        </h2>
        <ul className="checks">
          {steps.map((step) => (
            <TestStepRow key={step} title={told(TITLE[step])} step={test.steps.find((one) => one.step === step)} />
          ))}
        </ul>
        {test.message !== null && !test.steps.some(({ text }) => text === test.message) ? (
          <p className="notice danger" role="alert">
            <Icon name="fail" /> {visible(test.message)}
          </p>
        ) : null}
      </header>
      {test.sessionId === null ? (
        <p className="quiet nothing-yet">
          {t(
            'What is said to the server appears here, line by line. No mail is sent, and the password never enters the log.',
          )}
        </p>
      ) : (
        <TestDialogue key={test.sessionId} id={test.sessionId} />
      )}
    </section>
  )
}
