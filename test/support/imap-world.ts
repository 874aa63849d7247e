import { systemClock } from '../../core/base/clock.ts'
import { fetchImapAccount } from '../../core/fetch/imap.ts'
import type { ImapDeps } from '../../core/fetch/imap-words.ts'
import { readFields } from '../../core/message/read.ts'
import type { TranscriptEvent } from '../../core/model/transcript.ts'
import { makeDialer } from '../../core/net/dial.ts'
import { requireAccount, type Account } from '../../core/store/account.ts'
import { listFoldersOfAccount } from '../../core/store/folder.ts'
import { listPage, type Message } from '../../core/store/message-list.ts'
import { createRecorder } from '../../core/transcript/recorder.ts'
import { openTestStore, type TestStore } from './store.ts'

/** An engine's rooms around one IMAP account: a store, a recorder, and what fetching is wired to. */
export interface ImapWorld {
  readonly store: TestStore
  readonly deps: ImapDeps
  /** All that was recorded, as it is stored. */
  readonly recorded: TranscriptEvent[]
  add(at: Partial<Account> & { readonly port: number; readonly user: string }, password: string): Promise<Account>
  fetch(account: Account): Promise<{ fetched: number; removed: number; problem: string | null }>
  /** Names of the account's folders with their messages, as `subject flag flag`, oldest first. */
  look(account: Account): Record<string, string[]>
  messages(account: Account, folder: string): Message[]
  flush(): Promise<void>
  close(): Promise<void>
}

export async function openImapWorld(password: string, caFile = ''): Promise<ImapWorld> {
  const store = await openTestStore()
  const recorded: TranscriptEvent[] = []
  const recorder = createRecorder({
    sink: async (batch) => {
      for (const { events } of batch.events) recorded.push(...events)
    },
    clock: systemClock,
    firstSessionId: 1,
  })
  const deps: ImapDeps = {
    store,
    recorder,
    clock: systemClock,
    dial: makeDialer(systemClock),
    findHost: async () => ({ ok: true, addresses: ['127.0.0.1'], trace: [] }),
    caFile: () => caFile,
    loginOf: () => ({ kind: 'password', secret: password }),
    readFields: async (raw) => readFields(raw instanceof Uint8Array ? raw : Buffer.concat(raw)),
  }
  const messages = (account: Account, folder: string) => {
    const found = listFoldersOfAccount(store.read, account.id).find(({ name }) => name === folder)
    return found === undefined ? [] : listPage(store.read, found.id, null, 200).rows.toReversed()
  }
  return {
    store,
    deps,
    recorded,
    async add(at, secret) {
      const added = await store.write('account.add', {
        kind: 'imap',
        name: 'Ada',
        host: 'localhost',
        tls: 'none',
        keep: true,
        everySeconds: 300,
        secret: { login: 'password', value: Buffer.from(secret) },
        ...at,
      })
      return requireAccount(store.read, added.id, 'find')
    },
    fetch: (account) => fetchImapAccount(account, deps),
    messages,
    look: (account) =>
      Object.fromEntries(
        listFoldersOfAccount(store.read, account.id)
          .toSorted((a, b) => (a.name < b.name ? -1 : 1))
          .map(({ name }) => [
            name,
            messages(account, name)
              .toSorted((a, b) => a.receivedMs - b.receivedMs || a.id - b.id)
              .map(({ subject, seen, starred }) =>
                [subject, ...(starred ? ['\\Flagged'] : []), ...(seen ? ['\\Seen'] : [])].join(' '),
              ),
          ]),
      ),
    flush: () => recorder.flush(),
    async close() {
      await recorder.flush()
      await store.closeAndRemove()
    },
  }
}

/** A message of that subject; `bytes` makes it longer. */
export function mail(subject: string, bytes = 0): string {
  const line = `${'x'.repeat(70)}\r\n`
  const body = 'Hello.\r\n' + line.repeat(Math.ceil(bytes / line.length))
  return `From: Kim <kim@far.example>\r\nTo: ada@here.example\r\nSubject: ${subject}\r\nMessage-ID: <${subject.replaceAll(' ', '.')}@far.example>\r\nDate: Tue, 1 Jul 2025 10:00:00 +0000\r\n\r\n${body}`
}
