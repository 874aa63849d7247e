import { spokenLocale } from '../../words/words.ts'

/** What people write in, where nobody says what can be checked. */
const COMMON =
  'ar bg bn ca cs cy da de el en es et eu fa fi fr ga gl he hi hr hu id is it ja ko lt lv mk ms nb nl pl pt ro ru sk sl sq sr sv ta th tr uk ur vi zh'.split(
    ' ',
  )

/** A language as people of the window's own call it. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames([spokenLocale()], { type: 'language' }).of(tag) ?? tag
  } catch {
    return tag // one that nobody knows
  }
}

/** The languages to choose from beside the window's own, by name: those whose spelling the desktop checks, else what the person and others write in. */
export function textLanguages(
  checked: readonly string[],
  chosen: string | null,
): readonly (readonly [string, string])[] {
  const known = checked.length > 0 ? checked : [...navigator.languages, ...COMMON]
  const tags = new Set([...known, ...(chosen === null ? [] : [chosen])].filter((tag) => tag !== spokenLocale()))
  const names = [...tags].map((tag) => [tag, languageName(tag)] as const)
  return names.toSorted((a, b) => a[1].localeCompare(b[1], spokenLocale()))
}
