import fc from 'fast-check'
import type { LoggedSession } from '../../core/model/log-file.ts'
import type { Span, TranscriptEvent } from '../../core/model/transcript.ts'
import { headOf } from './logged.ts'

/** What a recorder could have written: any bytes in lines, secrets, content, TLS, notes, an end. */
const wire = fc.oneof(
  fc.constantFrom(
    '220 mx.example ESMTP',
    'EHLO client.example',
    '.',
    '',
    '250-a *',
    'a<secret>b',
    'x ',
    '# no',
    '= no',
    '---',
    'STARTTLS',
    '250 "q" \\',
  ),
  fc
    .string({ unit: 'binary', maxLength: 40 })
    .map((text) => Buffer.from(text, 'utf8').toString('latin1').replaceAll(/\r\n/g, '')),
)
const spans = fc.oneof(
  wire.map((text): Span[] => (text === '' ? [] : [text])),
  fc
    .tuple(
      fc.constantFrom('AUTH PLAIN ', 'PASS '),
      fc.option(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), { nil: undefined }),
      fc.constantFrom('', ' tail'),
    )
    .map(([before, user, after]): Span[] => [
      before,
      { secret: true, ...(user !== undefined && { user }) },
      ...(after === '' ? [] : [after]),
    ]),
)
const sizeOf = (all: readonly Span[]) => all.reduce((sum, one) => sum + (typeof one === 'string' ? one.length : 0), 0)
const speaker = fc.constantFrom('C' as const, 'S' as const)
const text = fc.string({ unit: 'binary', maxLength: 30 })
const said = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('line' as const),
      from: speaker,
      spans,
      odd: fc.boolean(),
      more: fc.constantFrom(0, 0, 0, 900),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('content' as const), from: speaker, bytes: fc.nat(10_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('note' as const), text }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('tls' as const), subject: text, trusted: fc.boolean() }) },
)

/** Random sessions, as they are logged. */
export const randomSession: fc.Arbitrary<LoggedSession> = fc
  .tuple(
    fc.array(said, { maxLength: 12 }),
    fc.option(fc.constantFrom('C' as const, 'S' as const, 'us' as const)),
    fc.constantFrom('client' as const, 'server' as const),
    fc.nat(2),
  )
  .map(([all, by, side, protocol]) => {
    let tls = false
    const events = all.map((one, n): TranscriptEvent => {
      const at = { atMs: 1_760_000_000_000 + n, sinceMs: n / 2 }
      switch (one.kind) {
        case 'line': {
          const isCut = one.more > 0 && !one.odd
          return {
            ...at,
            kind: 'line',
            from: one.from,
            tls,
            spans: one.spans,
            bytes: sizeOf(one.spans) + (isCut ? one.more : 0),
            ...(one.odd && { odd: true }),
          }
        }
        case 'content':
          return {
            ...at,
            kind: 'content',
            from: one.from,
            tls,
            bytes: one.bytes,
            ref: { kind: 'kept', first: '', last: '', sha256: '' },
          }
        case 'note':
          return { ...at, kind: 'note', text: one.text }
        case 'tls':
          tls = true
          return {
            ...at,
            kind: 'tls',
            facts: {
              version: 'TLSv1.3',
              cipher: 'X',
              trusted: one.trusted,
              subject: one.subject,
              fingerprint256: 'AA',
              ...(!one.trusted && { distrust: 'CERT_HAS_EXPIRED' }),
            },
          }
      }
    })
    const closed: TranscriptEvent[] = by === null ? [] : [{ atMs: 0, sinceMs: 99, kind: 'closed', by }]
    const names = ['smtp', 'pop3', 'imap'] as const
    return {
      head: headOf(1, { side, protocol: names[protocol]!, startedMs: 1_760_000_000_000, address: '[::1]:25', tls }),
      events: [...events, ...closed],
    }
  })
