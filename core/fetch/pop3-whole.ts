import { Fault, reasonOf } from '../base/fault.ts'
import type { Pop3Session } from '../net/pop3-words.ts'
import { getAccount, type Account } from '../store/account.ts'
import { getPartial } from '../store/pop3-seen.ts'
import { Arrival } from './arrival.ts'
import type { FetchDeps } from './fetch-deps.ts'
import { openMaildrop } from './pop3.ts'
import { listMaildrop } from './pop3-listing.ts'
import { describeTrouble } from './words.ts'

/**
 * Fetches the rest of a message of which only the header is here. Resolves when it is whole and durable; at once where it is
 * already. Throws `fetch.failed` with a sentence for a person.
 */
export async function fetchWhole(messageId: number, deps: FetchDeps, signal?: AbortSignal): Promise<void> {
  const partial = getPartial(deps.store.read, messageId)
  if (partial === undefined) return
  const account = partial.source === null ? undefined : getAccount(deps.store.read, partial.source.accountId)
  if (partial.source === null || account === undefined)
    throw failed('The account this message came by is not here any more: only its header was fetched.')
  const opened = await openMaildrop(account, deps, signal)
  if ('problem' in opened) throw failed(opened.problem)
  if (!opened.ok) throw failed(describeTrouble(opened.trouble, account))
  try {
    await bring(messageId, partial.source.uidl, account, opened.session, deps)
  } finally {
    opened.session.abandon({ kind: 'given-up' })
  }
}

async function bring(messageId: number, uidl: string, account: Account, session: Pop3Session, deps: FetchDeps) {
  const number = await numberOf(uidl, account, session)
  const arrival = new Arrival(() => deps.store.stage())
  try {
    const answer = await session.retrieve({ verb: 'RETR', number }, { kind: 'fetched', uidl }, (bytes) =>
      arrival.add(bytes),
    )
    if (answer.kind === 'lost') throw failed(describeTrouble(answer.trouble, account))
    if (answer.kind === 'refused')
      throw failed(`${account.host} does not give the message out. It says: ${answer.text.slice(0, 500)}`)
    const { body, toRead } = await arrival.finish()
    const fields = await deps.readFields(toRead)
    const folderId = await deps.store.write('pop3.complete', { messageId, body, fields })
    session.transcript.link({ messageId })
    deps.onMail?.(folderId)
  } catch (error) {
    await arrival.drop().catch(() => {})
    throw error instanceof Fault ? error : failed(`The message could not be kept: ${reasonOf(error)}`)
  }
  // Only now: it is durably here, and the account's rule is that nothing stays there.
  if (!account.keep) await session.ask({ verb: 'DELE', number })
  await session.quit()
}

/** The message's number in this session. */
async function numberOf(uidl: string, account: Account, session: Pop3Session): Promise<number> {
  const listing = await listMaildrop(session, account.host)
  if (listing.kind === 'lost') throw failed(describeTrouble(listing.trouble, account))
  if (listing.kind === 'problem') throw failed(listing.problem)
  const found = listing.messages.filter(({ value }) => value === uidl)
  if (found.length === 1 && found[0] !== undefined) return found[0].number
  throw failed(`${account.host} does not have this message any more: only its header was fetched.`)
}

const failed = (reason: string) =>
  new Fault('fetch.failed', `fetch the rest of a message: ${reason}`, { what: 'message', reason })
