import { expect } from 'vitest'
import { systemClock } from '../../core/base/clock.ts'
import type { FetchDeps } from '../../core/fetch/fetch-deps.ts'
import { readFields } from '../../core/message/read.ts'
import { makeDialer } from '../../core/net/dial.ts'
import { getAccount, type Account } from '../../core/store/account.ts'
import { findFolder } from '../../core/store/folder.ts'
import { getMessage } from '../../core/store/message-list.ts'
import type { Pop3Rules } from '../../core/store/pop3-account.ts'
import { createRecorder } from '../../core/transcript/recorder.ts'
import { startPop3Server, type Maildrop, type Pop3TestServer } from './pop3-server.ts'
import { openTestStore, type TestStore } from './store.ts'

/** A store, a small POP3 server, and what fetches from one into the other. */
export interface FetchHouse {
  readonly store: TestStore
  readonly server: Pop3TestServer
  readonly maildrop: Maildrop
  deps(more?: Partial<FetchDeps>): FetchDeps
  addAccount(rules?: Partial<Pop3Rules> & { keep?: boolean; user?: string; port?: number }): Promise<Account>
  /** The account as it stands now. */
  account(id: number): Account
  /** What its Inbox holds, in order of arrival here. */
  inbox(account: Account): Promise<{ id: number; subject: string; raw: string }[]>
  close(): Promise<void>
}

/** Opens one with an empty maildrop. */
export async function openFetchHouse(): Promise<FetchHouse> {
  const store = await openTestStore()
  const maildrop: Maildrop = { messages: [] }
  const server = await startPop3Server(maildrop)
  const recorder = createRecorder({
    sink: (batch) => store.record(batch),
    clock: systemClock,
    firstSessionId: 1,
    onFailure: (reason) => expect(reason).toBe(''),
  })
  return {
    store,
    server,
    maildrop,
    deps: (more = {}) => ({
      store,
      recorder,
      clock: systemClock,
      dial: makeDialer(),
      findHost: async () => ({ ok: true, addresses: ['127.0.0.1'], trace: [] }),
      caFile: () => '',
      loginOf: () => ({ kind: 'password', secret: 'secret' }),
      readFields: async (raw) => readFields(raw instanceof Uint8Array ? raw : Buffer.concat(raw)),
      ...more,
    }),
    addAccount: ({ keep = false, user = 'ada', port = server.port, ...rules } = {}) =>
      store.write('account.add', {
        name: user,
        host: 'mail.example',
        port,
        tls: 'none',
        user,
        keep,
        everySeconds: 300,
        secret: { login: 'password', value: Buffer.from('secret') },
        rules,
      }),
    account: (id) => getAccount(store.read, id)!,
    async inbox(account) {
      const folder = findFolder(store.read, { accountId: account.id, userId: null }, 'inbox')
      const ids = store.read.prepare('SELECT id FROM message WHERE folder_id = ? ORDER BY id').all(folder!.id) as {
        id: number
      }[]
      return Promise.all(
        ids.map(async ({ id }) => {
          const row = getMessage(store.read, id)!
          return { id, subject: row.subject, raw: (await store.readBody(row.view)).toString('latin1') }
        }),
      )
    },
    async close() {
      await server.close()
      await recorder.flush()
      await store.closeAndRemove()
    },
  }
}

/** A message told from others by its number. */
export const numbered = (n: number, body = 'hello\r\n') =>
  ({ uidl: `uid-${n}`, raw: Buffer.from(`Subject: number ${n}\r\n\r\n${body}`, 'latin1') }) as const
