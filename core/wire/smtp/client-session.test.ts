import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { playBare } from '../../../test/support/dialogue.ts'
import { bareClient, clientScripts, saslPrimitives } from '../../../test/support/smtp-client-script.ts'
import type { Domain } from '../../model/address.ts'
import { ClientSession } from './client-session.ts'
import type { Effect } from './client-words.ts'

test.each(clientScripts())('smtp client, bare: $name', async ({ dialogue, jobs, terms }) => {
  const facts: string[] = []
  await playBare(dialogue, 'C', () => bareClient({ jobs, terms }, facts), { facts: () => facts })
})

const at = (local: string) => ({ local, domain: 'dest.test' as Domain })
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))

/** What a good server says, by what is waited for. */
const good = (phase: ClientSession['phase']) =>
  ({
    greeting: '220 hi',
    ehlo: '250-mx\r\n250-CHUNKING\r\n250-AUTH PLAIN\r\n250 PIPELINING',
    auth: '235 in',
    data: '354 go',
    starttls: '220 go',
  })[phase as string] ?? '250 ok'
const BAD = [
  '250 ok',
  '250-x\r\n250 STARTTLS',
  '354 go',
  '421 bye',
  '450 later',
  '452 4.5.3 many',
  '550 no',
  '552 too many',
  '554 5.7.1 no',
  '199 x',
  'what',
  '250-a\r\n251 b',
  '334 more',
  '535 wrong',
  '235 in',
]
const happening = fc.oneof(
  { weight: 30, arbitrary: fc.constant('good' as const) },
  { weight: 4, arbitrary: fc.constantFrom(...BAD) },
  { weight: 1, arbitrary: fc.constant('lost' as const) },
)

const login = {
  user: 'ada',
  secret: 'sesame',
  kind: 'password',
  host: 'mx',
  port: 587,
  allowClear: true,
  primitives: saslPrimitives,
} as const

test('whatever a server says, each recipient gets one verdict, delivered only by a 2xx after its last bytes, and nothing goes before the login that is wanted', () => {
  let dots = 0
  const property = fc.property(
    fc.array(happening, { minLength: 12, maxLength: 40 }),
    fc.integer({ min: 1, max: 4 }),
    fc.nat(9),
    fc.record({ signsIn: fc.boolean(), chunks: fc.nat(3), byBdat: fc.boolean() }),
    (happenings, recipients, cut, { signsIn, chunks, byBdat }) => {
      const session = new ClientSession({
        mx: 'mx',
        ehloName: 'c.test',
        tls: 'opportunistic',
        isSecured: false,
        chunkFromBytes: byBdat ? 1 : 100,
        ...(signsIn && { login }),
      })
      let chunksLeft = chunks
      let hasSignedIn = false
      let isChunked = false
      const to = Array.from({ length: recipients }, (_, n) => at(`r${n}`))
      let isOpen = false
      let isDotOut = false
      const run = (effects: readonly Effect[]) => {
        for (const effect of effects) {
          if (effect.do !== 'settle') continue
          expect(isOpen).toBe(true)
          expect(effect.verdicts).toHaveLength(recipients)
          for (const verdict of effect.verdicts) {
            if (verdict.kind === 'delivered' || verdict.kind === 'unknown') expect(isDotOut).toBe(true)
            // Once the message may have arrived, only a refusal in words lets it be sent again.
            if (isDotOut && verdict.kind === 'deferred') expect(verdict.why.at).toBe('reply')
          }
          isOpen = isDotOut = false
        }
        const asks = (what: Effect['do']) => effects.some((one) => one.do === what)
        if ((asks('send-body') || asks('next-chunk')) && session.at === 'body') {
          // A chunk that is not the last is answered before the next one goes.
          const body = effects.find((effect) => effect.do === 'send-body')
          isChunked = body?.chunked ?? isChunked
          if (isChunked && chunksLeft-- > 0) return session.chunk()
          session.dot()
          isDotOut = true
          dots += 1
        }
        if (asks('start-tls') && session.at === 'handshake') run(session.secured(false))
        if (asks('ready') && session.at === 'ready') {
          isOpen = true
          chunksLeft = chunks
          expect(signsIn).toBe(hasSignedIn)
          run(session.transact({ from: null, to, sizeBytes: 10, is8bit: false, needsUtf8: false }))
        }
      }
      for (const one of [...happenings, 'lost']) {
        if (session.at === 'over') break
        if (one === 'lost') run(session.lost('gone'))
        else {
          if (session.at === 'auth' && (one === 'good' || one.startsWith('235'))) hasSignedIn = true
          const stream = `${one === 'good' ? good(session.phase) : one}\r\n`
          run(session.receive(bytes(stream.slice(0, cut))))
          run(session.receive(bytes(stream.slice(cut))))
        }
      }
      expect([session.at, isOpen]).toEqual(['over', false])
    },
  )
  fc.assert(property, { numRuns: 500 })
  expect(dots).toBeGreaterThan(50) // the play went deep enough to mean something
})
