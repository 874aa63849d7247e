/** The languages a person can choose, each by its own name; all but English have a catalogue in resources/words. */
export const LANGUAGES = {
  en: 'English',
  de: 'Deutsch',
  fr: 'Français',
  ja: '日本語',
  ar: 'العربية',
} as const
/** A language that is spoken. */
export type Language = keyof typeof LANGUAGES
/** Beside the languages: English with every letter changed, by which a translator sees what escaped the catalogue. */
export const PSEUDO = 'en-XA'

/** The first of the wanted languages (BCP 47 tags, best first) that is spoken here; English when none is. */
export function languageFor(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const short = tag.toLowerCase().split('-')[0] ?? ''
    if (Object.hasOwn(LANGUAGES, short)) return short as Language
  }
  return 'en'
}
