import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import { Dialogue } from '../log/dialogue.tsx'
import { useDialogue } from '../log/use-dialogue.ts'
import { STEPS, type StepName, type Test, type TestStep } from './use-test.ts'
import { said, t, told } from '../../words/words.ts'

const TITLE: Readonly<Record<Exclude<StepName, 'list'>, string>> = {
  connect: said('Connect'),
  tls: said('Encrypt'),
  login: said('Sign in'),
}

interface LiveTestProps {
  readonly test: Test
  readonly kind: 'pop3' | 'imap'
  readonly isOpenTls: boolean
}

/** The steps of a test and, below them, what is said while it runs. */
export function LiveTest({ test, kind, isOpenTls }: LiveTestProps) {
  const list = kind === 'imap' ? t('Look at the folders') : t('Count messages')
  return (
    <section className="test" aria-label={t('Live test')}>
      <header>
        <h2 aria-live="polite">
          {told(HEADING[test.at])} {test.at === 'running' ? <span className="live">{t('Live')}</span> : null}
        </h2>
        <ul className="checks">
          {STEPS.filter((step) => step !== 'tls' || isOpenTls).map((step) => (
            <TestStepRow
              key={step}
              title={step === 'list' ? list : told(TITLE[step])}
              step={test.steps.find((one) => one.step === step)}
            />
          ))}
        </ul>
        {test.at === 'failed' &&
        test.message !== null &&
        !test.steps.some((one) => one.state === 'failed' && one.text === test.message) ? (
          <p className="notice danger" role="alert">
            <Icon name="fail" /> {visible(test.message)}
          </p>
        ) : null}
      </header>
      {test.sessionId === null ? (
        <p className="quiet nothing-yet">
          {t('What is said to the server appears here, line by line. The password never enters the log.')}
        </p>
      ) : (
        <TestDialogue key={test.sessionId} id={test.sessionId} />
      )}
    </section>
  )
}

const HEADING: Readonly<Record<Test['at'], string>> = {
  idle: said('Live test'),
  running: said('Testing'),
  passed: said('It works'),
  failed: said('It does not work yet'),
}

/** One step of a test: not begun, under way, done or failed, with its words. */
export function TestStepRow({ title, step }: { title: string; step: Pick<TestStep, 'state' | 'text'> | undefined }) {
  const icon = step === undefined ? 'dot' : step.state === 'ok' ? 'ok' : step.state === 'failed' ? 'fail' : 'refresh'
  const tone =
    step === undefined ? 'faint' : step.state === 'ok' ? 'ok' : step.state === 'failed' ? 'danger' : 'quiet spin'
  return (
    <li>
      <Icon name={icon} className={tone} />
      <span>{title}</span>
      <span className={step?.state === 'failed' ? 'danger' : 'quiet'}>{told(visible(step?.text ?? ''))}</span>
    </li>
  )
}

/** What is said in the session of a test, live. */
export function TestDialogue({ id }: { id: number }) {
  const { head, events, pages, total, look } = useDialogue(id)
  if (head.at !== 'ready') return <p className="quiet nothing-yet">{t('Opening the session.')}</p>
  return <Dialogue session={head.value.session} read={{ events, pages, total }} look={look} seq={null} />
}
