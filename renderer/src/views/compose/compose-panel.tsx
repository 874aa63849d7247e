import { useEffect, useRef, useState } from 'react'
import { clock } from '../../format/time.ts'
import { IconButton } from '../../parts/button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Icon } from '../../parts/icon.tsx'
import { useEngine } from '../../state/engine.tsx'
import { toast } from '../../state/toasts.ts'
import { t } from '../../words/words.ts'
import { AddresseeRows } from './addressee-rows.tsx'
import { AttachmentBar } from './attachment-bar.tsx'
import { removeQuote, toggleFormat, writeAs } from './change-text.ts'
import { ComposeFoot } from './compose-foot.tsx'
import { composing, type Composing } from './composer.ts'
import { SaveTemplateDialog, TemplateDialog } from './dialogs.tsx'
import { MessageCommands } from './message-commands.tsx'
import { optionsOf } from './options.ts'
import { ReviewDialog } from './review-dialog.tsx'
import { SendLaterDialog } from './send-later.tsx'
import { insertTemplate, nameAllInBcc, startWriting } from './start-writing.ts'
import { terms, useTerms } from './terms.ts'
import { TextPane } from './text-pane.tsx'
import { useDraft, type DraftState } from './use-draft.ts'
import { usePictures } from './use-pictures.ts'
import { useLimits } from './use-limits.ts'
import { useRecovery } from './use-recovery.ts'
import { useSending } from './use-sending.ts'
import { useWritingCommands } from './use-writing-commands.ts'

/** The composer, if one is open, and what begins one from a message. */
export function ComposePanel() {
  const open = composing.use()
  useTerms()
  useRecovery()
  return (
    <>
      <MessageCommands />
      {open === null ? null : <Composer key={open.key} open={open} />}
    </>
  )
}

type Asks = 'discard' | 'later' | 'insert-template' | 'save-template'

function Composer({ open }: { readonly open: Composing }) {
  const { identities } = useEngine()
  const draft = useDraft(open.start, identities[0], terms.get().format)
  const { written, saved } = draft
  const [size, setSize] = useState<'normal' | 'small' | 'large'>('normal')
  const [asks, setAsks] = useState<Asks | null>(null)
  const [dropping, setDropping] = useState(false)
  const toInput = useRef<HTMLInputElement>(null)
  const textInput = useRef<HTMLTextAreaElement>(null)
  const fileInput = useRef<HTMLInputElement>(null)
  const pictures = usePictures(draft, open.start)
  const limits = useLimits(written)
  const sending = useSending(draft, () => composing.set(null))
  const title = written.subject.trim() || t('New message')

  useEffect(() => {
    startWriting(draft, open.start, toInput.current, textInput.current)
    // Whoever opens another message while this one is open keeps this one as a draft.
    return () => void draft.keep(true)
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [])
  useEffect(() => {
    if (written.identityId === null && identities[0] !== undefined) draft.patch({ identityId: identities[0].id })
  }, [written.identityId, identities, draft])

  const close = () => {
    if (draft.hasContent()) void draft.keep(true).then(() => toast(t('Kept as a draft.'), { icon: 'draft' }))
    composing.set(null)
  }
  const discard = () => {
    void draft.forget()
    composing.set(null)
  }
  const attach = (files: readonly File[]) => draft.attach(files.map((file) => ({ file })))
  const toggleReplyTo = () => draft.change({ hasReplyTo: !written.hasReplyTo })
  const look = () => void sending.look()
  const onKeyDown = useWritingCommands({
    'send': () => void sending.send(null),
    'send-later': () => setAsks('later'),
    'attach': () => fileInput.current?.click(),
    'toggle-format': () => toggleFormat(draft),
    'remove-quote': () => removeQuote(draft),
    'insert-template': () => setAsks('insert-template'),
    'save-template': () => setAsks('save-template'),
    'look-over': look,
  })

  return (
    // Keys belong to the whole panel, wherever in it one types.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section
      className="compose"
      data-size={size}
      data-dropping={dropping || undefined}
      role="dialog"
      aria-label={title}
      onKeyDown={(event) => {
        // The editor takes Escape for itself; whatever else has taken it was a menu or a dialog.
        const isText = event.target instanceof Element && event.target.closest('.rich') !== null
        const isOurs = asks === null && sending.asked === null && (isText || !event.defaultPrevented)
        if (event.key === 'Escape' && isOurs) close()
        else onKeyDown(event)
      }}
      onDragOver={(event) => {
        event.preventDefault()
        if (event.dataTransfer.types.includes('Files')) setDropping(true)
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDropping(false)
      }}
      onDropCapture={() => setDropping(false)}
      onDrop={(event) => {
        event.preventDefault()
        attach([...event.dataTransfer.files])
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
      <AddresseeRows
        draft={draft}
        toInput={toInput}
        onIdentity={(id) => {
          const next = identities.find((one) => one.id === id)
          const before = identities.find((one) => one.id === written.identityId)
          if (next !== undefined) writeAs(draft, next, before)
        }}
      />
      <TextPane draft={draft} pictures={pictures} textInput={textInput} />
      <AttachmentBar attached={written.attached} limits={limits} onDetach={draft.detach} onRename={draft.rename} />
      <ComposeFoot
        problem={sending.problem}
        busy={sending.busy}
        options={optionsOf(draft, {
          toggleFormat: () => toggleFormat(draft),
          toggleReplyTo,
          removeQuote: () => removeQuote(draft),
          insertTemplate: () => setAsks('insert-template'),
          saveTemplate: () => setAsks('save-template'),
          look,
        })}
        fileInput={fileInput}
        onFiles={attach}
        onAttach={() => fileInput.current?.click()}
        onDiscard={() => (draft.hasContent() ? setAsks('discard') : discard())}
        onLater={() => setAsks('later')}
        onSend={() => void sending.send(null)}
      />
      <Questions asks={asks} draft={draft} onAnswered={() => setAsks(null)} onDiscard={discard} send={sending.send} />
      {sending.asked === null ? null : (
        <ReviewDialog
          asked={sending.asked}
          onAnyway={() => sending.answer(true)}
          onBack={() => sending.answer(false)}
          onBcc={() => {
            nameAllInBcc(draft)
            sending.answer(false)
          }}
        />
      )}
    </section>
  )
}

interface QuestionsProps {
  readonly asks: Asks | null
  readonly draft: DraftState
  readonly onAnswered: () => void
  readonly onDiscard: () => void
  readonly send: (sendAtMs: number) => Promise<void>
}

/** What is asked over the composer. */
function Questions({ asks, draft, onAnswered, onDiscard, send }: QuestionsProps) {
  if (asks === 'later')
    return (
      <SendLaterDialog
        onClose={onAnswered}
        onChoose={(sendAtMs) => {
          onAnswered()
          void send(sendAtMs)
        }}
      />
    )
  if (asks === 'insert-template')
    return (
      <TemplateDialog
        onClose={onAnswered}
        onPick={({ content }) => {
          onAnswered()
          insertTemplate(draft, content)
        }}
      />
    )
  if (asks === 'save-template') return <SaveTemplateDialog content={draft.contentNow()} onClose={onAnswered} />
  return (
    <Confirm
      title={t('Discard this message?')}
      isOpen={asks === 'discard'}
      action={t('Discard')}
      danger
      onClose={onAnswered}
      onConfirm={onDiscard}
    >
      <p>{t('What you have written is gone then, its draft and attachments included.')}</p>
    </Confirm>
  )
}

function SavedNote({ saved }: { saved: DraftState['saved'] }) {
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
