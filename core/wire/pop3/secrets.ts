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
 * Where a server's line repeats a secret; some do so when they refuse it. A short one would be found everywhere, so the whole
 * text after the status is hidden then.
 */
export function echoesOf(line: string, secrets: readonly string[]): Ranges {
  const text = line.toLowerCase()
  const hidden: boolean[] = []
  for (const secret of secrets) {
    const sought = secret.toLowerCase()
    if (sought === '') continue
    if (sought.length < 4 && text.includes(sought))
      hidden.fill(true, Math.min(line.indexOf(' ') + 1 || line.length, line.length), (hidden.length = line.length))
    for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + 1))
      for (let i = at; i < at + sought.length; i++) hidden[i] = true
  }
  const ranges: [number, number][] = []
  for (let i = 0; i < line.length; i++) {
    if (hidden[i] !== true) continue
    const last = ranges.at(-1)
    if (last?.[1] === i) last[1] = i + 1
    else ranges.push([i, i + 1])
  }
  return ranges
}

/** The line with each range as `<secret>`. */
export function withoutSecrets(line: string, ranges: Ranges): string {
  return ranges.toReversed().reduce((text, [from, to]) => `${text.slice(0, from)}<secret>${text.slice(to)}`, line)
}
