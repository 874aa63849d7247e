import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../core/base/clock.ts'
import { openLogins, type LoginOf, type Logins } from '../../core/serve/login.ts'
import { startPop3, type Pop3Options, type Pop3Server } from '../../core/serve/pop3.ts'
import { defaultSettings, type Settings } from '../../core/settings.ts'
import { findFolder, PERSON, type FolderOwner } from '../../core/store/folder.ts'
import { listPage } from '../../core/store/message-list.ts'
import { createRecorder } from '../../core/transcript/recorder.ts'
import type { TranscriptBatch } from '../../core/transcript/sink.ts'
import { openPasswords } from '../../core/vault/passwords.ts'
import { impatientClock } from './impatient-clock.ts'
import { localhost, localhostTls } from './localhost.ts'
import { mailboxOf } from './mailbox.ts'
import { plainPasswords } from './plain-passwords.ts'
import { openInlineStore } from './inline-store.ts'
import { openTestStore, type TestStore } from './store.ts'

/** The users of the service: ada and bob, password "secret"; the person's identity, "me". */
export const USERS = ['ada@client.example', 'bob@client.example'] as const
export const ME = 'me@client.example'

/** A POP3 server as the product opens it, in front of a real store. */
export interface Pop3Service {
  readonly port: number
  readonly tlsPort: number
  readonly caFile: string
  readonly folder: string
  readonly store: TestStore
  readonly logins: Logins
  readonly server: Pop3Server
  readonly changed: number[]
  /** Puts messages into somebody's Inbox, in order; null is the person. Returns their ids. */
  deliver(userId: number | null, ...messages: readonly (string | Uint8Array)[]): Promise<number[]>
  /** What is in that Inbox now, oldest first. */
  inbox(userId: number | null): Promise<string[]>
  transcripts(): Promise<string>
  close(): Promise<void>
}

const ownerOf = (userId: number | null): FolderOwner => (userId === null ? PERSON : { accountId: null, userId })

/** Opens one on free ports of loopback. `real`: store and passwords are the product's own, which takes its time. */
export async function openPop3Service(
  changed: {
    readonly settings?: Partial<Settings>
    readonly options?: Partial<Pop3Options>
    readonly loginOf?: (of: LoginOf) => LoginOf
    readonly clock?: Clock
    readonly real?: boolean
    /** The store as the server sees it. */
    readonly meddle?: (store: TestStore) => Pop3Options['store']
    readonly password?: string
  } = {},
): Promise<Pop3Service> {
  const { clock = impatientClock, real = false, password = 'secret' } = changed
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-pop3-'))
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, localhost.cert)
  const store = real ? await openTestStore() : openInlineStore(clock)
  const passwords = real ? await openPasswords(store) : plainPasswords(store)
  for (const user of USERS)
    await store.write('user.add', { mailbox: mailboxOf(user), verifier: await passwords.verifierOf(password, []) })
  await store.write('identity.save', { name: '', mailbox: mailboxOf(ME), routeId: null })
  const logins = openLogins({ store, passwords, clock })
  const batches: TranscriptBatch[] = []
  const recorder = createRecorder({ sink: async (batch) => void batches.push(batch), clock, firstSessionId: 1 })
  const folders: number[] = []
  const server = await startPop3({
    settings: { ...defaultSettings(), 'pop3.port': 0, 'pop3.tlsPort': 0, ...changed.settings },
    recorder,
    clock,
    store: changed.meddle?.(store) ?? store,
    loginOf: changed.loginOf?.(logins.of) ?? logins.of,
    tls: () => localhostTls,
    uidlKey: async () => new Uint8Array(32),
    onFolders: (ids) => void folders.push(...ids),
    ...changed.options,
  })
  let receivedMs = Date.UTC(2026, 0, 1)
  return {
    port: server.plain?.port ?? 0,
    tlsPort: server.tls?.port ?? 0,
    caFile,
    folder,
    store,
    logins,
    server,
    changed: folders,
    async deliver(userId, ...messages) {
      const ids: number[] = []
      for (const message of messages) {
        const raw = typeof message === 'string' ? Buffer.from(message, 'latin1') : message
        const { messageId } = await store.write('message.deliver', {
          owner: ownerOf(userId),
          role: 'inbox',
          message: newMessage(raw, (receivedMs += 1000)),
        })
        ids.push(messageId)
      }
      return ids
    },
    async inbox(userId) {
      const found = findFolder(store.read, ownerOf(userId), 'inbox')
      if (found === undefined) return []
      const rows = listPage(store.read, found.id, null, 200).rows.toSorted((a, b) => a.id - b.id)
      const texts: string[] = []
      for (const row of rows) texts.push((await store.readBody(row.view)).toString('latin1'))
      return texts
    },
    async transcripts() {
      await recorder.flush()
      return JSON.stringify(batches)
    },
    async close() {
      await server.close()
      await logins.close()
      await store.closeAndRemove()
      rmSync(folder, { recursive: true })
    },
  }
}

/** A message with nothing known of it but its bytes. */
export function newMessage(raw: Uint8Array, receivedMs: number) {
  return {
    body: { raw },
    prefix: '',
    removed: [],
    fields: {
      messageId: '',
      inReplyTo: '',
      references: '',
      subject: '',
      authorName: '',
      authorAddress: '',
      addressees: '',
      preview: '',
      body: '',
      dateMs: null,
      attachments: 0,
    },
    receivedMs,
    seen: false,
  }
}
