import { Icon } from '../../parts/icon.tsx'
import { spokenLocale, t } from '../../words/words.ts'
import { languageName, textLanguages } from './text-languages.ts'
import { useCheckedLanguages } from './use-spelling.ts'

interface Props {
  /** Null: the usual one. */
  readonly value: string | null
  /** What the identity writes in; null: the language of the window. */
  readonly usual: string | null
  readonly onChange: (language: string | null) => void
}

/** The language of the text, which its spelling is checked in and which screen readers speak. */
export function LanguageSelect({ value, usual, onChange }: Props) {
  const checked = useCheckedLanguages()
  return (
    <span className="text-language" title={t('Language of the text')}>
      <Icon name="globe" />
      <select
        className="select bare"
        aria-label={t('Language of the text')}
        value={value ?? ''}
        onChange={(event) => onChange(event.target.value === '' ? null : event.target.value)}
      >
        <option value="">{languageName(usual ?? spokenLocale())}</option>
        {textLanguages(checked, value).map(([tag, name]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </select>
    </span>
  )
}
