import {
  formatMailbox,
  needsUtf8,
  parseDomain,
  parseMailbox,
  parsePath,
  type Mailbox,
  type ReversePath,
} from '../model/address.ts'
import { Fault } from '../base/fault.ts'
import type { Engine } from '../engine.ts'
import { parseAddresses } from '../message/addresses.ts'
import { fieldsNamed, readHeader, valueOf } from '../message/headers.ts'
import { EXIT } from './command.ts'
import type { CommandIo } from './local-socket.ts'
import { LONGEST_MESSAGE_BYTES, parseSendmail, readMessage } from './sendmail.ts'

/**
 * `sendmail`: a message on standard input into the queue, as sendmail(8) takes it. Returns a status of sysexits(3); anything but 0
 * means that nothing was taken, so the caller keeps its mail.
 */
export async function sendmail(engine: Engine, argv: readonly string[], io: CommandIo): Promise<number> {
  const order = parseSendmail(argv)
  const raw = await readMessage(io.stdin, order.dotIsText, LONGEST_MESSAGE_BYTES)
  const header = readHeader(raw)
  const written = order.fromHeader
    ? ['to', 'cc', 'bcc'].flatMap((name) => fieldsNamed(header, name).map((field) => valueOf(raw, field)))
    : []
  const own = engine.ownAddress()
  const to = recipientsOf([...order.recipients, ...written], own)
  if (to.length === 0) {
    throw new Fault(
      'usage',
      'send the message: nobody is named as recipient; give addresses, or -t to read them from the header',
      { reason: 'no recipient' },
    )
  }
  const authors = fieldsNamed(header, 'from')
  const hasAuthor = authors.length > 0
  const from =
    order.from === undefined
      ? senderOf(
          authors.map((field) => valueOf(raw, field)),
          engine,
        )
      : reversePathOf(order.from, own)
  const author = from ?? own
  const message =
    hasAuthor || author === undefined
      ? raw
      : Buffer.concat([Buffer.from(`From: ${formatMailbox(author)}\r\n`, 'utf8'), fieldsEnd(raw)])
  const head = readHeader(message)
  const accepted = await engine.accept({
    origin: 'sendmail',
    from,
    to,
    userId: null,
    body: { raw: message },
    head: message.subarray(0, head.bodyAt),
    has8bit: message.some((byte) => byte >= 0x80),
    utf8: [...to, ...(from ? [from] : [])].some(needsUtf8),
    received: '',
  })
  if (!accepted.accepted) {
    const { code, enhanced, lines } = accepted.reply
    await io.stderr(`posthorn: the message was not taken: ${code} ${enhanced ?? ''} ${lines.join(' ')}\n`)
    return code < 500 ? EXIT.temporary : EXIT.data
  }
  if (engine.alone)
    await io.stderr(`posthorn: message ${accepted.entryId} is in the queue; it leaves when Posthorn next runs\n`)
  return EXIT.ok
}

/** A text without any header gets an empty line before it, or its first words would be read as fields. */
function fieldsEnd(raw: Buffer): Buffer {
  const firstLine = raw.subarray(0, Math.max(0, raw.indexOf('\r\n'))).toString('latin1')
  return raw.length === 0 || /^[!-9;-~]+[ \t]*:/.test(firstLine) || firstLine === ''
    ? raw
    : Buffer.concat([Buffer.from('\r\n'), raw])
}

/** Who sends where no -f says it: the author, if that is an identity; else the first identity; without any, the author. */
function senderOf(from: readonly string[], engine: Engine): Mailbox {
  const [only, ...more] = from.flatMap(parseAddresses)
  const author = more.length === 0 ? parseMailbox(only?.address ?? '') : undefined
  const sender = author && engine.isOwnAddress(author) ? author : (engine.ownAddress() ?? author)
  if (sender) return sender
  throw new Fault(
    'usage',
    'send the message: it has no sender; use -f ADDRESS, or make an identity with posthorn identity add',
    { reason: 'no sender' },
  )
}

function reversePathOf(given: string, own: Mailbox | undefined): ReversePath {
  if (given === '' || given === '<>') return null
  const path = given.startsWith('<') ? parsePath(given) : parseMailbox(given)
  if (path) return path
  const local = own && /^[^@\s<>]+$/.test(given) ? parseMailbox(`${given}@${own.domain}`) : undefined
  if (local) return local
  throw new Fault('address.invalid', `send the message: "${given}" after -f is no address`, {
    value: given,
    reason: 'grammar',
  })
}

/** The addresses of the order, each once. A bare name means somebody in the own domain. Throws `address.invalid`. */
function recipientsOf(written: readonly string[], own: Mailbox | undefined): Mailbox[] {
  const found = new Map<string, Mailbox>()
  for (const text of written) {
    for (const one of parseAddresses(text)) {
      const bare =
        one.address === null && own && parseDomain(own.domain) && /^[^@\s<>"]+$/.test(one.text.trim())
          ? parseMailbox(`${one.text.trim()}@${own.domain}`)
          : undefined
      const mailbox = one.address === null ? bare : parseMailbox(one.address)
      if (!mailbox)
        throw new Fault(
          'address.invalid',
          `send the message: "${one.text}" is no address${one.problem === null ? '' : `: ${one.problem}`}`,
          { value: one.text, reason: one.problem ?? 'grammar' },
        )
      found.set(formatMailbox(mailbox), mailbox)
    }
  }
  return [...found.values()]
}
