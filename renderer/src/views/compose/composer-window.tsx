import { useEffect, useRef, useState } from 'react'
import { lone } from '../../bridge/shell.ts'
import { keyOf } from '../../commands/bindings.ts'
import { clock } from '../../format/time.ts'
import { IconButton } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { useEngine } from '../../state/engine.tsx'
import { shared } from '../../state/store.ts'
import { toast } from '../../state/toasts.ts'
import { t } from '../../words/words.ts'
import { AddresseeRows } from './addressee-rows.tsx'
import { AttachmentBar } from './attachment-bar.tsx'
import { removeQuote, toggleFormat, writeAs } from './change-text.ts'
import { ComposeDock, titleOf } from './compose-dock.tsx'
import { ComposeFoot } from './compose-foot.tsx'
import { bringToFront, closeComposer, composing, noteComposer, type Composing } from './composer.ts'
import { optionsOf } from './options.ts'
import { openInOwnWindow } from './own-window.ts'
import { Questions, type Asks } from './questions.tsx'
import { ReviewDialog } from './review-dialog.tsx'
import { nameAllInBcc, startWriting } from './start-writing.ts'
import { terms } from './terms.ts'
import { TextPane } from './text-pane.tsx'
import { useDraft, type DraftState } from './use-draft.ts'
import { useLimits } from './use-limits.ts'
import { usePictures } from './use-pictures.ts'
import { useReturningFocus } from './use-returning-focus.ts'
import { useSending } from './use-sending.ts'
import { useSpelling } from './use-spelling.ts'
import { useWritingCommands } from './use-writing-commands.ts'

/** How much room composers take in this window. */
const room = shared<'normal' | 'large'>('normal')

/** One message being written. It stays as it is while another is in front. */
export function Composer({ open }: { readonly open: Composing }) {
  const { identities } = useEngine()
  const desk = composing.use()
  const { key, start } = open
  const isFront = desk.front === key
  const draft = useDraft(start, identities[0], terms.get().format, (draftId) => noteComposer(key, { draftId }))
  const { written, saved } = draft
  const size = room.use()
  const [asks, setAsks] = useState<Asks | null>(null)
  const [dropping, setDropping] = useState(false)
  const panel = useRef<HTMLElement>(null)
  const toInput = useRef<HTMLInputElement>(null)
  const textInput = useRef<HTMLTextAreaElement>(null)
  const fileInput = useRef<HTMLInputElement>(null)
  const pictures = usePictures(draft, start)
  const limits = useLimits(written)
  const sending = useSending(draft, () => closeComposer(key))
  const hasBegun = useRef(false)
  useReturningFocus(panel, isFront)
  const usual = identities.find(({ id }) => id === written.identityId)?.language || null
  const language = written.language ?? usual
  useSpelling(language, isFront)

  const begin = (isRichReady: boolean) => {
    if (hasBegun.current) return
    // An answer begins in its text, and rich text may still be on its way.
    if (start.kind === 'answer' && draft.first.to !== '' && written.format === 'rich' && !isRichReady) return
    hasBegun.current = true
    startWriting(draft, start, toInput.current, textInput.current)
  }
  useEffect(() => {
    begin(draft.editor() !== null)
    // Whatever takes it away keeps it as a draft.
    return () => void draft.keep(true)
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [])
  useEffect(() => {
    if (written.identityId === null && identities[0] !== undefined) draft.patch({ identityId: identities[0].id })
  }, [written.identityId, identities, draft])
  useEffect(() => noteComposer(key, { subject: written.subject }), [key, written.subject])

  const close = () => {
    if (draft.hasContent()) void draft.keep(true).then(() => toast(t('Kept as a draft.'), { icon: 'draft' }))
    closeComposer(key)
  }
  const discard = () => {
    void draft.forget()
    closeComposer(key)
  }
  const attach = (files: readonly File[]) => draft.attach(files.map((file) => ({ file })))
  const toggleReplyTo = () => draft.change({ hasReplyTo: !written.hasReplyTo })
  const look = () => void sending.look()
  const toOwnWindow = () => void openInOwnWindow(draft, () => closeComposer(key))
  const onKeyDown = useWritingCommands(
    isFront
      ? {
          'send': () => void sending.send(null),
          'send-later': () => setAsks('later'),
          'attach': () => fileInput.current?.click(),
          'toggle-format': () => toggleFormat(draft),
          'remove-quote': () => removeQuote(draft),
          'insert-template': () => setAsks('insert-template'),
          'save-template': () => setAsks('save-template'),
          'look-over': look,
          'fold-written': () => bringToFront(null),
          ...(lone?.kind === 'compose' ? {} : { 'own-window': toOwnWindow }),
        }
      : {},
  )

  return (
    // Keys belong to the whole panel, wherever in it one types.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section
      ref={panel}
      className="compose"
      hidden={!isFront}
      data-size={size}
      data-dropping={dropping || undefined}
      role="dialog"
      aria-label={titleOf(written)}
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
      {desk.open.length > 1 && isFront ? <ComposeDock {...desk} /> : null}
      <div className="titlebar">
        <Icon name="draft" className="quiet" />
        <span className="name clip">{titleOf(written)}</span>
        <SavedNote saved={saved} />
        <span className="grow" />
        <IconButton
          icon="minimise"
          label={t('Fold to the title')}
          {...keysFor('fold-written')}
          onClick={() => bringToFront(null)}
        />
        <IconButton
          icon="maximise"
          label={size === 'large' ? t('Smaller') : t('Fill the window')}
          onClick={() => room.set(size === 'large' ? 'normal' : 'large')}
        />
        <IconButton
          icon="external"
          label={t('Open in a window of its own')}
          {...keysFor('own-window')}
          onClick={toOwnWindow}
        />
        <IconButton icon="x" label={t('Close and keep the draft')} keys="Esc" onClick={close} />
      </div>
      <AddresseeRows
        draft={draft}
        language={language}
        toInput={toInput}
        onIdentity={(id) => {
          const next = identities.find((one) => one.id === id)
          const before = identities.find((one) => one.id === written.identityId)
          if (next !== undefined) writeAs(draft, next, before)
        }}
      />
      <TextPane
        draft={draft}
        language={language}
        pictures={pictures}
        textInput={textInput}
        onRich={() => begin(true)}
      />
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
        language={{ own: written.language, usual }}
        onLanguage={(chosen) => draft.change({ language: chosen })}
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

const keysFor = (id: string) => {
  const keys = keyOf(id)
  return keys === undefined ? {} : { keys }
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
