import { expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import type { TranscriptEvent } from '../model/transcript.ts'
import { playAsServer, playOverSocket } from '../../test/support/dialogue-socket.ts'
import { parseDialogue } from '../../test/support/dialogue.ts'
import { exportDialogue } from './export.ts'
import { createRecorder } from './recorder.ts'
import type { Transcript } from './sink.ts'

/** What `say` records, as a dialogue. */
function exported(say: (transcript: Transcript) => void): string {
  const recorder = createRecorder({ sink: async () => {}, clock: systemClock, firstSessionId: 1 })
  const transcript = recorder.open({ protocol: 'pop3', side: 'client', peer: 'mail.example', address: '192.0.2.1:110' })
  say(transcript)
  const head = recorder.live()[0]!
  return exportDialogue(
    head,
    recorder.pending(1).map((one): TranscriptEvent => one.event),
  )
}
const bytes = (text: string) => Buffer.from(text, 'latin1')

const say = (transcript: Transcript) => {
  transcript.note('dialling\u001b[31m 192.0.2.1\u202e')
  transcript.line('S', bytes('+OK ready * '))
  transcript.line('C', bytes('USER ada'))
  transcript.line('S', bytes(''))
  transcript.line('C', bytes('PASS s3cret'), { secrets: [[5, 11]] })
  transcript.line('S', bytes('+OK <secret> \x07\xff "quoted" \\'))
  transcript.line('C', bytes('RETR 1'))
  transcript.line('S', bytes('+OK 300 octets'))
  transcript.content('S', 300, { kind: 'message', messageId: 3 })
  transcript.line('C', bytes('RETR 2'))
  transcript.line('S', bytes('+OK'))
  transcript.content('S', 72, { kind: 'message', messageId: 4 })
  transcript.line('S', bytes('.'))
  transcript.line('C', bytes('bare\n'), { odd: true })
  transcript.line('S', bytes('x'.repeat(3000)))
  transcript.line('C', bytes('QUIT'))
  transcript.line('S', bytes('+OK'))
  transcript.close('ok', 'S')
}

test('a session is exported as a dialogue a person and the player can read', () => {
  expect(exported(say).split('\n').slice(1)).toEqual([
    '# dialling\ufffd[31m 192.0.2.1\ufffd',
    'S> "+OK ready * \\r\\n"',
    'C: USER ada',
    'S:',
    'C: PASS <secret>',
    'S> "+OK \\x3csecret> \\x07\\xff \\"quoted\\" \\\\\\r\\n"',
    'C: RETR 1',
    'S: +OK 300 octets',
    'S~ 300',
    'S: .',
    'C: RETR 2',
    'S: +OK',
    'S~ 72',
    'S: .',
    'C> "bare\\n"',
    '# the line had 3000 bytes; this is how it began',
    `S: ${'x'.repeat(2048)}*`,
    'C: QUIT',
    'S: +OK',
    'S!',
    '',
  ])
})

test('what was exported replays, both sides, with the secret filled in', async () => {
  const script = parseDialogue(exported(say), 'exported')
  const server = await playAsServer(script, { secrets: ['s3cret'] })
  await playOverSocket(script, { port: server.port, secrets: ['s3cret'] })
  await server.done
  await server.close()
  const other = await playAsServer(script, { secrets: ['s3cret'] })
  const failed = playOverSocket(script, { port: other.port, secrets: ['another'] })
  await expect(other.done).rejects.toThrow('expected C: "PASS <secret>", got "PASS another"')
  await expect(failed).rejects.toThrow('exported:7')
  await other.close()
})
