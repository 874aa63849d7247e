import { implement } from '@orpc/server'
import { Fault } from '../base/fault.ts'
import { parseAddresses } from '../message/addresses.ts'
import { LARGEST_WRITTEN_BYTES } from '../model/sent-size.ts'
import { contract } from '../rpc/contract.ts'
import { DraftContent } from '../rpc/views.ts'
import { listDrafts } from '../store/draft.ts'
import { getIdentity, listIdentities } from '../store/identity.ts'
import { getMessage, type Message } from '../store/message-list.ts'
import { getTemplate, listTemplates, type Template } from '../store/template.ts'
import { warningOf } from './address-warning.ts'
import { answeringIdentity, headOf, listPostOf, type Behind } from './answering.ts'
import type { DraftCopies } from './draft-copies.ts'
import { answerReceipt, receiptOf } from './receipt.ts'
import { readableAddresses } from './composition.ts'
import { redirect } from './redirect.ts'
import { review, type ReviewDeps } from './review.ts'
import { identityOf, send, type SendDeps } from './send.ts'

const LARGEST_CHUNK = 256 * 1024
const done = { ok: true as const }

/** What `compose.*` is wired to. */
export interface ComposeDeps extends SendDeps, Omit<ReviewDeps, 'read'> {
  /** Puts drafts on the servers of their accounts. */
  readonly drafts: Pick<DraftCopies, 'saved'>
  /** Joint: whom an address of a local domain stands for. */
  readonly behind: Behind
}

/** A draft as the store keeps it. Throws where it is none. */
export function readDraft(content: string): DraftContent {
  return DraftContent.parse(JSON.parse(content))
}

/** Answers `compose.*`. */
export function composeHandlers(deps: ComposeDeps) {
  const os = implement(contract.compose)
  const { store, uploads } = deps
  const find = (id: number): Message => {
    const message = getMessage(store.read, id)
    if (message !== undefined) return message
    throw new Fault('not-found', `open message ${id}: it is gone`, { what: 'message', id: String(id) })
  }
  return {
    upload: {
      begin: os.upload.begin.handler(async ({ input }) => ({ handle: await uploads.begin(input) })),
      chunk: os.upload.chunk.handler(async ({ input }) => {
        const bytes = Buffer.from(input.base64, 'base64')
        if (bytes.length > LARGEST_CHUNK)
          throw new Fault('conflict', `attach a file: a piece of ${bytes.length} bytes; the most is ${LARGEST_CHUNK}`, {
            what: 'upload',
            reason: 'piece too large',
          })
        await uploads.chunk(input.handle, bytes)
        return done
      }),
      open: os.upload.open.handler(async ({ input }) => {
        const file = await uploads.get(input.handle)
        if (file === undefined)
          throw new Fault('not-found', 'show a picture: its upload is gone; attach it again', {
            what: 'upload',
            id: input.handle,
          })
        const { filename, contentType, sizeBytes, view } = file
        return { handle: deps.handles.make({ filename, contentType, sizeBytes, bytes: () => store.openBody(view) }) }
      }),
      drop: os.upload.drop.handler(async ({ input }) => {
        await uploads.drop(input.handle)
        return done
      }),
    },
    check: os.check.handler(({ input }) =>
      parseAddresses(input.addresses).map((one) => ({ ...one, warning: warningOf(store.read, one.address) })),
    ),
    review: os.review.handler(({ input }) => {
      const { identityId } = input
      const { read } = store
      const identity = identityId === null ? listIdentities(read)[0] : getIdentity(read, identityId)
      return review(input, identity, { ...deps, read })
    }),
    limits: os.limits.handler(async ({ input: { identityId, to, cc, bcc } }) => {
      const identity = identityId === null ? listIdentities(store.read)[0] : getIdentity(store.read, identityId)
      const domains = new Set([to, cc, bcc].flatMap(readableAddresses).map(({ mailbox }) => mailbox.domain))
      const servers = await deps.limitsFor(identity?.mailbox ?? null, [...domains])
      return { ownBytes: LARGEST_WRITTEN_BYTES, servers: servers.map((one) => ({ ...one, domains: [...one.domains] })) }
    }),
    answering: os.answering.handler(async ({ input }) => {
      const message = find(input.messageId)
      const head = await headOf(store, message)
      const identityId = answeringIdentity(store.read, head, message.folderId, deps.behind)
      return { identityId, listPost: listPostOf(head) }
    }),
    receipt: {
      get: os.receipt.get.handler(({ input }) => receiptOf(deps, find(input.messageId))),
      answer: os.receipt.answer.handler(({ input }) => answerReceipt(deps, find(input.messageId), input.send)),
    },
    redirect: os.redirect.handler(async ({ input }) => {
      const message = find(input.messageId)
      const received = async () =>
        answeringIdentity(store.read, await headOf(store, message), message.folderId, deps.behind)
      const identity = identityOf(store, input.identityId ?? (await received()))
      return redirect(deps, message, identity, input.to)
    }),
    send: os.send.handler(({ input }) => send(deps, input)),
    saveDraft: os.saveDraft.handler(async ({ input }) => {
      const { id, content, isClosing = false } = input
      const args = { id, identityId: content.identityId, content: JSON.stringify(content) }
      const saved = await store.write('draft.save', args)
      deps.drafts.saved(saved, isClosing)
      return { id: saved }
    }),
    drafts: os.drafts.handler(() =>
      listDrafts(store.read).map(({ id, content, changedMs }) => ({
        id,
        content: readDraft(content),
        changedMs,
      })),
    ),
    dropDraft: os.dropDraft.handler(async ({ input }) => {
      deps.onFolders(await store.write('draft.remove', input))
      await uploads.expire()
      return done
    }),
    templates: {
      list: os.templates.list.handler(() => listTemplates(store.read).map(toView)),
      save: os.templates.save.handler(async ({ input }) => {
        const { id, name } = input
        // Files and what ties it to one message stay with that message.
        const { about: _about, sendAtMs: _later, ...kept } = input.content
        const content = { ...kept, inReplyTo: '', references: '', attachments: [] }
        const saved = await store.write('template.save', { id, name, content: JSON.stringify(content) })
        const template = getTemplate(store.read, saved)
        if (template === undefined)
          throw new Fault('not-found', `save the template "${name}": it is gone`, {
            what: 'template',
            id: String(saved),
          })
        return toView(template)
      }),
      remove: os.templates.remove.handler(async ({ input }) => {
        await store.write('template.remove', input)
        return done
      }),
    },
  }
}

const toView = ({ content, ...rest }: Template) => ({ ...rest, content: readDraft(content) })
