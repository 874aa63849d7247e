import { useEffect, useRef, useState } from 'react'
import { api, wordsOf } from '../../bridge/client.ts'
import { clock } from '../../format/time.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Icon } from '../../parts/icon.tsx'
import { useEngine } from '../../state/engine.tsx'
import { toast } from '../../state/toasts.ts'
import { AddresseeField } from './addressee-field.tsx'
import { AttachmentBar } from './attachment-bar.tsx'
import { composing, type Composing } from './composer.ts'
import { FromRow } from './from-row.tsx'
import { withHandles } from './part-handle.ts'
import { SendLaterDialog } from './send-later.tsx'
import { tellSent } from './tell-sent.ts'
import { useDraft, type Line } from './use-draft.ts'
import { t } from '../../words/words.ts'

/** The composer, if one is open. */
export function ComposePanel() {
  const open = composing.use()
  return open === null ? null : <Composer key={open.key} open={open} />
}

function Composer({ open }: { readonly open: Composing }) {
  const { identities } = useEngine()
  const draft = useDraft(open.start, identities[0]?.id ?? null)
  const { written, saved } = draft
  const [shows, setShows] = useState({ cc: draft.first.cc !== '', bcc: draft.first.bcc !== '' })
  const [size, setSize] = useState<'normal' | 'small' | 'large'>('normal')
  const [problem, setProblem] = useState<string>()
  const [sending, setSending] = useState(false)
  const [asks, setAsks] = useState<'discard' | 'subject' | 'later' | null>(null)
  /** When it was to leave while it was asked whether it needs no subject. */
  const later = useRef<number>(undefined)
  const toInput = useRef<HTMLInputElement>(null)
  const textInput = useRef<HTMLTextAreaElement>(null)
  const title = written.subject.trim() || 'New message'

  useEffect(() => {
    const isAnswer = open.start.kind === 'answer' && draft.first.to !== ''
    if (isAnswer) {
      textInput.current?.focus()
      textInput.current?.setSelectionRange(0, 0)
      textInput.current?.scrollTo(0, 0)
    } else toInput.current?.focus()
    // Whoever opens another message while this one is open keeps this one as a draft.
    return () => void draft.keep(true)
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [])
  useEffect(() => {
    if (written.identityId === null && identities[0] !== undefined) draft.change({ identityId: identities[0].id })
  }, [written.identityId, identities, draft])

  const close = () => {
    if (draft.hasContent()) void draft.keep(true).then(() => toast('Kept as a draft.', { icon: 'draft' }))
    composing.set(null)
  }
  const send = async (despite: { emptySubject: boolean; sendAtMs?: number }) => {
    if (sending) return
    setProblem(undefined)
    setSending(true)
    try {
      const ready = await draft.content()
      const stop = reasonNotTo(ready.written)
      if (stop !== undefined) return setProblem(stop)
      if (ready.content.subject.trim() === '' && !despite.emptySubject) {
        later.current = despite.sendAtMs
        return setAsks('subject')
      }
      const { entryId, undoUntilMs } = await api.compose.send({
        ...ready.content,
        sendAtMs: despite.sendAtMs ?? null,
        attachments: await withHandles(ready.content.attachments),
      })
      await draft.forget()
      composing.set(null)
      tellSent({
        entryId,
        subject: ready.content.subject.trim(),
        sendAtMs: despite.sendAtMs ?? null,
        undoUntilMs,
      })
    } catch (error) {
      setProblem(wordsOf(error))
    } finally {
      setSending(false)
    }
  }
  const line = (name: Line, label: 'To' | 'Cc' | 'Bcc', end?: React.ReactNode) => (
    <AddresseeField
      label={label}
      value={written.lines[name].list}
      typed={written.lines[name].typed}
      onTyped={(typed) => draft.changeLine(name, { typed })}
      onCommit={(typed) => void draft.commit(name, typed)}
      onRemove={(at) => draft.changeLine(name, { list: written.lines[name].list.filter((_, index) => index !== at) })}
      end={end}
      {...(name === 'to' ? { inputRef: toInput } : {})}
    />
  )

  return (
    // Keys belong to the whole panel, wherever in it one types.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section
      className="compose"
      data-size={size}
      role="dialog"
      aria-label={title}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
          event.preventDefault()
          void send({ emptySubject: false })
        } else if (event.key === 'Escape' && asks === null) close()
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault()
        draft.attach([...event.dataTransfer.files])
      }}
    >
      <div className="titlebar">
        <Icon name="draft" className="quiet" />
        <span className="name clip">{title}</span>
        <SavedNote saved={saved} />
        <span className="grow" />
        <IconButton
          icon={size === 'small' ? 'up' : 'minimise'}
          label={size === 'small' ? t('Show the message') : t('Fold to the title')}
          onClick={() => setSize(size === 'small' ? 'normal' : 'small')}
        />
        <IconButton
          icon="maximise"
          label={size === 'large' ? t('Smaller') : t('Fill the window')}
          onClick={() => setSize(size === 'large' ? 'normal' : 'large')}
        />
        <IconButton icon="x" label={t('Close and keep the draft')} keys="Esc" onClick={close} />
      </div>
      <div className="rows">
        <FromRow
          identities={identities}
          value={written.identityId}
          onChange={(identityId) => draft.change({ identityId })}
        />
        {line(
          'to',
          'To',
          <>
            {shows.cc ? null : (
              <Button kind="plain" onClick={() => setShows({ ...shows, cc: true })}>
                {t('Cc')}
              </Button>
            )}
            {shows.bcc ? null : (
              <Button kind="plain" onClick={() => setShows({ ...shows, bcc: true })}>
                {t('Bcc')}
              </Button>
            )}
          </>,
        )}
        {shows.cc ? line('cc', 'Cc') : null}
        {shows.bcc ? line('bcc', 'Bcc') : null}
        <div className="row subject">
          <label className="label" htmlFor="compose-subject">
            {t('Subject')}
          </label>
          <input
            id="compose-subject"
            value={written.subject}
            maxLength={900}
            onChange={(event) => draft.change({ subject: event.target.value })}
          />
        </div>
      </div>
      <textarea
        ref={textInput}
        className="edit"
        aria-label={t('Message text')}
        value={written.text}
        onChange={(event) => draft.change({ text: event.target.value })}
        onPaste={(event) => {
          if (event.clipboardData.files.length > 0) draft.attach([...event.clipboardData.files])
        }}
      />
      <AttachmentBar attached={written.attached} onDetach={draft.detach} />
      <div className="foot">
        <IconButton
          icon="trash"
          label={t('Discard the draft')}
          onClick={() => (draft.hasContent() ? setAsks('discard') : discard())}
        />
        <AttachButton onFiles={draft.attach} />
        <span className="grow clip problem" role="alert">
          {problem === undefined ? null : (
            <>
              <Icon name="alert" /> {problem}
            </>
          )}
        </span>
        <kbd className="opt">Ctrl Enter</kbd>
        <IconButton icon="clock" label={t('Send later')} disabled={sending} onClick={() => setAsks('later')} />
        <Button kind="primary" icon="sent" disabled={sending} onClick={() => void send({ emptySubject: false })}>
          {sending ? t('Sending') : t('Send')}
        </Button>
      </div>
      <Confirm
        title={t('Discard this message?')}
        isOpen={asks === 'discard'}
        action={t('Discard')}
        danger
        onClose={() => setAsks(null)}
        onConfirm={discard}
      >
        <p>{t('What you have written is gone then, its draft and attachments included.')}</p>
      </Confirm>
      {asks === 'later' ? (
        <SendLaterDialog
          onClose={() => setAsks(null)}
          onChoose={(sendAtMs) => {
            setAsks(null)
            void send({ emptySubject: false, sendAtMs })
          }}
        />
      ) : null}
      <Confirm
        title={t('Send without a subject?')}
        isOpen={asks === 'subject'}
        action={t('Send')}
        onClose={() => setAsks(null)}
        onConfirm={() =>
          void send({ emptySubject: true, ...(later.current === undefined ? {} : { sendAtMs: later.current }) })
        }
      >
        <p>{t('People find a message again by its subject.')}</p>
      </Confirm>
    </section>
  )

  function discard() {
    void draft.forget()
    composing.set(null)
  }
}

