/**
 * Tells junk from mail by the words each has had so far: Bayes' rule for each word, and Fisher's way to put many words together, as
 * Gary Robinson has described it. Nothing here knows a language; what is learnt is what one person has sorted.
 */

/** What a message is judged by. */
export interface JunkText {
  readonly subject: string
  readonly authorName: string
  readonly authorAddress: string
  readonly body: string
  readonly parts?: readonly { readonly filename: string }[]
}
/** How many messages of each kind held a word; or were learnt at all. */
export interface JunkCounts {
  readonly junk: number
  readonly good: number
}
/** What a message comes to: from 0, surely mail, to 1, surely junk; and the words that say most, the strongest first. */
export interface JunkVerdict {
  readonly score: number
  readonly telling: readonly { readonly word: string; readonly score: number }[]
}

/** Of fewer lessons of either kind nothing is concluded. */
export const FEWEST_LESSONS = 10
/** So much of a text, and so many words of it, are looked at. */
const LONGEST_TEXT = 50_000
const MOST_WORDS = 2000
/** A word is believed as one that was met this often has been before it was met at all. */
const DOUBT = 0.45
/** Words that say next to nothing are left out, and of the others the strongest count. */
const LEAST_STRENGTH = 0.1
const MOST_TELLING = 150

/** Scripts that put no spaces between words: two letters side by side stand for one. */
const PAIRS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u

/** The words a message is judged by, each once; where a word stood goes before it, where that tells something. */
export function junkWords({ subject, authorName, authorAddress, body, parts = [] }: JunkText): string[] {
  const words = new Set<string>()
  const add = (text: string, where: string) => {
    for (const [, host = ''] of text.matchAll(/\bhttps?:\/\/([a-z0-9.-]{1,100})/gi)) put(`link:${host.toLowerCase()}`)
    for (const [word] of text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}\p{M}'’$€£%!-]*/gu)) {
      const folded = word.normalize('NFKC').toLowerCase()
      if (PAIRS.test(folded)) for (let n = 0; n + 1 < folded.length; n++) put(where + folded.slice(n, n + 2))
      else if (folded.length >= 3 && folded.length <= 30) put(where + folded)
    }
  }
  const put = (word: string) => {
    if (words.size < MOST_WORDS) words.add(word)
  }
  const address = authorAddress.toLowerCase().slice(0, 320)
  if (address !== '') {
    put(`from:${address}`)
    put(`from:${address.slice(address.lastIndexOf('@') + 1)}`)
  }
  add(authorName.slice(0, 200), 'name:')
  add(subject.slice(0, 1000), 'subject:')
  for (const { filename } of parts.slice(0, 20))
    put(`file:${/\.([a-z0-9]{1,8})$/i.exec(filename)?.[1]?.toLowerCase() ?? '-'}`)
  add(body.slice(0, LONGEST_TEXT), '')
  return [...words]
}

/**
 * What words come to. `countsOf`: how often each was met, for those that were. Null where too little has been learnt to say.
 */
export function judgeJunk(
  words: readonly string[],
  countsOf: ReadonlyMap<string, JunkCounts>,
  lessons: JunkCounts,
): JunkVerdict | null {
  if (Math.min(lessons.junk, lessons.good) < FEWEST_LESSONS) return null
  const telling = words
    .flatMap((word) => {
      const counts = countsOf.get(word)
      if (counts === undefined || counts.junk + counts.good <= 0) return []
      const junk = counts.junk / lessons.junk
      const good = counts.good / lessons.good
      const met = counts.junk + counts.good
      const score = (DOUBT * 0.5 + met * (junk / (junk + good))) / (DOUBT + met)
      return Math.abs(score - 0.5) < LEAST_STRENGTH ? [] : [{ word, score }]
    })
    .toSorted((a, b) => Math.abs(b.score - 0.5) - Math.abs(a.score - 0.5) || (a.word < b.word ? -1 : 1))
    .slice(0, MOST_TELLING)
  if (telling.length === 0) return { score: 0.5, telling }
  const sum = (of: (score: number) => number) => telling.reduce((all, { score }) => all + Math.log(of(score)), 0)
  const junkness = 1 - chiSquareTail(-2 * sum((score) => 1 - score), 2 * telling.length)
  const goodness = 1 - chiSquareTail(-2 * sum((score) => score), 2 * telling.length)
  return { score: (1 + junkness - goodness) / 2, telling }
}

/** How likely chance alone gives at least this sum of squares, for an even number of degrees of freedom. */
export function chiSquareTail(sum: number, degrees: number): number {
  const half = sum / 2
  let term = Math.exp(-half)
  let all = term
  for (let n = 1; n < degrees / 2; n++) {
    term *= half / n
    all += term
  }
  return Math.min(all, 1)
}
