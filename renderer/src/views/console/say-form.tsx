import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from 'react'
import { composeConsoleLine } from '../../../../core/model/console-state.ts'
import type { ConsoleVerbView, ConsoleView } from '../../../../core/rpc/console-contract.ts'
import { api, wordsOf } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Check, Field, Select } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { t, told } from '../../words/words.ts'
import { ArgumentField } from './argument-field.tsx'

interface Props {
  readonly view: ConsoleView
  /** The command that is chosen. */
  readonly verb: ConsoleVerbView | undefined
  readonly anything: boolean
  readonly onPick: (verb: string) => void
}

/** The next line: a command with its arguments, a message, or an answer within a sign-in. */
export function SayForm(props: Props) {
  const { view, verb } = props
  const [trouble, setTrouble] = useState<{ readonly turn: string; readonly words: string } | null>(null)
  // Another turn is another form: what was typed or wrong in the last one is of no use.
  const turn = `${view.prompt.is} ${view.guide.at} ${view.waits} ${verb?.verb}`
  const problem = trouble?.turn === turn ? trouble.words : undefined
  const run = async (say: () => Promise<unknown>): Promise<boolean> => {
    try {
      await say()
      setTrouble(null)
      return true
    } catch (error) {
      setTrouble({ turn, words: told(wordsOf(error)) })
      return false
    }
  }
  return (
    <>
      {view.prompt.is === 'message' ? (
        <MessageForm id={view.id} run={run} />
      ) : view.prompt.is === 'answer' ? (
        <AnswerForm key={turn} id={view.id} asks={view.prompt.asks} waits={view.waits} run={run} />
      ) : view.prompt.is === 'chunk' ? (
        <ChunkForm id={view.id} left={view.prompt.left} run={run} />
      ) : verb?.isSignIn ? (
        <SignInForm key={verb.verb} {...props} verb={verb} run={run} />
      ) : (
        <CommandForm key={verb?.verb} {...props} run={run} />
      )}
      {problem === undefined ? null : (
        <p className="notice danger say-problem" role="alert">
          <Icon name="alert" />
          <span>{problem}</span>
        </p>
      )}
    </>
  )
}

type Run = (say: () => Promise<unknown>) => Promise<boolean>

function VerbSelect({ view, verb, anything, onPick }: Props) {
  const all = view.verbs.filter(({ whyNot }) => whyNot === '' || anything)
  return (
    <Select
      className="verb-select"
      label={t('Command')}
      value={verb?.verb ?? ''}
      options={all.map((one) => ({ value: one.verb, label: one.verb }))}
      onChange={onPick}
    />
  )
}

function CommandForm(props: Props & { readonly run: Run }) {
  const { view, verb, anything, run } = props
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  /** The line as somebody has written it himself; null while the fields make it. */
  const [written, setWritten] = useState<string | null>(null)
  const [more, setMore] = useState(false)
  const first = useRef<HTMLInputElement>(null)
  // What most people never need stands behind a button, beside what every such command has.
  const args = verb?.args ?? []
  const needed = args.filter((one) => !one.isOptional)
  const folds = needed.length > 0 && needed.length < args.length
  const isSecret = verb?.verb === 'PASS'
  const made = verb === undefined ? '' : composeConsoleLine(verb, values)
  const line = written ?? made
  const missing =
    written === null &&
    verb?.args.some((one) => !one.isOptional && one.name !== 'from' && (values[one.name] ?? one.value).trim() === '')
  const isHeld = view.waits && !anything
  useEffect(() => {
    if (!isHeld) first.current?.focus()
  }, [isHeld])
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (isHeld || missing === true || line === '') return
    if (await run(() => api.console.say({ id: view.id, line, anything }))) {
      setValues({})
      setWritten(null)
    }
  }
  return (
    <form className="say-form" onSubmit={(event) => void submit(event)}>
      <div className="say-parts">
        <VerbSelect {...props} />
        {(folds && !more ? needed : args).map((one, n) => (
          <ArgumentField
            key={one.name}
            argument={one}
            isSecret={isSecret}
            value={values[one.name] ?? one.value}
            input={n === 0 ? first : undefined}
            onChange={(value) => {
              setWritten(null)
              setValues((before) => ({ ...before, [one.name]: value }))
            }}
          />
        ))}
        {folds ? (
          <Button kind="plain" className="fold-parts" aria-expanded={more} onClick={() => setMore(!more)}>
            {more ? t('Fewer parameters') : t('Parameters')}
          </Button>
        ) : null}
      </div>
      <div className="say-line">
        <div className="field">
          <input
            ref={verb === undefined || verb.args.length === 0 ? first : undefined}
            aria-label={t('The line as it will be sent')}
            className="mono"
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            type={isSecret ? 'password' : 'text'}
            value={line}
            onChange={(event) => setWritten(event.target.value)}
          />
          <span className="eol" aria-hidden="true">
            CR LF
          </span>
        </div>
        <Button kind="primary" submit disabled={isHeld || missing === true || line === ''}>
          {t('Say it')}
        </Button>
      </div>
      <p className="say-hint">
        <Icon name="info" />
        <span>
          {isHeld
            ? t('The server has not answered yet.')
            : isSecret
              ? t('It goes to the server as it is and is stored nowhere here.')
              : told(verb?.text ?? '')}
        </span>
      </p>
    </form>
  )
}

