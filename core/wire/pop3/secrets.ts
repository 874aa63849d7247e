/** Half-open byte ranges of a line that must never be stored. */
export type Ranges = readonly (readonly [number, number])[]

/**
 * What is secret in a client's command line, without CRLF: the argument of PASS, the digest of APOP (it can be searched
 * for the password), and what AUTH carries beyond the mechanism's name (RFC 5034 §4).
 */
export function secretsOfCommand(line: string): Ranges {
  const found = /^(?:PASS(?: |$)|APOP +[^ ]+ +|AUTH +[^ ]+ +)/i.exec(line)
  return found ? [[found[0].length, line.length]] : []
}

/**
 * Where a server's line repeats a password; some do so when they refuse it. A short one would be found everywhere, so the
 * whole text after the status is hidden then.
 */
export function echoesOf(line: string, password: string): Ranges {
  if (password === '' || !line.toLowerCase().includes(password.toLowerCase())) return []
  if (password.length < 4) return [[Math.min(line.indexOf(' ') + 1 || line.length, line.length), line.length]]
  const ranges: [number, number][] = []
  const text = line.toLowerCase()
  for (let at = text.indexOf(password.toLowerCase()); at >= 0; at = text.indexOf(password.toLowerCase(), at + 1))
    ranges.push([at, at + password.length])
  return ranges
}

/** The line with each range as `<secret>`. */
export function withoutSecrets(line: string, ranges: Ranges): string {
  return ranges.toReversed().reduce((text, [from, to]) => `${text.slice(0, from)}<secret>${text.slice(to)}`, line)
}
