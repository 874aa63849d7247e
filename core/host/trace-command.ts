import { stepText, stepTitle, tlsName } from '../model/trace-words.ts'
import type { MessageTrace, ReceivedHopView, RecipientTrace, SessionTlsView, TracePart } from '../rpc/trace-contract.ts'
import { EXIT, idOf, usage, type Command, type Context } from './command.ts'
import { painter, type Paint } from './log-lines.ts'
import { harmless, size, time } from './print.ts'

const WORDS = 'trace ENTRY [--recipient ID] | trace --message ID | trace --session ID'
const TONES = { plain: 'dim', ok: 'green', warn: 'yellow', danger: 'red' } as const
const MARKS = { plain: '=', ok: '✓', warn: '!', danger: '✗' } as const

/** `trace`: the way of a message, from submission to outcome, or the way by which it came. */
export const trace: Command = {
  options: {
    '--recipient': 'value',
    '--message': 'value',
    '--session': 'value',
    '--color': 'flag',
    '--no-color': 'flag',
  },
  async run(context) {
    const { api, args } = context
    const [entry] = args.words
    const paint = painter(args.has('--color') && !args.has('--no-color'))
    const message = args.value('--message')
    const session = args.value('--session')
    if ([entry, message, session].filter((one) => one !== undefined).length !== 1) throw usage(WORDS)
    if (session !== undefined) {
      const tls = await api.trace.tls({ sessionId: idOf(session, '--session') })
      await context.show(tls, () => tlsWords(tls))
    } else if (message !== undefined) {
      const found = await api.trace.message({ messageId: idOf(message, '--message') })
      await context.show(found, () => messageWords(found))
    } else await entryTraces(context, idOf(entry, 'trace'), paint)
    return EXIT.ok
  },
}

async function entryTraces({ api, args, show }: Context, id: number, paint: Paint): Promise<void> {
  const wanted = args.value('--recipient')
  const { recipients } = await api.queue.get({ id })
  const only = wanted === undefined ? undefined : idOf(wanted, '--recipient')
  const chosen = recipients.filter((one) => only === undefined || one.id === only)
  if (chosen.length === 0) throw usage(`message ${id} has no recipient ${wanted ?? ''}`)
  const traces: RecipientTrace[] = []
  for (const one of chosen) traces.push(await api.trace.recipient({ recipientId: one.id }))
  await show(traces, () => traces.map((one) => recipientWords(one, paint)).join('\n'))
}

function recipientWords({ recipientId, address, state, parts, leftOut }: RecipientTrace, paint: Paint): string {
  const left = leftOut === 0 ? '' : `  ${leftOut} earlier tries are left out\n`
  return `${recipientId} ${harmless(address)}: ${state}\n${left}${parts.map((part) => partWords(part, paint)).join('')}`
}

function partWords(part: TracePart, paint: Paint): string {
  const at = (words: string) => `  ${time(part.atMs)}  ${words}\n`
  switch (part.kind) {
    case 'accepted': {
      const session = part.sessionId === null ? '' : `, session ${part.sessionId}${lineOf(part.seq)}`
      const signed = part.signedBy.length === 0 ? 'not signed' : `signed with ${part.signedBy.join(', ')}`
      return at(`accepted from ${part.origin}, ${size(part.sizeBytes)}, ${signed}${session}`)
    }
    case 'try': {
      const steps = part.steps.map((step) => {
        const mark = paint(MARKS[step.tone], TONES[step.tone])
        const took = step.tookMs === null ? '' : paint(` +${step.tookMs.toFixed(0)} ms`, 'dim')
        const said = [...stepText(step).split('\n'), ...step.words].filter((line) => line !== '').map(harmless)
        const where = paint(` (session ${step.sessionId}${lineOf(step.fromSeq)})`, 'dim')
        return `    ${mark} ${harmless(stepTitle(step))}: ${said.join('\n        ')}${took}${where}\n`
      })
      const isTold = part.route === '' || part.steps.some((step) => step.kind === 'route')
      const route = isTold ? '' : `    = Route: ${harmless(part.route)}\n`
      const outcome =
        part.outcome === null ? 'under way' : `${part.outcome}${part.mx === '' ? '' : ` at ${harmless(part.mx)}`}`
      const why = part.why === '' ? '' : `    ${harmless(part.why)}\n`
      return `${at(`try ${part.number}: ${outcome}`)}${route}${steps.join('')}${why}`
    }
    case 'asked':
      return at(`${part.audit.what} (${part.audit.who}) ${harmless(part.audit.detail)}`.trimEnd())
    case 'report':
      return at(
        `${part.report.action}, as ${harmless(part.report.reporter || 'somebody')} reports: ${harmless(`${part.report.status} ${part.report.diagnostic}`)}`,
      )
    case 'next':
      return at('next try')
  }
}

