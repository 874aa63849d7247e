import { Exchanges, type Exchange, type NumberedEvent } from '../model/log-exchange.ts'
import type { Protocol, TranscriptEvent } from '../model/transcript.ts'
import type { ReplayStep } from '../net/console-replay.ts'

/** More lines than this nobody replays. */
const MOST_STEPS = 2000
type Line = Extract<TranscriptEvent, { kind: 'line' }>

const SECRET = 'The next line was a secret, which is stored nowhere: say it yourself.'
const CONTENT = 'Here the message went out. It is not sent again by itself: type one, or end with a dot.'
const CUT = 'The next line was too long to be kept whole.'

/** What of a stored session is said again, up to the event of that number. Secrets and messages are left to the person. */
export function replaySteps(protocol: Protocol, events: readonly NumberedEvent[], uptoSeq: number): ReplayStep[] {
  const codes = answersOf(protocol, events)
  const steps: ReplayStep[] = []
  for (const { seq, event } of events) {
    if (seq > uptoSeq || steps.length >= MOST_STEPS) break
    if (event.kind === 'content' && event.from === 'C') return [...steps, { stop: CONTENT }]
    if (event.kind !== 'line' || event.from !== 'C') continue
    if (event.spans.some((span) => typeof span !== 'string')) return [...steps, { stop: SECRET }]
    const line = textOf(event)
    if (line.length < event.bytes || event.odd === true) return [...steps, { stop: CUT }]
    steps.push({ line, code: codes.get(seq) ?? '' })
  }
  return steps
}

const textOf = ({ spans }: Line) => spans.map((span) => (typeof span === 'string' ? span : '')).join('')

/** What was answered to each line, by the number of the line. */
function answersOf(protocol: Protocol, events: readonly NumberedEvent[]): ReadonlyMap<number, string> {
  const codes = new Map<number, string>()
  const found = ({ parts, code }: Exchange) => {
    // Lines of a message come before the dot that is answered.
    const last = parts.findLast(({ event }) => event.kind === 'line' && event.from === 'C')
    if (last !== undefined && code !== '') codes.set(last.seq, code)
  }
  const exchanges = new Exchanges(protocol, found)
  for (const one of events) exchanges.push(one)
  exchanges.end()
  return codes
}
