import { Fault } from '../base/fault.ts'
import { listFields } from '../message/header-list.ts'
import { readHeader, valueOf } from '../message/headers.ts'
import { readUnsubscribe, type UnsubscribeWays } from '../message/unsubscribe.ts'
import { AUTH_METHODS } from '../model/rule.ts'
import type { AboutView } from '../rpc/message-facts-contract.ts'
import { cameBy } from '../store/came-by.ts'
import { getFolder } from '../store/folder.ts'
import type { Message } from '../store/message-list.ts'
import { listSessionsOf } from '../store/message-list.ts'
import { trustedBy } from '../store/rule.ts'
import { getSession } from '../store/session.ts'
import type { Store } from '../store/types.ts'
import { getUnsubscribed } from '../store/unsubscribed.ts'
import { readAuth } from './rule-auth.ts'

/** Joint: one POST by HTTPS, without cookies and without following redirects. Never throws. */
export type AskUnsubscribe = (
  url: string,
  signal: AbortSignal | undefined,
) => Promise<
  | { readonly ok: true; readonly status: number; readonly host: string }
  | { readonly ok: false; readonly reason: string; readonly host: string }
>

/** A header is looked at so far. */
const HEAD_BYTES = 256 * 1024

/** The beginning of a message, with all of its header. */
export async function headOf(store: Pick<Store, 'openBody'>, message: Message): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of store.openBody(message.view)) {
    chunks.push(chunk)
    sizeBytes += chunk.length
    if (sizeBytes >= HEAD_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, HEAD_BYTES)
}

/** What is known of how a message came and who wrote it; no more than a server that is trusted has said. */
export async function aboutMessage(store: Pick<Store, 'openBody' | 'read'>, message: Message): Promise<AboutView> {
  const raw = await headOf(store, message)
  const sessions = listSessionsOf(store.read, message.id).flatMap((id) => getSession(store.read, id) ?? [])
  // The first one: those after it may have put it elsewhere, or given it out, and make nothing of a stranger's trustworthy.
  const brought = sessions.find(({ side, protocol }) => side === (protocol === 'smtp' ? 'server' : 'client'))
  // Where it lies says nothing: what was imported there, or moved, has fields that anybody may have written.
  const accountId = cameBy(store.read, message.id)
  const isSent =
    getFolder(store.read, message.folderId)?.role === 'sent' || (brought === undefined && sessions.length > 0)
  const way = isSent ? 'sent' : accountId !== undefined ? 'account' : brought?.protocol === 'smtp' ? 'inbound' : 'file'
  const trusted = accountId === undefined ? undefined : trustedBy(store.read, accountId)
  const fields = valuesOf(raw, 'authentication-results')
  const auth = trusted === undefined || way !== 'account' ? undefined : readAuth(fields, trusted)
  const found = AUTH_METHODS.flatMap((method) => {
    const results = auth?.get(method)
    return results === undefined ? [] : [{ method, results: results.slice(0, 10) }]
  })
  const claimed = /^\s*([A-Za-z0-9._:-]{1,253})\s*(?:\d+\s*)?;/.exec(fields[0] ?? '')?.[1]
  const ways = readUnsubscribe(raw)
  const dkim = auth?.get('dkim')
  const isSigned = dkim === undefined ? null : dkim.includes('pass')
  return {
    way,
    peer: way === 'file' ? null : (brought?.peer ?? null),
    accountId: accountId ?? null,
    auth: trusted === undefined || found.length === 0 ? null : { server: trusted, found },
    claims: found.length > 0 || way !== 'account' ? null : (claimed ?? null),
    unsubscribe:
      ways === undefined || isSent ? null : { ...wayOut(ways, isSigned), isSigned, asked: asked(store, message.id) },
  }
}

/** One click where the signature is not known to be bad; else a page the person looks at first. */
function wayOut(ways: UnsubscribeWays, isSigned: boolean | null) {
  const mayPost = ways.isOneClick && isSigned !== false && ways.https !== null
  return {
    oneClickHost: mayPost && ways.https !== null ? new URL(ways.https).hostname : null,
    page: ways.https,
    mailto: ways.mailto,
    signers: [...ways.signers],
  }
}

function asked(store: Pick<Store, 'read'>, id: number) {
  const done = getUnsubscribed(store.read, id)
  return done === undefined ? null : { atMs: done.askedMs, host: done.host, status: done.status, reason: done.reason }
}

/** All fields of a message's header. */
export async function headersOf(store: Pick<Store, 'openBody'>, message: Message) {
  const raw = await headOf(store, message)
  const { fields, isCut } = listFields(raw)
  return { fields, isCut: isCut || (raw.length === HEAD_BYTES && readHeader(raw).bodyAt >= raw.length) }
}

/**
 * Asks a message's author for no more of its kind, by the one POST the message itself offers, and keeps what was answered. Throws
 * `conflict` and `fetch.failed`.
 */
export async function unsubscribe(
  deps: { readonly store: Pick<Store, 'openBody' | 'read' | 'write'>; readonly askUnsubscribe: AskUnsubscribe },
  message: Message,
  signal: AbortSignal | undefined,
): Promise<{ host: string; status: number; isDone: boolean }> {
  const { store } = deps
  const { unsubscribe: offered } = await aboutMessage(store, message)
  if (offered === null || offered.oneClickHost === null || offered.page === null) {
    const reason = 'it offers no one-click by HTTPS that a signature covers'
    throw new Fault('conflict', `unsubscribe by message ${message.id}: ${reason}`, { what: 'message', reason })
  }
  const answer = await deps.askUnsubscribe(offered.page, signal)
  const { host } = answer
  const kept = answer.ok ? { status: answer.status, reason: '' } : { status: null, reason: answer.reason.slice(0, 500) }
  await store.write('message.unsubscribed', { messageId: message.id, host, ...kept })
  if (!answer.ok)
    throw new Fault('fetch.failed', `unsubscribe at ${host}: ${answer.reason}`, {
      what: 'unsubscribe',
      reason: `${host} could not be asked: ${answer.reason}.`,
    })
  return { host, status: answer.status, isDone: answer.status >= 200 && answer.status < 300 }
}

const valuesOf = (raw: Uint8Array, name: string) =>
  readHeader(raw)
    .fields.filter((field) => field.name === name)
    .slice(0, 20)
    .map((field) => valueOf(raw, field).slice(0, 8192))
