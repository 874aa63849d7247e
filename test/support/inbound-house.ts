import type { Clock } from '../../core/base/clock.ts'
import { makeDeliverInbound } from '../../core/mailbox/inbound.ts'
import { openLocalMail } from '../../core/mailbox/local.ts'
import { readFields } from '../../core/message/read.ts'
import { startInbound, type InboundServer } from '../../core/serve/inbound.ts'
import { networkOf } from '../../core/serve/client-network.ts'
import type { SessionLogin } from '../../core/serve/login.ts'
import { defaultSettings, type Settings } from '../../core/settings.ts'
import type { AliasSide } from '../../core/store/alias.ts'
import { findFolder, PERSON } from '../../core/store/folder.ts'
import { listPage } from '../../core/store/message-list.ts'
import type { DueRecipient } from '../../core/store/queue-due.ts'
import { createRecorder } from '../../core/transcript/recorder.ts'
import type { TranscriptBatch } from '../../core/transcript/sink.ts'
import { openInlineStore } from './inline-store.ts'
import { localhostTls } from './localhost.ts'
import { mailboxOf as mailbox } from './mailbox.ts'
import type { TestStore } from './store.ts'

/** Greylisting as the product has it. */
export const GREYLIST = { waitMs: 300_000, windowMs: 4 * 3_600_000, rememberMs: 36 * 86_400_000 }

/** The inbound server over a real store, with the users ada and bob at here.test and the person's own address me@here.test. */
export interface InboundHouse {
  readonly server: InboundServer
  readonly port: number
  readonly store: TestStore
  settings: Settings
  /** What aliases have sent on. */
  readonly forwarded: DueRecipient[]
  /** Raw messages of a mailbox, as they are read; `me` is the person who runs Posthorn. */
  inbox(who: 'ada' | 'bob' | 'me'): Promise<string[]>
  alias(patterns: string, targets: string): Promise<void>
  /** All that was recorded so far. */
  transcripts(): Promise<string>
  close(): Promise<void>
}

/** Opens one on a free port of loopback. */
export async function openInboundHouse(options: {
  readonly clock: Clock
  readonly settings?: Partial<Settings>
  readonly reverseName?: (peer: string) => Promise<string>
  readonly store?: TestStore
  /** False where a test lasts so long that its transcripts would fill the memory. */
  readonly keepsTranscripts?: boolean
}): Promise<InboundHouse> {
  const { clock } = options
  const store = options.store ?? openInlineStore(clock)
  const users = { me: null as number | null, ada: 0, bob: 0 }
  for (const name of ['ada', 'bob'] as const) {
    const added = await store.write('user.add', { mailbox: mailbox(`${name}@here.test`), verifier: Buffer.from(name) })
    users[name] = added.id
  }
  await store.write('identity.save', { name: 'Me', mailbox: mailbox('me@here.test'), routeId: null })
  const house = {
    settings: {
      ...defaultSettings(),
      'inbound.host': '127.0.0.1',
      'inbound.port': 0,
      'inbound.delaySeconds': 0,
      'local.domains': ['here.test', 'there.test'],
      ...options.settings,
    } as Settings,
  }
  const batches: TranscriptBatch[] = []
  const sink = async (batch: TranscriptBatch) => void (options.keepsTranscripts === false || batches.push(batch))
  const recorder = createRecorder({ sink, clock, firstSessionId: 1 })
  const forwarded: DueRecipient[] = []
  const local = openLocalMail({ read: store.read, settings: () => house.settings })
  const login: SessionLogin = {
    login: async (user, password) =>
      user === 'ada' && password === 'secret' ? { userId: users.ada, address: 'ada@here.test' } : undefined,
    scramCredentials: () => Promise.reject(new Error('nobody can look now')),
    loginFailed: () => {},
    isNameKept: (name) => name === 'ada',
    isStanding: () => true,
  }
  const server = await startInbound({
    settings: () => house.settings,
    recorder,
    clock,
    isLocal: local.isLocal,
    find: local.find,
    deliver: makeDeliverInbound({
      store,
      find: local.find,
      describe: readFields,
      onFolders: () => {},
      onForwarded: (due) => forwarded.push(...due),
    }),
    greylist: (peer, sender, recipient) =>
      store.write('greylist.see', { ...GREYLIST, network: networkOf(peer, 24), sender, recipient }),
    stage: () => store.stage(),
    hasRoom: () => true,
    tls: () => localhostTls,
    login: () => login,
    reverseName: options.reverseName ?? (async (peer) => `reverse DNS: ${peer} has no name`),
  })
  return Object.assign(house, {
    server,
    port: server.endpoint?.port ?? 0,
    store,
    forwarded,
    async inbox(who: 'ada' | 'bob' | 'me') {
      const owner = who === 'me' ? PERSON : { accountId: null, userId: users[who] }
      const folder = findFolder(store.read, owner, 'inbox')
      if (!folder) return []
      const { rows } = listPage(store.read, folder.id, null, 200)
      return Promise.all(rows.map(async ({ view }) => (await store.readBody(view)).toString('latin1')))
    },
    async alias(patterns: string, targets: string) {
      await store.write('alias.set', { id: null, patterns: sidesOf(patterns), targets: sidesOf(targets) })
    },
    async transcripts() {
      await recorder.flush()
      return JSON.stringify(batches)
    },
    async close() {
      await server.close()
      await store.closeAndRemove()
    },
  })
}

const sidesOf = (text: string): AliasSide[] =>
  text.split(', ').map((side) => {
    if (!side.includes('*')) return mailbox(side)
    const { local, domain } = mailbox(side.replace('*@*', 'x@x.test').replace('*@', 'x@').replace('@*', '@x.test'))
    return { local: side.startsWith('*') ? '*' : local, domain: side.endsWith('*') ? '*' : domain }
  })
