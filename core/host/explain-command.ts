import { adviceOf, readReply } from '../model/explain-reply.ts'
import { BASIC, STATUS } from '../model/reply-status.ts'
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

/** `posthorn explain "550 5.7.1 …"`: what a server's reply means. Needs no engine and no data folder. */
export async function explain(argv: readonly string[], io: CommandIo): Promise<number> {
  const json = argv.includes('--json')
  const text = argv.filter((word) => word !== '--json').join(' ')
  const reply = readReply(text.replaceAll(/\\r?\\n|\\n/g, '\n'))
  if (!reply) throw usage('explain "REPLY", a server\'s reply with its code: posthorn explain "550 5.1.1 no such user"')
  const advice = adviceOf(reply) ?? null
  const status = reply.enhanced === undefined ? undefined : STATUS[reply.enhanced.slice(2)]
  const basic = BASIC[String(reply.code)]
  if (json) {
    await io.stdout(`${JSON.stringify({ code: reply.code, enhanced: reply.enhanced ?? null, advice })}\n`)
    return EXIT.ok
  }
  const lines = advice
    ? [
        advice.title,
        '',
        ...wrap(advice.meaning),
        '',
        `Who acts:  ${WHO[advice.who]}`,
        ...wrap(`What next: ${advice.next}`),
      ]
    : [basic?.[1] ?? 'A reply that refuses nothing.']
  const codes = [
    `${reply.code}: ${basic?.[0] ?? 'no code of RFC 5321'}`,
    ...(reply.enhanced === undefined ? [] : [`${reply.enhanced}: ${status?.[0] ?? 'not registered'}`]),
    ...(advice ? [`rule ${advice.rule} (${advice.kind})`] : []),
  ]
  await io.stdout(`${[...lines, '', ...codes].join('\n')}\n`)
  return EXIT.ok
}
