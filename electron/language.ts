import { LANGUAGES, languageFor, PSEUDO } from '../core/model/languages.ts'
import { speak } from '../core/model/words.ts'

/** Speaks the language of the setting `look.language` from now on: the shell's menus and dialogs say what the window says. */
export async function speakAs(setting: unknown, systemLanguages: readonly string[]): Promise<void> {
  const wanted = typeof setting === 'string' && setting !== 'system' ? setting : languageFor(systemLanguages)
  const language = wanted === PSEUDO || Object.hasOwn(LANGUAGES, wanted) ? wanted : 'en'
  const catalogue =
    language === 'en' || language === PSEUDO ? {} : ((await import('./catalogues.ts')).CATALOGUES[language] ?? {})
  // Times and numbers are written as in one's own region, where it speaks the language.
  const regional = systemLanguages.find((tag) => tag.split('-')[0] === language)
  speak(regional ?? language, catalogue)
}
