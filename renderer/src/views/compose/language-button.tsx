import { MenuButton } from '../../parts/menu.tsx'
import { spokenLocale, t } from '../../words/words.ts'
import { languageName, textLanguages } from './text-languages.ts'
import { useCheckedLanguages } from './use-spelling.ts'

interface Props {
  /** Null: the one of the window. */
  readonly value: string | null
  readonly onChange: (language: string | null) => void
}

/** The language of the text, which its spelling is checked in and which screen readers speak. */
export function LanguageButton({ value, onChange }: Props) {
  const checked = useCheckedLanguages()
  const own = spokenLocale()
  return (
    <MenuButton
      label={t('Language of the text: {language}', { language: languageName(value ?? own) })}
      icon="globe"
      entries={[
        {
          id: 'own',
          label: t('As the window: {language}', { language: languageName(own) }),
          icon: value === null ? 'check' : 'globe',
          run: () => onChange(null),
        },
        ...textLanguages(checked, value).map(([tag, name]) => ({
          id: `of-${tag}`,
          label: name,
          icon: value === tag ? ('check' as const) : ('globe' as const),
          run: () => onChange(tag),
        })),
      ]}
    />
  )
}
