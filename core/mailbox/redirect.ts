import { formatDate } from '../message/dsn-text.ts'
import { readHeader } from '../message/headers.ts'
import { formatMailbox, needsUtf8 } from '../model/address.ts'
import type { Identity } from '../store/identity.ts'
import type { Message } from '../store/message-list.ts'
import { lookAt, newId, person, withCrlf } from './resent.ts'
import { read, refused, uniqueOf, written, type SendDeps } from './send.ts'

/**
 * Sends a stored message on as it is: the fields of this resending stand together at the top (RFC 5322 §3.6.6), and nothing below
 * them is changed. Resolves when it is durable. Throws `address.invalid` and `message.refused`.
 */
export async function redirect(
  deps: SendDeps,
  message: Message,
  identity: Identity,
  addresses: string,
): Promise<{ entryId: number }> {
  const { store, clock } = deps
  const to = uniqueOf(read(addresses).map(({ mailbox }) => mailbox))
  if (to.length === 0) throw refused('nobody is named to send it on to')
  const seen = await lookAt(store.openBody(message.view))
  if (readHeader(seen.head).oddAt !== undefined) throw refused('its header can’t be sent on as it stands')
  const { name, mailbox } = identity
  const fields = [
    `Resent-From: ${person(name, mailbox)}`,
    `Resent-To: ${to.map((one) => Buffer.from(formatMailbox(one)).toString('latin1')).join(',\r\n ')}`,
    `Resent-Date: ${formatDate(clock.nowMs())}`,
    `Resent-Message-ID: ${newId(mailbox)}`,
  ]
  async function* whole(): AsyncGenerator<Uint8Array, void, void> {
    yield Buffer.from(`${fields.join('\r\n')}\r\n`, 'latin1')
    yield* withCrlf(store.openBody(message.view))
  }
  const { body, head, drop } = await written(store, whole())
  const utf8 = [mailbox, ...to].some(needsUtf8)
  const answer = await deps
    .accept({
      origin: 'window',
      from: mailbox,
      to,
      userId: null,
      body,
      head,
      has8bit: seen.has8bit || utf8,
      hasLongLines: seen.hasLongLines,
      utf8,
      received: '',
    })
    .catch(async (error: unknown) => {
      await drop()
      throw error
    })
  if (answer.accepted) return { entryId: answer.entryId }
  await drop()
  throw refused(answer.reply.lines.join(' '))
}
