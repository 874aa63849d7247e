import { LOG_FILE, type LogFile, type LoggedSession, type ShareFormat } from '../model/log-file.ts'
import type { TranscriptEvent } from '../model/transcript.ts'
import { exportDialogue } from './export.ts'
import { toPcapng } from './pcapng.ts'
import { Pseudonyms, type Replaced } from './pseudonyms.ts'

/** Sessions as a file. */
export interface Shared {
  readonly bytes: Buffer
  readonly filename: string
  readonly contentType: string
  readonly redaction: { readonly secrets: number; readonly contents: number; readonly replaced: readonly Replaced[] }
}

const TYPES: Readonly<Record<ShareFormat, readonly [ending: string, type: string]>> = {
  dialogue: ['txt', 'text/plain; charset=utf-8'],
  json: ['json', 'application/json'],
  pcapng: ['pcapng', 'application/x-pcapng'],
  eml: ['eml', 'message/rfc822'],
}

/** Puts sessions into a file. `pseudonyms`: addresses, hosts and names of people stand as made-up ones. */
export function share(
  sessions: readonly LoggedSession[],
  how: {
    readonly format: ShareFormat
    readonly pseudonyms: boolean
    readonly program: string
    readonly nowMs: number
  },
): Shared {
  const names = new Pseudonyms()
  const shown = how.pseudonyms ? sessions.map((session) => names.session(session)) : sessions
  const all = shown.flatMap(({ events }) => events)
  const redaction = {
    secrets: all.reduce((sum, event) => sum + secretsIn(event), 0),
    contents: all.filter(({ kind }) => kind === 'content').length,
    replaced: names.report,
  }
  const file: LogFile = {
    ...LOG_FILE,
    program: how.program,
    writtenMs: how.nowMs,
    redaction: { secrets: redaction.secrets, contents: redaction.contents, pseudonyms: names.size },
    sessions: shown,
  }
  const [ending, contentType] = TYPES[how.format]
  const [first] = shown
  const name =
    shown.length === 1 && first !== undefined ? `${first.head.protocol}-session-${first.head.id}` : 'sessions'
  return { bytes: bytesOf(file, how.format), filename: `${name}.${ending}`, contentType, redaction }
}

function secretsIn(event: TranscriptEvent): number {
  return event.kind === 'line' ? event.spans.filter((span) => typeof span !== 'string').length : 0
}

function bytesOf(file: LogFile, format: ShareFormat): Buffer {
  switch (format) {
    case 'dialogue':
      return Buffer.from(dialogueOf(file))
    case 'json':
      return Buffer.from(jsonOf(file))
    case 'pcapng':
      return toPcapng(file.sessions, file.program)
    case 'eml':
      return Buffer.from(messageOf(file))
  }
}

/** One dialogue after the other, each a connection of its own. */
const dialogueOf = ({ sessions }: LogFile) =>
  sessions.map(({ head, events }) => exportDialogue(head, events)).join('---\n')
const jsonOf = (file: LogFile) => `${JSON.stringify(file, null, 1)}\n`

/** A message with the dialogue and the whole attached, to be sent to who can help. */
function messageOf(file: LogFile): string {
  const { sessions, redaction } = file
  const [first] = sessions
  const subject =
    sessions.length === 1 && first !== undefined
      ? `${first.head.protocol.toUpperCase()} session with ${first.head.peer}: ${first.head.state}${first.head.worst === '' ? '' : `, ${first.head.worst}`}`
      : `${sessions.length} sessions of the protocol log`
  const words = [
    ...sessions.slice(0, 20).map(({ head }) => {
      const how = `${head.protocol.toUpperCase()} ${head.side === 'client' ? 'to' : 'from'} ${head.peer} (${head.address})`
      return `${new Date(head.startedMs).toISOString()} ${how}: ${head.state} ${head.worst}`.trimEnd()
    }),
    ...(sessions.length > 20 ? [`and ${sessions.length - 20} more`] : []),
    '',
    `Cut out before anything was stored: ${redaction.secrets} passwords, tokens and the like.`,
    `Left out: ${redaction.contents} messages, of which only the size is said.`,
    redaction.pseudonyms === 0
      ? 'Addresses and hosts stand as they were.'
      : `Addresses, hosts and names are made up: ${redaction.pseudonyms} were replaced, the same always by the same.`,
  ]
  const boundary = `posthorn-${file.writtenMs.toString(36)}-log`
  const part = (type: string, name: string | undefined, text: string) =>
    [
      `--${boundary}`,
      `Content-Type: ${type}; charset=utf-8`,
      'Content-Transfer-Encoding: base64',
      ...(name === undefined ? [] : [`Content-Disposition: attachment; filename="${name}"`]),
      '',
      base64Lines(text),
    ].join('\r\n')
  return [
    `Subject: ${headerText(subject)}`,
    `Date: ${new Date(file.writtenMs).toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
    'X-Unsent: 1', // mail programs open it to be addressed and sent
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    '',
    part('text/plain', undefined, `${words.join('\r\n')}\r\n`),
    part('text/plain', 'dialogue.txt', dialogueOf(file)),
    part('application/json', 'protocol-log.json', jsonOf(file)),
    `--${boundary}--`,
    '',
  ].join('\r\n')
}

const base64Lines = (text: string) =>
  Buffer.from(text)
    .toString('base64')
    .replaceAll(/.{76}(?=.)/g, '$&\r\n')

/** A peer may have any name: what is not plain stands as a question mark, and the line ends somewhere. */
const headerText = (text: string) => text.replaceAll(/[^ -~]/g, '?').slice(0, 200)
