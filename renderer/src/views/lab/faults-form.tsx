import { useState } from 'react'
import {
  LAB_ANSWERS,
  LAB_CERTIFICATES,
  LAB_SIZE_BYTES,
  LAB_STEPS,
  type LabAnswer,
  type LabStep,
} from '../../../../core/model/lab.ts'
import type { LabFaultsView } from '../../../../core/rpc/lab-contract.ts'
import { api } from '../../bridge/client.ts'
import { size } from '../../format/size.ts'
import { Button } from '../../parts/button.tsx'
import { Check, Select } from '../../parts/field.tsx'
import { act } from '../../state/act.ts'
import { said, t, told } from '../../words/words.ts'

const STEP: Readonly<Record<LabStep, string>> = {
  greeting: said('When it is connected to'),
  EHLO: said('When it is greeted (EHLO)'),
  STARTTLS: said('When it is to encrypt (STARTTLS)'),
  MAIL: said('When it hears the sender (MAIL)'),
  RCPT: said('When it hears the recipient (RCPT)'),
  DATA: said('Before the message (DATA)'),
  message: said('When it has the whole message'),
}
const ANSWER: Readonly<Record<LabAnswer, string>> = {
  'fine': said('All is well'),
  'later': said('Not now (4xx)'),
  'never': said('Never (5xx)'),
  'busy': said('Too busy (421)'),
  'hang-up': said('Hangs up'),
}
const CERTIFICATE: Readonly<Record<LabFaultsView['certificate'], string>> = {
  'good': said('Right'),
  'expired': said('Over since days'),
  'other-name': said('For another name'),
  'unknown': said('Made by nobody who is known'),
}
const SIZES = [LAB_SIZE_BYTES, 1_000_000, 10_000, 200]
const WAITS = [0, 60, 300]
const SLOW = [0, 2, 10, 60]

type Plain = Omit<LabFaultsView, 'answers'>
/** What somebody switches: some of it. */
type Change = { readonly [K in keyof Plain]?: Plain[K] } & { readonly answers?: Partial<LabFaultsView['answers']> }

/** Everything that can be wrong with the server, in plain words; each change counts at once. */
export function FaultsForm({ faults }: { readonly faults: LabFaultsView }) {
  // What was just switched shows at once; what the engine says goes before it.
  const key = JSON.stringify(faults)
  const [switched, setSwitched] = useState<{ readonly key: string; readonly change: Change }>({ key, change: {} })
  const asked: Change = switched.key === key ? switched.change : {}
  const set = (change: Change) => {
    setSwitched({ key, change: { ...asked, ...change, answers: { ...asked.answers, ...change.answers } } })
    void act(t('Changing the lab'), () => api.lab.setFaults(change)).then((done) => {
      if (done === undefined) setSwitched({ key, change: {} })
    })
  }
  const { greylist, greylistSeconds, slowSeconds, cutsOff, offersTls, certificate, demandsTls, sizeBytes } = {
    ...faults,
    ...asked,
  }
  const answers = { ...faults.answers, ...asked.answers }
  const options = (values: readonly number[], words: (value: number) => string) =>
    values.map((value) => ({ value: String(value), label: words(value) }))
  return (
    <>
      <section className="lab-faults" aria-label={t('How it behaves')}>
        <h2>{t('How it behaves')}</h2>
        <Check
          label={t('It does not know you yet: greylisting')}
          hint={t('Whoever comes for the first time is asked to come again.')}
          checked={greylist}
          onChange={(on) => set({ greylist: on })}
        />
        {greylist ? (
          <Select
            label={t('How long it wants to be waited for')}
            value={String(greylistSeconds)}
            options={options(WAITS, (seconds) =>
              seconds === 0
                ? t('The next try is in time')
                : t('{minutes, plural, one {A minute} other {# minutes}}', { minutes: seconds / 60 }),
            )}
            onChange={(value) => set({ greylistSeconds: Number(value) })}
          />
        ) : null}
        <Check
          label={t('It hangs up in the middle of the message')}
          hint={t('The connection breaks before the end has come.')}
          checked={cutsOff}
          onChange={(on) => set({ cutsOff: on })}
        />
        <div className="lab-pair">
          <Select
            label={t('It takes its time for each answer')}
            value={String(slowSeconds)}
            options={options(SLOW, (seconds) =>
              seconds === 0 ? t('No') : t('{seconds, plural, one {# second} other {# seconds}}', { seconds }),
            )}
            onChange={(value) => set({ slowSeconds: Number(value) })}
          />
          <Select
            label={t('The largest message it takes')}
            value={String(sizeBytes)}
            options={options(SIZES.includes(sizeBytes) ? SIZES : [...SIZES, sizeBytes], size)}
            onChange={(value) => set({ sizeBytes: Number(value) })}
          />
        </div>
      </section>
      <section className="lab-faults" aria-label={t('Encryption')}>
        <h2>{t('Encryption')}</h2>
        <Check
          label={t('It offers STARTTLS')}
          hint={t('Without it mail goes in the clear, where nobody forbids that.')}
          checked={offersTls}
          onChange={(on) => set({ offersTls: on })}
        />
        <Check
          label={t('Its domain demands verified encryption')}
          hint={t('As one with an MTA-STS policy does.')}
          checked={demandsTls}
          onChange={(on) => set({ demandsTls: on })}
        />
        <Select
          label={t('Its certificate')}
          value={certificate}
          options={LAB_CERTIFICATES.map((value) => ({ value, label: told(CERTIFICATE[value]) }))}
          onChange={(value) => set({ certificate: value })}
        />
      </section>
      <section className="lab-faults" aria-label={t('What it answers')}>
        <h2>{t('What it answers')}</h2>
        <div className="lab-steps">
          {LAB_STEPS.map((step) => (
            <Select
              key={step}
              label={told(STEP[step])}
              value={answers[step]}
              options={LAB_ANSWERS.map((value) => ({ value, label: told(ANSWER[value]) }))}
              onChange={(value) => set({ answers: { [step]: value } })}
            />
          ))}
        </div>
        <Button icon="undo" onClick={() => void act(t('Resetting the lab'), () => api.lab.reset())}>
          {t('Let all be well with it')}
        </Button>
      </section>
    </>
  )
}
