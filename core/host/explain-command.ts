import type { ExplainedWord } from '../model/explain-words.ts'
import { explain as explainText, type ExplainedReply } from '../model/explain.ts'
import { EXIT, usage } from './command.ts'
import type { CommandIo } from './local-socket.ts'
import { wrap } from '../message/dsn-text.ts'

const WHO = {
  'nobody': 'nobody: it heals by itself',
  'you': 'you',
  'recipient': 'the recipient',
  'their-postmaster': 'who runs the mail of the recipient',
  'your-provider': 'your network provider',
} as const

/** What a word means, and where that is written. */
function wordLines({ word, protocol, kind, title, text, syntax, rfc, section }: ExplainedWord): string[] {
  const source = rfc === null ? 'of no RFC' : `RFC ${rfc}${section === '' ? '' : ` §${section}`}`
  return [
    `${word} (${protocol.toUpperCase()} ${kind}): ${title}`,
    ...(text === '' ? [] : wrap(text)),
    ...(syntax === '' ? [] : [`  ${syntax}`]),
    `  ${source}`,
  ]
}

function replyLines({ code, enhanced, basic, status, advice }: ExplainedReply): string[] {
  const lines = advice
    ? [
        advice.title,
        '',
        ...wrap(advice.meaning),
        '',
        `Who acts:  ${WHO[advice.who]}`,
        ...wrap(`What next: ${advice.next}`),
      ]
    : [basic?.text ?? 'A reply that refuses nothing.']
  return [
    ...lines,
    '',
    ...(code === null ? [] : [`${code}: ${basic?.title ?? 'no code of RFC 5321'}`]),
    ...(enhanced === null ? [] : [`${enhanced}: ${status?.title ?? 'not registered'}`]),
    ...(advice ? [`rule ${advice.rule} (${advice.kind})`] : []),
  ]
}

/**
 * `posthorn explain "550 5.7.1 …"`, `posthorn explain CHUNKING`: what a reply, a code or a word of a protocol means. Needs no engine
 * and no data folder.
 */
export async function explain(argv: readonly string[], io: CommandIo): Promise<number> {
  const json = argv.includes('--json')
  const text = argv.filter((word) => word !== '--json').join(' ')
  const { reply, words } = explainText(text.replaceAll(/\\r?\\n|\\n/g, '\n'))
  if (reply === null && words.length === 0)
    throw usage(
      'explain "REPLY" or explain WORD, a server\'s reply with its code or a word of SMTP, POP3 or IMAP: posthorn explain "550 5.1.1 no such user", posthorn explain CHUNKING',
    )
  if (json) {
    const { code = null, enhanced = null, advice = null } = reply ?? {}
    await io.stdout(`${JSON.stringify({ code, enhanced, advice, words })}\n`)
    return EXIT.ok
  }
  const parts = [...(reply === null ? [] : [replyLines(reply)]), ...words.map(wordLines)]
  await io.stdout(`${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`)
  return EXIT.ok
}
