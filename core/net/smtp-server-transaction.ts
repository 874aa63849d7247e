import { isFault, reasonOf } from '../base/fault.ts'
import type { Reply } from '../model/reply.ts'
import type { Transcript } from '../transcript/sink.ts'
import { countHops } from '../wire/smtp/data-reader.ts'
import { reply } from '../wire/smtp/server-reply.ts'
import type { Incoming } from '../wire/smtp/server-terms.ts'
import { SmtpContent } from './smtp-content.ts'
import type { Accepted, SmtpPolicy } from './smtp-server-terms.ts'

/** RFC 5321 §6.3 asks for at least 100 or a limit that finds loops; Postfix's number. */
const MOST_HOPS = 50

const LOOP = reply(554, '5.4.6', 'the message has passed too many servers')
const FULL = reply(452, '4.3.1', 'no room for the message now')
const FAULT = reply(451, '4.3.0', 'something failed here: try again later')

/** A fault of ours as a reply: general to the peer, for the cause stands in the transcript. */
export function replyTo(error: unknown): Reply {
  return isFault(error, 'store.full') ? FULL : FAULT
}

/** The content of one message at a time, on its way from the wire to whoever accepts it. */
export class SmtpServerTransaction {
  readonly #policy: Pick<SmtpPolicy, 'stage' | 'accept'>
  readonly #transcript: Transcript
  #content: SmtpContent | undefined
  #isInputFree = false
  /** Why content of ours could not be stored; said once it has come to its end. */
  #failure: Reply | undefined

  constructor(policy: Pick<SmtpPolicy, 'stage' | 'accept'>, transcript: Transcript) {
    this.#policy = policy
    this.#transcript = transcript
  }

  /** True while content comes. */
  get hasContent(): boolean {
    return this.#content !== undefined
  }

  /** Whether content was taken since the last call, and none of it needs the arrays any more that it came in. */
  freesInput(): boolean {
    const isFree = this.#isInputFree
    this.#isInputFree = false
    return isFree
  }

  begin(): void {
    this.#content = new SmtpContent(this.#policy.stage)
    this.#failure = undefined
  }

  /** A promise when the store has to keep up first; it never rejects. */
  take(bytes: Uint8Array, isSpoiled: boolean): Promise<void> | undefined {
    const content = this.#content
    const added = content?.add(bytes, isSpoiled)
    this.#isInputFree = content?.isCopied ?? false
    return added?.catch((error: unknown) => {
      this.#transcript.note(reasonOf(error))
      // The client is told at the end of its message; until then it would not listen.
      this.#failure = replyTo(error)
      content?.spoil()
    })
  }

  /** What the message is answered with, `250` only once it is the store's; never rejects. */
  accept(message: Incoming): Reply | Promise<Reply> | undefined {
    const content = this.#content
    if (content === undefined) return undefined
    const head = content.head(message.headBytes)
    if (countHops(head) > MOST_HOPS) this.#failure = LOOP
    if (this.#failure !== undefined) {
      this.discard()
      return this.#failure
    }
    // From here on the message is the store's: a client that leaves now takes nothing back.
    this.#content = undefined
    return this.#hand(content, message, head)
  }

  /** Drops what has come. */
  discard(): void {
    const content = this.#content
    this.#content = undefined
    if (content !== undefined) this.#drop(content)
  }

  async #hand(content: SmtpContent, message: Incoming, head: Uint8Array): Promise<Reply> {
    let refusal: Reply
    try {
      const body = content.body()
      const result = await this.#policy.accept(message, body instanceof Promise ? await body : body, head)
      if (result.accepted) {
        content.letGo()
        return this.#accepted(message, result)
      }
      refusal = result.reply
    } catch (error) {
      this.#transcript.note(reasonOf(error))
      refusal = replyTo(error)
    }
    this.#drop(content)
    return refusal
  }

  #accepted(message: Incoming, taken: Accepted): Reply {
    const transcript = this.#transcript
    transcript.countMessage()
    transcript.worst('250')
    if ('entryId' in taken) {
      const { entryId } = taken
      transcript.content('C', message.sizeBytes, { kind: 'entry', entryId })
      transcript.link({ entryId })
      return reply(250, '2.0.0', `ok, queued as ${entryId}`)
    }
    const { entryIds, messageIds } = taken
    const [messageId] = messageIds
    const [entryId] = entryIds
    if (messageId !== undefined) transcript.content('C', message.sizeBytes, { kind: 'message', messageId })
    else if (entryId !== undefined) transcript.content('C', message.sizeBytes, { kind: 'entry', entryId })
    for (const one of messageIds) transcript.link({ messageId: one })
    for (const one of entryIds) transcript.link({ entryId: one })
    return reply(250, '2.0.0', 'ok, delivered')
  }

  #drop(content: SmtpContent): void {
    this.#transcript.content('C', content.bytes, content.kept())
    content.letGo()
    content.drop()
  }
}
