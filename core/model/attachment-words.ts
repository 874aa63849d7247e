/**
 * Words by which people announce a file, in the languages the window speaks. Whole words, but where a language writes none apart;
 * `\p{L}` keeps out words that only begin or end so.
 */
const WORDS = [
  // English
  'attach(?:ed|ing|ment|ments)?',
  'enclosed',
  'enclosure',
  // German
  'anhänge?',
  'anhangs?',
  'anhängen',
  'angehängt(?:e[mnrs]?)?',
  'anbei',
  'beigefügt(?:e[mnrs]?)?',
  'anlagen?',
  // French
  'pi[eè]ces? jointes?',
  'ci-joint(?:e?s?)?',
  'joint(?:e?s?) [àa] ce',
  'en annexe',
  'je joins',
  // Arabic
  'مرفق(?:ات|اً|ا)?',
  'المرفق(?:ات|ة)?',
  'أرفقت',
  'مرفقة',
]
const SPACED = new RegExp(`(?<![\\p{L}\\p{N}])(?:${WORDS.join('|')})(?![\\p{L}\\p{N}])`, 'iu')
// Japanese parts no words.
const JAPANESE = /添付|同封/u

/** Of longer text the beginning is looked at: an announcement stands near it. */
const LONGEST = 100_000

/** The word by which a text announces a file; undefined where it does not. What is quoted and the signature were written before. */
export function announcedFile(subject: string, text: string): string | undefined {
  const own = `${subject}\n${text.slice(0, LONGEST)}`.split(/^-- $/m, 1)[0] ?? ''
  const lines = own.split('\n').filter((line) => !line.startsWith('>'))
  // What is sent on was written by somebody else.
  const forwarded = lines.findIndex((line) => /^-{5,} .+ -{5,}$/.test(line))
  const written = (forwarded < 0 ? lines : lines.slice(0, forwarded)).join('\n').normalize('NFC')
  return SPACED.exec(written)?.[0] ?? JAPANESE.exec(written)?.[0]
}