const lineOf = (seq: number | null) => (seq === null ? '' : ` line ${seq + 1}`)

function messageWords({
  subject,
  how,
  session,
  seq,
  hops,
  hopsLeftOut,
  lastDelayMs,
  receivedMs,
  sent,
}: MessageTrace): string {
  const came = session === null ? how : `${how}, session ${session.id}${lineOf(seq)}, from ${harmless(session.peer)}`
  const last = lastDelayMs === null ? '' : ` (${delayWords(lastDelayMs)} after the last stop)`
  const left = hopsLeftOut === 0 ? '' : `  ${hopsLeftOut} stops are left out\n`
  const went = sent.map(
    ({ entryId, createdMs, recipients }) =>
      `Sent ${time(createdMs)} as ${entryId}: ${recipients.map(({ address, state }) => `${harmless(address)} ${state}`).join(', ')}\n`,
  )
  return `${harmless(subject)}\n${left}${hops.map(hopWords).join('')}  ${time(receivedMs)}  here: ${came}${last}\n${went.join('')}`
}

function hopWords(hop: ReceivedHopView): string {
  const seen = [hop.fromHost === hop.from ? '' : hop.fromHost, hop.fromAddress].filter((one) => one !== '').join(' ')
  const tls = hop.tls === 'yes' ? tlsName(hop.tlsVersion || 'TLS') : hop.tls === 'no' ? 'in the clear' : 'TLS not said'
  const delay = hop.delayMs === null ? '' : `, ${delayWords(hop.delayMs)}`
  return `  ${time(hop.atMs)}  ${harmless(hop.by || '?')} from ${harmless(hop.from || '?')}${seen === '' ? '' : ` (${harmless(seen)})`}, ${harmless(hop.with || '?')}, ${tls}${delay}\n`
}

/** A wait between two clocks. */
const delayWords = (ms: number) =>
  ms < 0 ? `${(-ms / 1000).toFixed(0)} s backwards: the clocks disagree` : `${(ms / 1000).toFixed(0)} s`

const STRICT: Readonly<Record<SessionTlsView['strict'], string>> = {
  same: 'A policy that demands verified TLS would have changed nothing.',
  clear: 'A policy that demands TLS would have let nothing go over it.',
  untrusted: 'A policy that demands verified TLS would have let nothing go over it: the certificate was not verified.',
  name: 'A policy that demands verified TLS would have let nothing go over it: the certificate is for another name.',
  client: 'The other end is a client, which shows no certificate; with TLS it is as safe as it can be.',
}

function tlsWords({ facts, demand, trouble, domain, strict }: SessionTlsView): string {
  const lines =
    facts === null
      ? ['In clear text.']
      : [
          `${tlsName(facts.version)}, ${facts.cipher}`,
          `Certificate: ${facts.trusted ? 'verified' : `not verified (${facts.distrust ?? 'unknown'})`}`,
          ...(facts.chain ?? [facts.subject]).map((one) => `  ${harmless(one)}`),
          ...(facts.names === undefined ? [] : [`For: ${harmless(facts.names.join(', '))}`]),
          ...(facts.validToMs === undefined ? [] : [`Valid until ${time(facts.validToMs)}`]),
        ]
  if (demand !== null) lines.push(`Demanded by: ${demand}${domain === null ? '' : ` (${harmless(domain)})`}`)
  if (trouble !== null) lines.push(`Trouble: ${harmless(trouble)}`)
  return `${[...lines, STRICT[strict]].join('\n')}\n`
}
