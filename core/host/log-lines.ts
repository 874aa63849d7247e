import type { EventView, SessionView } from '../rpc/views.ts'
import { harmless, size, table, time } from './print.ts'

/** Colours of a terminal, or none. */
export type Paint = (text: string, colour: keyof typeof COLOURS) => string
const COLOURS = { dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

/** Paints for a terminal, or leaves all as it is. */
export const painter =
  (hasColour: boolean): Paint =>
  (text, colour) =>
    hasColour && text !== '' ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text

/**
 * The arguments of a command with `--color` where its words go to a terminal that takes colour (no-color.org) and nobody has said
 * otherwise: the command itself may run in another process.
 */
export function withColour(
  argv: readonly string[],
  out: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const [command = '', ...rest] = argv
  const isPlain = out.isTTY !== true || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb'
  return isPlain || rest.includes('--color') || rest.includes('--no-color') ? argv : [command, '--color', ...rest]
}

type Line = Extract<EventView, { kind: 'line' }>

/** What an answer says, as a colour; none for what is no answer. */
function colourOf({ from, spans: [first] }: Line): 'red' | 'yellow' | 'green' | undefined {
  if (from === 'C' || typeof first !== 'string') return undefined
  if (/^(5\d\d[ -]|-ERR|\S+ (NO|BAD)\b|\* BYE)/i.test(first)) return 'red'
  if (/^4\d\d[ -]/.test(first)) return 'yellow'
  return /^([23]\d\d[ -]|\+OK|\S+ OK\b)/i.test(first) ? 'green' : undefined
}

/** Who speaks, and whether others can listen. */
const markOf = ({ from, tls }: { readonly from: 'C' | 'S'; readonly tls: boolean }) =>
  from === 'C' ? (tls ? '⇝' : '→') : tls ? '⇜' : '←'
const secretText = (user?: string) => (user === undefined ? '<secret>' : `<secret of ${harmless(user)}>`)

/** One event as one line: time, mark, text. The marks are those of the window's log, and tell all without colour. */
export function lineOf(event: EventView, paint: Paint): string {
  const at = paint(`${time(event.atMs).slice(11)} +${event.sinceMs.toFixed(0)}ms`, 'dim')
  const note = (text: string) => `${at} ${paint(`= ${harmless(text)}`, 'dim')}`
  switch (event.kind) {
    case 'line': {
      const text = event.spans
        .map((span) => (typeof span === 'string' ? harmless(span) : secretText(span.user)))
        .join('')
      const [word = '', rest = ''] = /^(\S*)(.*)$/s.exec(text)?.slice(1) ?? []
      const colour = event.from === 'C' ? 'cyan' : colourOf(event)
      return `${at} ${markOf(event)} ${colour === undefined ? text : paint(word, colour) + rest}`
    }
    case 'content':
      return `${at} ${markOf(event)} (message content, ${size(event.bytes)})`
    case 'tls': {
      const { version, cipher, trusted, distrust = 'unknown' } = event.facts
      return note(`${version} ${cipher}, certificate ${trusted ? 'trusted' : `not trusted (${distrust})`}`)
    }
    case 'note':
      return note(event.text)
    case 'closed': {
      const by = event.by === 'us' ? 'us' : event.by === 'C' ? 'the client' : 'the server'
      return note(`closed by ${by}${event.why === undefined ? '' : `: ${event.why}`}`)
    }
  }
}

const ARROWS = { client: '→', server: '←' } as const

/** Sessions as a table; '' for none. */
export function sessionTable(sessions: readonly SessionView[]): string {
  return table(
    ['ID', 'TIME', 'WIRE', 'PEER', 'ADDRESS', 'WORST', 'MSG', 'STATE'],
    sessions.map((s) => [
      s.id,
      time(s.startedMs),
      `${s.protocol.toUpperCase()} ${ARROWS[s.side]}${s.tls ? ' tls' : ''}`,
      s.peer,
      s.address,
      s.worst || '-',
      s.messages,
      s.state,
    ]),
  )
}
