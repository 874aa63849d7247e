import { implement } from '@orpc/server'
import type { ByteHandles } from '../base/byte-handles.ts'
import type { Changes } from '../base/changes.ts'
import { Fault } from '../base/fault.ts'
import { parseDomain, parseMailbox } from '../model/address.ts'
import { contract } from '../rpc/contract.ts'
import type { Settings } from '../settings.ts'
import { listAudit, listAuditOfEntry, type Asked } from '../store/queue-audit.ts'
import type { QueueEntryWhole } from '../store/queue-list.ts'
import { getRecipient } from '../store/queue.ts'
import type { Store } from '../store/types.ts'
import { listPaceViews, paceView } from './pace-handlers.ts'
import type { Queue, Target } from './queue.ts'
import { giveBackDraft, type GiveBackContext } from './undo-handlers.ts'
import { toAuditView, toEntryView, type ViewContext } from './view-handlers.ts'

/** What the queue's calls are wired to. */
export interface QueueHandlersContext extends Omit<GiveBackContext, 'store'> {
  readonly store: Store
  readonly queue: Queue
  readonly settings: () => Settings
  readonly nowMs: () => number
  readonly handles: ByteHandles
  readonly changes: Changes<number>
  /** Joint: stops or starts all sending, for good. */
  readonly setPaused: (paused: boolean) => Promise<void>
}

type Said = { readonly by?: Asked['who'] | undefined; readonly why?: string | undefined }
const asked = ({ by, why }: Said): Asked => ({ who: by ?? 'window', why: why ?? '' })
const done = { ok: true as const }