/** Why a message cannot be sent yet, or undefined. */
export function reasonNotTo({
  lines,
  attached,
  identityId,
}: ReturnType<typeof useDraft>['written']): string | undefined {
  const all = [...lines.to.list, ...lines.cc.list, ...lines.bcc.list]
  const bad = all.find((one) => one.problem !== null || one.address === null)
  if (identityId === null) return 'There is no identity to write as. Add one in the settings.'
  if (bad !== undefined) return `“${bad.text}” needs a look: ${bad.problem ?? 'it is not an address'}.`
  if (all.length === 0)
    return [lines.to, lines.cc, lines.bcc].every(({ typed }) => typed.trim() === '')
      ? 'Nobody is named in To, Cc or Bcc.'
      : 'The mail engine does not answer, so it has not read the addresses. Send again when it does.'
  if (attached.some((one) => one.problem !== null)) return 'An attachment could not be taken. Remove it or try again.'
  if (attached.some((one) => one.handle === null)) return 'An attachment is still on its way. Send again in a moment.'
  return undefined
}

function SavedNote({ saved }: { saved: ReturnType<typeof useDraft>['saved'] }) {
  switch (saved.at) {
    case 'no':
      return null
    case 'saving':
      return <span className="faint saved">{t('Saving the draft')}</span>
    case 'yes':
      return <span className="faint saved num">{t('Draft saved {ms}', { ms: clock(saved.ms) })}</span>
    case 'failed':
      return <span className="danger saved clip">{t('Draft not saved: {message}', { message: saved.message })}</span>
  }
}

function AttachButton({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        className="sr"
        aria-label={t('Attach files')}
        tabIndex={-1}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])])
          event.target.value = ''
        }}
      />
      <Button kind="plain" icon="clip" onClick={() => input.current?.click()}>
        {t('Attach')}
      </Button>
    </>
  )
}