function SignInForm(props: Props & { readonly verb: ConsoleVerbView; readonly run: Run }) {
  const { view, verb, run } = props
  const offered = view.mechanisms.filter((one) => (verb.verb === 'APOP') === (one === 'APOP'))
  const [mechanism, setMechanism] = useState(offered[0] ?? '')
  const [user, setUser] = useState('')
  const [secret, setSecret] = useState('')
  const isToken = mechanism === 'OAUTHBEARER' || mechanism === 'XOAUTH2'
  const isReady = mechanism !== '' && user !== '' && secret !== '' && !view.waits
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isReady) void run(() => api.console.signIn({ id: view.id, mechanism, user, secret }))
  }
  return (
    <form className="say-form" onSubmit={submit}>
      <div className="say-parts">
        <VerbSelect {...props} />
        {offered.length === 0 ? null : (
          <Select
            label={t('Mechanism')}
            value={mechanism}
            options={offered.map((one) => ({ value: one, label: one }))}
            onChange={setMechanism}
          />
        )}
        <Field
          label={t('User')}
          value={user}
          autoComplete="off"
          spellCheck={false}
          onChange={setUser} // eslint-disable-next-line jsx-a11y/no-autofocus -- it is this person's turn
          autoFocus
        />
        <Field
          label={isToken ? t('Access token') : t('Password')}
          type="password"
          autoComplete="off"
          value={secret}
          onChange={setSecret}
        />
      </div>
      <div className="say-line">
        <p className="say-hint grow">
          <Icon name="key" />
          <span>
            {offered.length === 0
              ? t('This server names no way to sign in that can be carried out here.')
              : t('The lines of the sign-in are made for you. In the log they stand as secrets, without their length.')}
          </span>
        </p>
        <Button kind="primary" submit disabled={!isReady}>
          {t('Sign in')}
        </Button>
      </div>
    </form>
  )
}

function AnswerForm({ id, asks, waits, run }: { id: number; asks: string; waits: boolean; run: Run }) {
  const [answer, setAnswer] = useState('')
  const [base64, setBase64] = useState(true)
  const isName = /^(user|login)/i.test(asks)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!waits) void run(() => api.console.say({ id, line: answer, base64 }))
  }
  return (
    <form className="say-form" onSubmit={submit}>
      <div className="say-line">
        <Field
          className="grow"
          label={asks === '' ? t('Your answer') : t('The server asks: {asks}', { asks })}
          type={isName ? 'text' : 'password'}
          autoComplete="off"
          // eslint-disable-next-line jsx-a11y/no-autofocus -- it is this person's turn
          autoFocus

          value={answer}
          onChange={setAnswer}
        />
        <Button onClick={() => void run(() => api.console.say({ id, line: '*' }))}>{t('Break it off')}</Button>
        <Button kind="primary" submit disabled={waits}>
          {t('Say it')}
        </Button>
      </div>
      <Check
        label={t('Encode it in base64 for me')}
        hint={t('Answers within AUTH go in base64. What you type here is stored nowhere.')}
        checked={base64}
        onChange={setBase64}
      />
    </form>
  )
}

function ChunkForm({ id, left, run }: { id: number; left: number; run: Run }) {
  const [line, setLine] = useState('')
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (await run(() => api.console.say({ id, line }))) setLine('')
  }
  return (
    <form className="say-form" onSubmit={(event) => void submit(event)}>
      <div className="say-line">
        <Field
          className="grow"
          label={t('{left, plural, one {# byte} other {# bytes}} of the chunk are left, line ends included', { left })}
          // eslint-disable-next-line jsx-a11y/no-autofocus -- it is this person's turn
          autoFocus

          value={line}
          onChange={setLine}
        />
        <Button kind="primary" submit>
          {t('Send the line')}
        </Button>
      </div>
    </form>
  )
}

function MessageForm({ id, run }: { id: number; run: Run }) {
  const [text, setText] = useState('')
  const area = useRef<HTMLTextAreaElement>(null)
  useEffect(() => area.current?.focus(), [])
  const send = () => run(() => api.console.sayMessage({ id, text }))
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    void send()
  }
  return (
    <form
      className="say-form"
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
    >
      <label className="labelled">
        <span className="label">{t('The message: header lines, an empty line, the text')}</span>
        <textarea
          ref={area}
          className="message mono"
          rows={6}
          spellCheck={false}
          value={text}
          placeholder={t('Subject: Hello\n\nThis was typed by hand.')}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKey}
        />
      </label>
      <div className="say-line">
        <p className="say-hint grow">
          <Icon name="info" />
          <span>
            {t(
              'A line that begins with a dot gets one more, as you will see in the dialogue. The dot that ends the message is sent for you.',
            )}
          </span>
        </p>
        <Button kind="primary" submit>
          {t('Send, and end with a dot')}
        </Button>
      </div>
    </form>
  )
}
