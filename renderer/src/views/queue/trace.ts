import type { EventView, SessionView } from '../../../../core/rpc/views.ts'
import type { IconName } from '../../parts/icons.ts'
import { distrustWords } from '../log/distrust.ts'
import { exchangesOf, lineText, tlsName, type Exchange } from '../log/exchange.ts'

/** One step of a delivery, with the place in the log that shows it. */
export interface Step {
  readonly title: string
  readonly text: string
  readonly seq: number
  readonly atMs: number
  /** Ms since the step before. */
  readonly tookMs: number
  readonly tone: 'ok' | 'warn' | 'danger' | 'tls' | 'plain'
  readonly icon: IconName
  /** The server's own words, where it did not simply agree. */
  readonly words?: string
  readonly tls: boolean
}

/** What one session did for one recipient, from the connection to the verdict. */
export function traceOf(session: SessionView, events: readonly EventView[], address: string): Step[] {
  const steps: (Omit<Step, 'tookMs'> & { sinceMs: number })[] = []
  const push = (event: EventView, step: Omit<Step, 'seq' | 'atMs' | 'tookMs' | 'tls'>, tls: boolean) =>
    steps.push({ ...step, seq: event.seq, atMs: event.atMs, sinceMs: event.sinceMs, tls })
  const pushNote = (event: Extract<EventView, { kind: 'note' }>) => {
    const [title, text] = noteOf(event.text)
    const last = steps.at(-1)
    // What was asked of the DNS is one step, however many questions it took.
    if (title === 'DNS' && last?.title === 'DNS') steps[steps.length - 1] = { ...last, text: `${last.text}\n${text}` }
    else
      push(
        event,
        { title, text, tone: 'plain', icon: title === 'DNS' ? 'globe' : title === 'Dial' ? 'plug' : 'route' },
        tls,
      )
  }
  const byReply = new Map(exchangesOf(events).map((exchange) => [exchange.reply.at(-1)?.seq, exchange]))
  let tls = false
  let isRefused = false
  for (const event of events) {
    if (event.kind === 'note') pushNote(event)
    else if (event.kind === 'tls') {
      tls = true
      const { version, trusted, subject, distrust } = event.facts
      const trust = trusted
        ? `certificate verified, ${subject.replace(/^CN=/, '')}`
        : `certificate not verified${distrust === undefined ? '' : `: ${distrustWords(distrust)}`}`
      push(event, { title: 'TLS', text: `${tlsName(version)}, ${trust}`, tone: 'tls', icon: 'lock' }, true)
    } else if (event.kind === 'closed' && event.why !== undefined)
      push(event, { title: 'Connection lost', text: event.why, tone: 'warn', icon: 'alert' }, tls)
    const exchange = byReply.get(event.seq)
    if (exchange === undefined || event.kind !== 'line' || event.from !== 'S') continue
    const step = stepOf(exchange, session, address)
    if (step === undefined) continue
    if (step.title === 'RCPT') isRefused = step.tone !== 'ok'
    // What follows after this recipient was turned away is for the others of the transaction; without any, DATA was sent
    // ahead of the replies and had to be refused.
    if (isRefused && exchange.verb === 'DATA') continue
    if (isRefused && exchange.verb === 'content')
      push(event, { title: 'DATA', text: 'went on for the other recipients', tone: 'plain', icon: 'to' }, tls)
    else push(event, step, tls)
  }
  return steps.map(({ sinceMs, ...step }, at) => ({ ...step, tookMs: sinceMs - (steps[at - 1]?.sinceMs ?? 0) }))
}

/** A note as a title and what it says: the engine's notes begin with what they are about. */
function noteOf(text: string): [string, string] {
  if (text.startsWith('DNS ')) return ['DNS', text.slice(4)]
  const order = /^order of trying:?\s*(.*)$/s.exec(text)?.[1]
  if (order !== undefined) return ['MX order', order]
  const dial = /^dialling\s+(.*)$/s.exec(text)?.[1]
  if (dial !== undefined) return ['Dial', dial]
  return ['Posthorn', text]
}

function stepOf(
  exchange: Exchange,
  session: SessionView,
  address: string,
): Omit<Step, 'seq' | 'atMs' | 'tookMs' | 'tls'> | undefined {
  const words = exchange.reply.map(lineText).join('\n')
  const kind = exchange.code.charAt(0)
  const isFine = kind === '2' || kind === '3'
  const judged = isFine
    ? ({ tone: 'ok', icon: 'ok' } as const)
    : kind === '4'
      ? ({ tone: 'warn', icon: 'clock', words } as const)
      : ({ tone: 'danger', icon: 'fail', words } as const)
  const asked = exchange.asked?.kind === 'line' ? lineText(exchange.asked) : ''
  switch (exchange.verb) {
    case 'greeting':
      return {
        title: 'Connect',
        text: isFine ? `${session.address}, greeted` : `${session.address} turned us away`,
        ...judged,
      }
    case 'EHLO':
    case 'HELO':
    case 'STARTTLS':
    case 'QUIT':
    case 'RSET':
      return isFine ? undefined : { title: exchange.verb, text: 'refused', ...judged }
    case 'MAIL':
      return { title: 'MAIL', text: isFine ? 'sender accepted' : 'sender refused', ...judged }
    case 'RCPT': {
      const isMine = asked.toLowerCase().includes(`<${address.toLowerCase()}>`)
      if (!isMine) return undefined
      return {
        title: 'RCPT',
        text: isFine ? 'recipient accepted' : kind === '4' ? 'the server wants a later try' : 'recipient refused',
        ...judged,
      }
    }
    case 'DATA':
      return isFine ? undefined : { title: 'DATA', text: 'message not wanted', ...judged }
    case 'content':
      return isFine
        ? { title: 'Accepted', text: words.split('\n').at(-1) ?? '', ...judged }
        : { title: 'Verdict', text: kind === '4' ? 'the message was put off' : 'the message was refused', ...judged }
    default:
      return isFine ? undefined : { title: exchange.verb || 'Reply', text: 'refused', ...judged }
  }
}
