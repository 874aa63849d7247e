import fc from 'fast-check'
import PostalMime from 'postal-mime'
import { expect, test } from 'vitest'
import { parseDialogue } from '../../test/support/dialogue.ts'
import { eventsOf, headOf } from '../../test/support/logged.ts'
import { randomSession } from '../../test/support/random-session.ts'
import { readDialogueFile } from '../model/dialogue-file.ts'
import { attachedLog } from '../model/log-mail.ts'
import type { LoggedSession } from '../model/log-file.ts'
import type { TranscriptEvent } from '../model/transcript.ts'
import { share } from './share.ts'

const how = { pseudonyms: false, program: 'Posthorn 1', nowMs: 1_760_000_000_000 } as const
const dialogue = (sessions: readonly LoggedSession[]) =>
  share(sessions, { ...how, format: 'dialogue' }).bytes.toString()

/** What a dialogue keeps of an event: all but when it was. */
function kept(event: TranscriptEvent): unknown {
  if (event.kind === 'line') return { ...event, atMs: 0, sinceMs: 0 }
  return event.kind === 'content' ? { kind: event.kind, from: event.from, bytes: event.bytes, tls: event.tls } : null
}

test('sessions that become a dialogue are read back without loss, and the tests’ own reader agrees', () => {
  fc.assert(
    fc.property(fc.array(randomSession, { minLength: 1, maxLength: 3 }), (sessions) => {
      const text = dialogue(sessions)
      const { sessions: read, error } = readDialogueFile(text)
      expect(error).toBeNull()
      expect(dialogue(read ?? [])).toBe(text)
      const oracle = parseDialogue(text)
      expect(oracle.connections).toHaveLength(sessions.length)
      sessions.forEach((session, n) => {
        const spoken = (events: readonly TranscriptEvent[]) =>
          events.filter(({ kind }) => kind === 'line' || kind === 'content')
        const whole = session.events.every((event) => event.kind !== 'line' || sizeOf(event) === event.bytes)
        const steps = oracle.connections[n]!.filter(
          (step) => step.do === 'line' || step.do === 'bytes' || step.do === 'content',
        )
        expect(spoken(read![n]!.events)).toHaveLength(steps.length)
        expect(read![n]!.head.protocol).toBe(session.head.protocol)
        // A lone dot behind content is written even where it was folded into it.
        const bare = (events: readonly TranscriptEvent[]) =>
          spoken(events)
            .filter((event) => !isDot(event))
            .map(kept)
        if (whole) expect(bare(read![n]!.events)).toEqual(bare(session.events))
      })
    }),
    { numRuns: 300 },
  )
})
const sizeOf = (event: Extract<TranscriptEvent, { kind: 'line' }>) =>
  event.spans.reduce((sum, span) => sum + (typeof span === 'string' ? span.length : 0), 0)
const isDot = (event: TranscriptEvent) => event.kind === 'line' && event.spans.length === 1 && event.spans[0] === '.'

test('JSON has all of it', () => {
  fc.assert(
    fc.property(fc.array(randomSession, { minLength: 1, maxLength: 3 }), (sessions) => {
      const file: unknown = JSON.parse(share(sessions, { ...how, format: 'json' }).bytes.toString())
      expect(file).toMatchObject({ format: 'posthorn-protocol-log', version: 1, program: 'Posthorn 1', sessions })
    }),
    { numRuns: 50 },
  )
})

test('a message has the dialogue and the whole attached, and says what was left out', async () => {
  const session = {
    head: headOf(3, { state: 'failed', worst: '550', peer: 'mx.example\r\nBcc: x' }),
    events: eventsOf(['C: NOOP', `S: 550 ${'x'.repeat(300)}`]),
  }
  const { bytes, filename } = share([session], { ...how, format: 'eml' })
  expect(filename).toBe('smtp-session-3.eml')
  const mail = await PostalMime.parse(bytes)
  expect(mail.subject).toBe('SMTP session with mx.example??Bcc: x: failed, 550')
  expect(mail.bcc).toBeUndefined()
  expect(mail.text).toContain('Addresses and hosts stand as they were.')
  const [text, json] = mail.attachments.map(({ content }) => Buffer.from(content as ArrayBuffer).toString())
  expect(text).toBe(dialogue([session]))
  expect(JSON.parse(json!)).toMatchObject({ sessions: [{ head: { id: 3 } }] })
  for (const line of bytes.toString().split('\r\n')) expect(line.length).toBeLessThan(999)
})

test('a message with sessions attached gives its JSON back, also with other line ends and in another program’s frame', () => {
  fc.assert(
    fc.property(fc.array(randomSession, { minLength: 1, maxLength: 2 }), (sessions) => {
      const json = share(sessions, { ...how, format: 'json' }).bytes.toString()
      const mail = share(sessions, { ...how, format: 'eml' }).bytes.toString()
      expect(attachedLog(mail)).toBe(json)
      expect(attachedLog(`Received: from a\n by b; now\n${mail.replaceAll('\r\n', '\n')}`)).toBe(json)
    }),
    { numRuns: 30 },
  )
  const talk = dialogue([{ head: headOf(1), events: eventsOf(['C: EHLO a', 'S: 250 ok']) }])
  expect(attachedLog(talk)).toBeUndefined()
  expect(attachedLog('Subject: hi\r\n\r\nContent-Type: text/plain\r\n')).toBeUndefined()
})
