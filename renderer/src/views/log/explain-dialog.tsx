import { useEffect, useState } from 'react'
import { api, wordsOf } from '../../bridge/client.ts'
import { ACTOR_WORDS } from '../../format/actor.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { t, told } from '../../words/words.ts'

type Explained = Awaited<ReturnType<typeof api.log.explain>>

/** What a reply, a code, a command or a capability means; others can be asked for. */
export function ExplainDialog({ first, onClose }: { readonly first: string; readonly onClose: () => void }) {
  const [text, setText] = useState(first)
  const [found, setFound] = useState<Explained>()
  const [problem, setProblem] = useState<string>()
  useEffect(() => {
    const wanted = text.trim()
    if (wanted === '') return undefined
    const stop = new AbortController()
    api.log.explain({ text: wanted }, { signal: stop.signal }).then(
      (answer) => {
        setFound(answer)
        setProblem(undefined)
      },
      (error: unknown) => (stop.signal.aborted ? undefined : setProblem(wordsOf(error))),
    )
    return () => stop.abort()
  }, [text])
  const isNothing = found !== undefined && found.reply === null && found.words.length === 0
  return (
    <Dialog title={t('What does it mean?')} isOpen onClose={onClose}>
      <div className="dialog-body explained">
        <Field
          label={t('A reply, a code, a command or a capability')}
          value={text}
          spellCheck={false}
          autoComplete="off"
          placeholder={t('550 5.7.1 …, 421, CHUNKING')}
          onChange={setText}
        />
        {problem === undefined ? null : (
          <p className="danger" role="alert">
            {problem}
          </p>
        )}
        {found === undefined || found.reply === null ? null : <Reply reply={found.reply} />}
        {(found?.words ?? []).map((word) => (
          <section key={`${word.protocol} ${word.kind} ${word.word}`} aria-label={told(word.title)}>
            <h3>
              <span className="mono">{word.word}</span> {told(word.title)}
            </h3>
            <p>{told(word.text)}</p>
            {word.syntax === '' ? null : <p className="mono">{word.syntax}</p>}
            <p className="quiet">
              {word.protocol.toUpperCase()} {word.kind}
              {word.rfc === null ? '' : `, RFC ${word.rfc}${word.section === '' ? '' : ` §${word.section}`}`}
            </p>
          </section>
        ))}
        {isNothing ? (
          <p role="status">{t('Nothing is known of “{visible}”.', { visible: visible(text.trim().slice(0, 80)) })}</p>
        ) : null}
      </div>
      <footer>
        <Button kind="primary" onClick={onClose}>
          {t('Close')}
        </Button>
      </footer>
    </Dialog>
  )
}

function Reply({ reply }: { readonly reply: NonNullable<Explained['reply']> }) {
  const { advice, basic, status } = reply
  return (
    <section aria-label={t('The reply')}>
      <h3>
        <span className="mono">
          {reply.code}
          {reply.enhanced === null ? '' : ` ${reply.enhanced}`}
        </span>{' '}
        {told(advice?.title ?? status?.title ?? basic?.title ?? '')}
      </h3>
      <p>{told(reply.class)}</p>
      {basic === null ? null : <p>{told(basic.text)}</p>}
      {status === null ? null : (
        <p>
          {told(status.text)}{' '}
          <span className="quiet">
            RFC {status.rfc}
            {status.section === '' ? '' : ` §${status.section}`}
          </span>
        </p>
      )}
      {advice === null ? null : (
        <>
          <p>{told(advice.meaning)}</p>
          <p>
            <b>{told(ACTOR_WORDS[advice.who])}</b> {told(advice.next)}
          </p>
        </>
      )}
    </section>
  )
}
