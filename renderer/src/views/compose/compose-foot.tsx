import type { Ref } from 'react'
import { keyOf } from '../../commands/bindings.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { MenuButton, type MenuEntry } from '../../parts/menu.tsx'
import { t } from '../../words/words.ts'
import { LanguageSelect } from './language-select.tsx'

interface Props {
  readonly problem: string | undefined
  readonly busy: boolean
  readonly options: readonly MenuEntry[]
  readonly language: { readonly own: string | null; readonly usual: string | null }
  readonly onLanguage: (language: string | null) => void
  readonly fileInput: Ref<HTMLInputElement>
  readonly onFiles: (files: readonly File[]) => void
  readonly onAttach: () => void
  readonly onDiscard: () => void
  readonly onLater: () => void
  readonly onSend: () => void
}

/** What is done with the message as a whole. */
export function ComposeFoot(props: Props) {
  const { problem, busy } = props
  const key = keyOf('send')
  return (
    <div className="foot">
      <IconButton icon="trash" label={t('Discard the draft')} onClick={props.onDiscard} />
      <input
        ref={props.fileInput}
        type="file"
        multiple
        className="sr"
        aria-label={t('Attach files')}
        tabIndex={-1}
        onChange={(event) => {
          props.onFiles([...(event.target.files ?? [])])
          event.target.value = ''
        }}
      />
      <Button kind="plain" icon="clip" onClick={props.onAttach}>
        {t('Attach')}
      </Button>
      <MenuButton label={t('Options of the message')} icon="more" entries={props.options} />
      <LanguageSelect value={props.language.own} usual={props.language.usual} onChange={props.onLanguage} />
      <span className="grow clip problem" role="alert">
        {problem === undefined ? null : (
          <>
            <Icon name="alert" /> {problem}
          </>
        )}
      </span>
      {key === undefined ? null : <kbd className="opt">{key}</kbd>}
      <IconButton icon="clock" label={t('Send later')} disabled={busy} onClick={props.onLater} />
      <Button kind="primary" icon="sent" disabled={busy} onClick={props.onSend}>
        {busy ? t('Sending') : t('Send')}
      </Button>
    </div>
  )
}
