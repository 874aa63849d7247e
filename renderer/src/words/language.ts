import { LANGUAGES, PSEUDO, languageFor } from '../../../core/model/languages.ts'
import { speak, type Catalogue } from '../../../core/model/words.ts'
import { shared } from '../state/store.ts'

/** The catalogues, each a file of its own that is read when its language is chosen. */
const CATALOGUES = import.meta.glob<Catalogue>('../../../resources/words/*.json', { import: 'default' })
/** Of languages that are written from right to left. */
const RIGHT_TO_LEFT: ReadonlySet<string> = new Set(['ar'])
const KEPT = 'posthorn.language'

/** The language the window speaks: when it changes, the window is drawn anew. */
export const language = shared('en')

let chosen: string | undefined

/** Speaks the language of the setting `look.language`: one of LANGUAGES, `system` or the pseudo-language. */
export async function chooseLanguage(wanted: string): Promise<void> {
  const next =
    wanted === PSEUDO || Object.hasOwn(LANGUAGES, wanted)
      ? wanted
      : languageFor(navigator.languages.length > 0 ? navigator.languages : [navigator.language])
  localStorage.setItem(KEPT, wanted)
  if (next === chosen) return
  chosen = next
  // The pseudo-language knows the engine's sentences by the keys of any catalogue.
  const read = CATALOGUES[`../../../resources/words/${next === PSEUDO ? 'de' : next}.json`]
  // Words that can't be had are no reason to show nothing: they are English then.
  const sentences = read === undefined ? {} : await read().catch((): Catalogue => ({}))
  // Somebody has chosen another one meanwhile.
  if (next !== chosen) return
  // Dates and numbers as the person's own country has them, where it speaks that language.
  const regional = navigator.languages.find((tag) => tag.toLowerCase().startsWith(`${next}-`))
  speak(regional ?? (next === 'en' ? 'en-GB' : next), sentences)
  document.documentElement.lang = next === PSEUDO ? 'en' : next
  document.documentElement.dir = RIGHT_TO_LEFT.has(next) ? 'rtl' : 'ltr'
  language.set(next)
}

/** The language of the last time, until the settings have been read; they can't be while the mail is locked. */
export const keptLanguage = () => localStorage.getItem(KEPT) ?? 'system'
