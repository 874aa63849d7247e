import type { Reply } from '../../model/reply.ts'

/** Builds a reply. Every line of ours is one constant sentence: nothing a client said is ever said back. */
export function reply(code: number, enhanced: string | undefined, ...lines: readonly [string, ...string[]]): Reply {
  return enhanced === undefined ? { code, lines } : { code, enhanced, lines }
}

/** The wire lines of a reply without their CRLF (RFC 5321 §4.2.1, RFC 2034 §4): each one carries the enhanced code. */
export function replyLines(said: Reply): string[] {
  const enhanced = said.enhanced === undefined ? '' : `${said.enhanced} `
  if (said.lines.length === 1) return [`${said.code} ${enhanced}${clean(said.lines[0] ?? '')}`]
  const last = said.lines.length - 1
  return said.lines.map((line, i) => `${said.code}${i === last ? ' ' : '-'}${enhanced}${clean(line)}`)
}

const LONGEST_LINE = 480
const PLAIN = /^[ -~]*$/
/** RFC 5321 §4.5.3.1.5 ends a reply line at 512 octets; a joint may hand in words of another server, so it is held here. */
function clean(line: string): string {
  return line.length <= LONGEST_LINE && PLAIN.test(line) ? line : line.replaceAll(/[^ -~]/g, '?').slice(0, LONGEST_LINE)
}