/** The queue as a window sees it and changes it. */
export function queueHandlers(context: QueueHandlersContext) {
  const { store, queue, changes, handles } = context
  const os = implement(contract.queue)
  const views: ViewContext = context
  const whole = async (id: number): Promise<QueueEntryWhole> => {
    const entry = await store.query('queue.get', { id })
    if (entry === null) throw notFound('queue entry', id)
    return entry
  }
  /** Which recipients an input names. Throws `not-found` and `address.invalid`. */
  const target = async (input: {
    readonly id: number | null
    readonly recipientId?: number | undefined
    readonly domain?: string | undefined
  }): Promise<Exclude<Target, { routeId: number }>> => {
    const { id, recipientId, domain } = input
    if (recipientId !== undefined) {
      const entryId = getRecipient(store.read, recipientId)?.entryId
      if (entryId === undefined || (id !== null && id !== entryId)) throw notFound('recipient', recipientId)
      return { entryId, recipientId }
    }
    if (id !== null) return { entryId: (await whole(id)).id }
    if (domain === undefined) return 'all'
    const parsed = parseDomain(domain)
    if (parsed === undefined) throw invalid(domain, 'it is no domain')
    return { domain: parsed }
  }
  const ofEntry = async (input: { readonly id: number; readonly recipientId?: number | undefined }) => {
    const meant = await target(input)
    if (meant === 'all' || !('entryId' in meant)) throw notFound('queue entry', input.id)
    return meant
  }
  return {
    list: os.list.handler(async ({ input }) => {
      const entries = await store.query('queue.list', input)
      return entries.map((entry) => toEntryView(entry, views))
    }),
    get: os.get.handler(async ({ input }) => {
      const entry = await whole(input.id)
      const domains = new Set<string>(entry.recipients.map(({ to }) => to.domain))
      return { ...toEntryView(entry, views), history: listAuditOfEntry(store.read, entry, domains).map(toAuditView) }
    }),
    retry: os.retry.handler(async ({ input }) => ({
      recipients: await queue.retry(await target(input), asked(input)),
    })),
    hold: os.hold.handler(async ({ input }) => ({ recipients: await queue.hold(await target(input), asked(input)) })),
    release: os.release.handler(async ({ input }) => {
      const { routeId } = input
      const meant = routeId === undefined ? await target(input) : { routeId }
      return { recipients: await queue.release(meant, asked(input)) }
    }),
    cancel: os.cancel.handler(async ({ input }) => ({
      recipients: await queue.cancel(await ofEntry(input), asked(input), input.dsn ?? false),
    })),
    edit: os.edit.handler(async ({ input }) => {
      const to = parseMailbox(input.address)
      if (to === undefined) throw invalid(input.address, 'it is no address')
      await queue.edit(input.recipientId, to, asked(input))
      return done
    }),
    route: os.route.handler(async ({ input }) => ({
      recipients: await queue.route(await ofEntry(input), input.way, asked(input)),
    })),
    export: os.export.handler(async ({ input }) => {
      const { id, view, subject } = await whole(input.id)
      await store.write('queue.note', { ...asked(input), what: 'export', entryId: id })
      const filename = `${
        subject
          .replace(/[^\p{L}\p{N} ._-]/gu, '')
          .trim()
          .slice(0, 60) || `message-${id}`
      }.eml`
      const handle = handles.make({
        contentType: 'message/rfc822',
        filename,
        sizeBytes: view.sizeBytes,
        bytes: () => store.openBody(view),
      })
      return { handle, filename, sizeBytes: view.sizeBytes }
    }),
    undo: os.undo.handler(async ({ input }) => {
      const { view } = await whole(input.id)
      const { draftId, content } = await queue.undo(input.id, asked(input))
      const given = await giveBackDraft(content, view, context)
      // Its files are uploads now, which stay as long as a draft names them.
      if (given.attachments.length > 0) {
        const { identityId } = given
        await store.write('draft.save', { id: draftId, identityId, content: JSON.stringify(given) })
      }
      return { draftId, content: given }
    }),
    pause: os.pause.handler(async ({ input }) => {
      await context.setPaused(input.paused)
      await store.write('queue.note', { ...asked(input), what: input.paused ? 'pause' : 'resume' })
      return done
    }),
    history: os.history.handler(({ input }) =>
      listAudit(store.read, input.before ?? Number.MAX_SAFE_INTEGER, input.limit).map(toAuditView),
    ),
    decide: os.decide.handler(async ({ input }) => {
      const { recipientId, decision } = input
      if (await queue.decide(recipientId, decision, asked(input))) return done
      throw new Fault('conflict', `decide about recipient ${recipientId}: its arrival is not unknown`, {
        what: 'recipient',
        reason: 'its arrival is not unknown',
      })
    }),
    pace: {
      list: os.pace.list.handler(() => listPaceViews(context)),
      set: os.pace.set.handler(async ({ input }) => {
        const { connections, gapSeconds, perConnection, perMinute, perHour, perDay } = input
        const destination = nameOf(input.destination)
        const pace = { destination, connections, gapSeconds, perConnection, perMinute, perHour, perDay }
        await queue.setPace(pace, asked(input))
        return paceView(destination, context)
      }),
      reset: os.pace.reset.handler(async ({ input }) => {
        const destination = nameOf(input.destination)
        if (await queue.resetPace(destination, asked(input))) return done
        throw new Fault('not-found', `reset the pace of "${destination}": none was set`, {
          what: 'pace',
          id: destination,
        })
      }),
    },
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of changes.stream(signal)) yield { ids }
    }),
  }
}

/** The name of a destination as lanes have it. Throws `address.invalid`. */
function nameOf(text: string): string {
  const domain = parseDomain(text)
  if (domain === undefined) throw invalid(text, 'it is neither a domain nor the name of a server')
  return domain
}

function notFound(what: string, id: number): Fault<'not-found'> {
  return new Fault('not-found', `find ${what} ${id}: there is none`, { what, id: String(id) })
}

function invalid(value: string, reason: string): Fault<'address.invalid'> {
  return new Fault('address.invalid', `read "${value}": ${reason}`, { value, reason })
}
