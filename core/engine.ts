import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ByteHandles } from './base/byte-handles.ts'
import { Changes } from './base/changes.ts'
import { systemClock, type Clock } from './base/clock.ts'
import { reasonOf } from './base/fault.ts'
import { defaultKeyFile } from './base/paths.ts'
import { appHandlers } from './engine-app.ts'
import { openDiagnostics, type Diagnostics } from './engine-diagnostics.ts'
import { openConsole } from './engine-console.ts'
import { openDkim } from './engine-dkim.ts'
import { inboundTroubles, inboundView, openInbound, type Inbound } from './engine-inbound.ts'
import { openLab } from './engine-lab.ts'
import { openProtocolLog } from './engine-log.ts'
import { LoopWatch, type LoopDelay } from './engine-loop.ts'
import { byWay, filesBack, keepQueueShort, networkNow } from './engine-queue.ts'
import { pop3View } from './engine-pop3.ts'
import { openReading } from './engine-reading.ts'
import { openRules } from './engine-rules.ts'
import { openSearch } from './engine-search.ts'
import { openRoutes, releaseHeld } from './engine-routes.ts'
import { openServing } from './engine-serving.ts'
import { openSignIns } from './engine-sign-ins.ts'
import { EngineSettings } from './engine-settings.ts'
import { openSizes } from './engine-sizes.ts'
import { openTls } from './engine-tls.ts'
import { openTransfer } from './engine-transfer.ts'
import { makeAskUnsubscribe } from './engine-unsubscribe.ts'
import { openWriting } from './engine-writing.ts'
import { accountHandlers } from './fetch/handlers.ts'
import { createFetcher } from './fetch/fetcher.ts'
import { openImapAccounts } from './fetch/imap-accounts.ts'
import type { FetchDeps } from './fetch/fetch-deps.ts'
import { aliasHandlers } from './mailbox/alias-handlers.ts'
import { composeHandlers, readDraft } from './mailbox/compose-handlers.ts'
import { DraftCopies } from './mailbox/draft-copies.ts'
import { mailHandlers } from './mailbox/handlers.ts'
import { identityHandlers } from './mailbox/identity-handlers.ts'
import { openLocalMail } from './mailbox/local.ts'
import { ensurePersonFolders } from './mailbox/person.ts'
import { Snoozer } from './mailbox/snooze.ts'
import { Uploads } from './mailbox/uploads.ts'
import { openParsePool } from './message/parse-pool.ts'
import { type Mailbox } from './model/address.ts'
import type { Keychain } from './model/keychain.ts'
import type { OnStep } from './model/step.ts'
import type { Accept } from './model/submission.ts'
import { makeDialer, type Dialer } from './net/dial.ts'
import { dnsServers } from './net/dns-servers.ts'
import { makeResolver, type Resolver } from './net/dns.ts'
import { makeFindHost } from './net/find-host.ts'
import { makeHttpsGet } from './net/https-get.ts'
import { makeImageGet } from './net/image-get.ts'
import { queueHandlers } from './queue/handlers.ts'
import { startQueue } from './queue/queue.ts'
import { watchIncomingReports } from './queue/incoming-reports.ts'
import { suppressionHandlers } from './queue/suppression-handlers.ts'
import { makeSubmit } from './queue/submit.ts'
import { makeDeliver } from './relay/deliver.ts'
import { DeadHosts } from './relay/dead-hosts.ts'
import type { RelayDeps } from './relay/deps.ts'
import { Parked } from './relay/parked.ts'
import type { EngineRouter } from './rpc/serve.ts'
import { findIdentity, listIdentities } from './store/identity.ts'
import { takeLock, type Lock } from './store/lock.ts'
import { openStore } from './store/open.ts'
import { queueCounts } from './store/queue-due.ts'
import { hasRoom } from './store/room.ts'
import { lastSessionId } from './store/session.ts'
import { sqliteVersion } from './store/sqlite-version.ts'
import { listSettings } from './store/setting.ts'
import { createRecorder } from './transcript/recorder.ts'
import { vaultHandlers } from './vault/handlers.ts'
import { openVault, tidyVault } from './vault/key.ts'
import { vault } from './vault/vault.ts'
import { waysIn } from './vault/ways.ts'

/** What an engine is started with. Clock, resolver and dialer are the machine's own unless others are handed in. */
export interface EngineOptions {
  readonly dataFolder: string
  readonly keyFile?: string
  /** The database key where the host knows it, from a passphrase. */
  readonly key?: Uint8Array
  /** The system's keychain, where the host can ask one. */
  readonly keychain?: Keychain
  /** What the settings file says, as JSON; nothing when there is none. */
  readonly fileSettings?: unknown
  /** Path of SQLite's addon, where the engine runs from a bundle. */
  readonly nativeBinding?: string
  /** Opens the store for one command: no listener, no timer, no delivery. */
  readonly alone?: boolean
  /** The lock of the data folder where the host holds it already. */
  readonly lock?: Lock
  readonly log: (line: string) => void
  readonly clock?: Clock
  readonly resolver?: Resolver
  readonly dialer?: Dialer
  /** Told of each step of a message on its way out, and waited for: a tracing hook. */
  readonly onStep?: OnStep
}

/** The engine while it runs. Every host is built on this. */
export interface Engine {
  readonly dataFolder: string
  /** True when it was opened for one command. */
  readonly alone: boolean
  /** The contract, answered. */
  readonly router: EngineRouter
  readonly bytes: ByteHandles
  /** Where other programs submit mail; null while nothing listens. */
  readonly submission: { readonly host: string; readonly port: number } | null
  /** Where they do so inside TLS from the first byte. */
  readonly submissionTls: { readonly host: string; readonly port: number } | null
  /** Where other servers deliver mail for the local domains; null while nothing listens. */
  readonly inbound: { readonly host: string; readonly port: number } | null
  /** Where other programs read mail by POP3, with STLS and inside TLS; null while nothing listens. */
  readonly pop3: { readonly host: string; readonly port: number } | null
  readonly pop3Tls: { readonly host: string; readonly port: number } | null
  /** The only way into the queue. */
  readonly accept: Accept
  /** The first identity's address: who the person is when nothing else says so. */
  ownAddress(): Mailbox | undefined
  /** Whether one of the identities has this address. */
  isOwnAddress(address: Mailbox): boolean
  /** The servers' certificate as PEM, for other programs to trust; made when there is none yet. */
  certificate(): Promise<string>
  /** How late the main thread was. */
  eventLoopDelay(reset: boolean): LoopDelay
  /** The computer is about to sleep: what the protocol log still holds back is stored. */
  suspending(): Promise<void>
  /** It is awake again, or has another network: one run of the queue, a moment later. */
  resumed(what: 'sleep' | 'network'): void
  /** Resolves with words when the engine cannot go on, such as a store whose thread died. */
  readonly failed: Promise<string>
  /** Takes no more work, lets what is under way come to its end, closes the store. */
  close(): Promise<void>
}

/** What was opened, closed in the opposite order. */
class Opened {
  readonly #close: { readonly what: string; run(): unknown }[] = []
  readonly #log: (line: string) => void
  constructor(log: (line: string) => void) {
    this.#log = log
  }
  add(what: string, run: () => unknown): void {
    this.#close.push({ what, run })
  }
  async closeAll(): Promise<void> {
    for (const { what, run } of this.#close.splice(0).reverse()) {
      try {
        await run()
      } catch (error) {
        this.#log(`close the ${what}: ${reasonOf(error)}`)
      }
    }
  }
}

/**
 * Starts an engine on a data folder, which is made when it is missing. Throws `settings.*`, `store.*` and `vault.*`, having
 * closed all that it had opened.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const opened = new Opened(options.log)
  try {
    return await start(options, opened)
  } catch (error) {
    await opened.closeAll()
    throw error
  }
}

async function start(options: EngineOptions, opened: Opened): Promise<Engine> {
  const { dataFolder, clock = systemClock, alone = false } = options
  const log = (line: string) => {
    options.log(line)
    diagnostics?.keep(line)
  }
  let diagnostics: Diagnostics | undefined
  const native = options.nativeBinding === undefined ? {} : { nativeBinding: options.nativeBinding }
  const config = new EngineSettings(options.fileSettings ?? {})
  const settings = () => config.values
  if (!options.lock) {
    const lock = takeLock(dataFolder, 'posthorn', native)
    opened.add('lock', () => lock.release())
  }

  const troubles = new Set<string>()
  let fail: (words: string) => void = () => {}
  const failed = new Promise<string>((resolve) => (fail = resolve))
  const keyFile = options.keyFile ?? defaultKeyFile(dataFolder)
  const isNew = !existsSync(join(dataFolder, 'key.json'))
  const key = options.key ?? openVault({ folder: dataFolder, keyFile, create: isNew })
  try {
    tidyVault(dataFolder)
  } catch (error) {
    log(`tidy up the key book: ${reasonOf(error)}`) // such as on a full disk; it opens the mail all the same
  }
  const store = await openStore({
    folder: dataFolder,
    key,
    clock,
    ...native,
    onDied: (fault) => {
      log(`store: ${fault.message}`)
      troubles.add(`Nothing can be stored any more: ${fault.message}. Start Posthorn again.`)
      fail(fault.message)
    },
  })
  opened.add('store', () => store.close())
  config.load(listSettings(store.read), (name, value) => store.write('setting.put', { key: name, value }), log)
  const secrets = vault(store)

  const recorder = createRecorder({
    sink: (batch) => store.record(batch),
    clock,
    firstSessionId: lastSessionId(store.read) + 1,
    isRecorded: (protocol) => (settings()['log.protocols'] as readonly string[]).includes(protocol),
    onFailure(reason) {
      log(`protocol log: ${reason}`)
      troubles.add(`The protocol log could not be stored: ${reason}. Mail goes on.`)
    },
  })
  opened.add('protocol log', () => recorder.flush())
  const parse = openParsePool({ clock })
  opened.add('readers', () => parse.close())

  const mailChanges = new Changes<number>()
  const queueChanges = new Changes<number>()
  const identityChanges = new Changes<number>()
  const aliasChanges = new Changes<number>()
  const statusChanges = new Changes<'status'>(250)
  for (const changes of [mailChanges, queueChanges, identityChanges]) changes.watch(() => statusChanges.emit('status'))
  recorder.watch(() => statusChanges.emit('status'))
  const onFolders = (folderIds: readonly number[]) => mailChanges.emit(...folderIds)

  const resolver = options.resolver ?? makeResolver({ servers: () => dnsServers(settings()['dns.servers']), clock })
  const dial = options.dialer ?? makeDialer(clock)
  const local = openLocalMail({ read: store.read, settings })
  const ask = makeHttpsGet({ resolver, dial, clock })
  const { signIns, ...signingIn } = openSignIns({ store, vault: secrets, settings, ask, clock, log })
  opened.add('sign-ins', () => signIns.close())
  const lab = openLab({ store, settings, clock, describe: (raw) => parse.fields(raw) })
  opened.add('rehearsal lab', () => lab.close())
  const routes = openRoutes({
    store,
    labRouteOf: lab.routeOf,
    isLocal: (domain) => local.isLocal(domain),
    signIns: { tokenOf: (id, refused) => signIns.tokenOf(id, refused), troubleOf: (id) => signIns.troubleOf(id) },
  })
  for (const changes of [routes.changes, signIns.changes]) changes.watch(() => statusChanges.emit('status'))
  const tls = openTls({ store, settings, resolver, dial, clock, log })
  opened.add('TLS policies', () => tls.close())
  const sizes = openSizes({
    store,
    resolver,
    local,
    routeFor: routes.routeFor,
    mxPort: () => settings()['relay.port'],
    clock,
    log,
  })
  const dkim = openDkim({ store, resolver, clock, log })
  opened.add('DKIM', () => dkim.close())
  const deadHosts = new DeadHosts(clock)
  const parked = new Parked(clock)
  const relay: RelayDeps = {
    settings,
    resolver,
    dial,
    recorder,
    openBody: store.openBody,
    clock,
    deadHosts,
    parked,
    tlsPolicyFor: tls.policyFor,
    onTlsSeen: tls.onSeen,
    onSizeSeen: sizes.onSizeSeen,
    signInOf: routes.signInOf,
    onLoginRefused: routes.onLoginRefused,
    lab: lab.target,
  }
  const queue = await startQueue({
    store,
    // Opened for one command: the queue is changed, and nothing leaves.
    settings: alone ? () => ({ ...settings(), 'queue.paused': true }) : settings,
    clock,
    random: Math.random,
    deliver: makeDeliver(relay),
    isLocal: (domain) => local.isLocal(domain),
    findLocal: local.find,
    routeFor: byWay(routes, lab.routeOf),
    network: networkNow,
    onRetry: () => deadHosts.forget(),
    signerFor: dkim.signerFor,
    ...(options.onStep && { onStep: options.onStep }),
    describe: (raw) => parse.fields(raw),
    changes: queueChanges,
    onFolders,
    log,
  })
  opened.add('queue', () => queue.close())
  opened.add('idle connections', () => parked.close())
  const accept: Accept = makeSubmit({
    store,
    clock,
    describe: (raw) => parse.fields(raw),
    signerFor: dkim.signerFor,
    onAccepted: (due) => queue.add(due),
    onFolders,
    undoMs: () => settings()['queue.undoSeconds'] * 1000,
    ...(options.onStep && { onStep: options.onStep }),
  })

  if (!alone) {
    const readReport = (raw: readonly Uint8Array[] | Uint8Array) => parse.report(raw)
    const reports = watchIncomingReports({ store, clock, readReport, changes: queueChanges, mail: mailChanges, log })
    opened.add('report reader', () => reports.close())
  }

  const fetchDeps: FetchDeps = {
    store,
    recorder,
    dial,
    findHost: makeFindHost(resolver),
    clock,
    caFile: () => settings()['relay.caFile'],
    loginOf: signingIn.loginOf,
    readFields: (raw) => parse.fields(raw),
    onBulk: (isLeaving) => search.tidy(isLeaving),
    onMail: (folderId) => mailChanges.emit(folderId),
    fetchImap: (account, signal) => imap.fetch(account, signal),
  }
  const fetcher = createFetcher(fetchDeps)
  const imap = openImapAccounts({ ...fetchDeps, store }, { mailChanges, accountChanges: fetcher.changes })
  opened.add('IMAP accounts', () => imap.stop())
  opened.add('fetcher', () => fetcher.stop())
  const release = releaseHeld(store, settings, queue)
  signingIn.onSignedIn(async ({ accountIds, routeIds }) => {
    routes.onSignedIn(routeIds)
    for (const id of routeIds) await release(id)
    if (!alone) for (const id of accountIds) void fetcher.fetch(id).catch(() => {})
  })
  await ensurePersonFolders(store)

  const reading = openReading({ store, clock, describe: (raw) => parse.fields(raw), onFolders, log })
  opened.add('old mail', () => reading.close())
  const snoozer = new Snoozer({ store, clock, onFolders, log })
  opened.add('snoozed mail', () => snoozer.close())
  const search = openSearch({ store, clock, describe: (raw) => parse.fields(raw), log })
  opened.add('search index', () => search.close())
  const rules = openRules({
    store,
    clock,
    local,
    settings,
    describe: (raw) => parse.fields(raw),
    accept,
    mailChanges,
    onFolders,
    onTags: reading.onTags,
    log,
  })
  opened.add('rules', () => rules.close())
  const handles = new ByteHandles(clock)
  const protocolLog = openProtocolLog({ store, recorder, settings, clock, handles, log })
  opened.add('log queries', () => protocolLog.close())
  const transfer = openTransfer({ dataFolder, store, clock, handles, onFolders, log })
  opened.add('imports and exports', () => transfer.close())
  const uploads = new Uploads(store, clock)
  uploads.expire().catch((error: unknown) => log(`let go of old files: ${reasonOf(error)}`))
  const describe = (raw: Uint8Array) => parse.fields(raw)
  const drafts = new DraftCopies({ store, clock, uploads, handles, describe, readDraft, onFolders, log })
  opened.add('drafts', () => drafts.stop())
  diagnostics = openDiagnostics({
    dataFolder,
    clock,
    alone,
    listSettings: () => config.list(),
    sqlite: sqliteVersion(store.read),
  })
  const watching = diagnostics
  opened.add('watch of the program', () => watching.close())
  const loop = new LoopWatch()
  opened.add('loop watch', () => loop.stop())
  let inbound: Inbound | undefined
  const webTerms = () => ({
    caFile: settings()['relay.caFile'],
    allowPrivate: settings()['privacy.allowPrivateAddresses'],
  })
  const serving = await openServing({
    store,
    vault: secrets,
    settings,
    clock,
    recorder,
    log,
    onFolders,
    onStatus: () => statusChanges.emit('status'),
  })
  const guided = openConsole({
    store,
    settings,
    clock,
    recorder,
    dial,
    findHost: fetchDeps.findHost,
    ownFingerprint: () => serving.fingerprint(),
  })
  opened.add('console', () => guided.close())
  const router = {
    app: appHandlers({
      dataFolder,
      submission: () => serving.submission().plain,
      submissionTls: () => serving.submission().tls,
      inbound: () => inboundView(inbound?.listener, config.atNextStart),
      pop3: () => pop3View(serving.pop3(), config.atNextStart),
      certificate: () => serving.fingerprint(),
      settings,
      queue: () => queueCounts(store.read),
      liveSessions: () => recorder.live().filter((head) => head.state === 'live').length,
      troubles: () => [
        ...troubles,
        ...routes.troubles(),
        ...signIns.troubles(),
        ...serving.troubles(),
        ...inboundTroubles(inbound?.listener),
        ...dkim.warnings(),
      ],
      warnings: () => [...queue.warnings(), ...watching.warnings()],
      hasIdentity: () => listIdentities(store.read).length > 0,
      listSettings: () => config.list(),
      async setSetting(name, value) {
        await config.set(name, value)
        queue.wake()
        protocolLog.onSetting(name)
      },
      changes: statusChanges,
    }),
    alias: aliasHandlers({ store, local, changes: aliasChanges }),
    identity: identityHandlers({ store, identityChanges }),
    route: routes.handlers(relay, release),
    user: serving.user,
    access: serving.access,
    tls: tls.handlers,
    dkim: dkim.handlers,
    account: accountHandlers({
      deps: fetchDeps,
      fetcher,
      imap,
      tokenOf: (id, refused) => signIns.tokenOf(id, refused),
      discovery: { ...fetchDeps, resolver, get: ask, settings, providerFor: (host) => signIns.providerFor(host) },
    }),
    signIn: signingIn.handlers,
    mail: mailHandlers({
      store,
      parse,
      handles,
      mailChanges,
      find: search.find,
      fetchWhole: fetcher.fetchWhole,
      fetchImage: makeImageGet(ask, webTerms),
      askUnsubscribe: makeAskUnsubscribe(ask, webTerms),
      nowMs: () => clock.nowMs(),
      onSnoozed: () => snoozer.look(),
      onSorting: rules.onSorting,
    }),
    search: search.handlers,
    rules: rules.handlers,
    junk: rules.junkHandlers,
    imports: transfer.imports,
    exports: transfer.exports,
    diagnostics: watching.handlers,
    vault: vaultHandlers(waysIn({ folder: dataFolder, keyFile, key, clock, keychain: options.keychain })),
    tag: reading.tag,
    contact: reading.contact,
    compose: composeHandlers({
      store,
      clock,
      uploads,
      handles,
      accept,
      onFolders,
      onContacts: reading.onContacts,
      drafts,
      ...openWriting({ resolver, local, signerFor: dkim.signerFor, routeFor: routes.routeFor, sizes, clock }),
      log,
    }),
    queue: queueHandlers({
      store,
      queue,
      settings,
      changes: queueChanges,
      nowMs: () => clock.nowMs(),
      handles,
      async setPaused(paused) {
        await config.set('queue.paused', paused)
        queue.wake()
        statusChanges.emit('status')
      },
      ...filesBack(parse, uploads),
    }),
    suppression: suppressionHandlers({ store }),
    log: protocolLog.handlers,
    trace: protocolLog.trace,
    console: guided.handlers,
    lab: lab.handlers(accept),
  }

  if (!alone) {
    opened.add('submission server', () => serving.close())
    await serving.start({
      accept,
      resolveLocal: (to) => (local.find(to).refusal?.code ?? 0) < 500,
      expand: async (list) => local.expand(list),
      hasRoom: (sizeBytes) => hasRoom(dataFolder, sizeBytes),
    })
    inbound = await openInbound({
      store,
      settings,
      recorder,
      clock,
      local,
      resolver,
      log,
      tls: (await serving.certificates()).current,
      login: serving.loginOf,
      hasRoom: (sizeBytes) => hasRoom(dataFolder, sizeBytes),
      describe: (raw) => parse.fields(raw),
      onFolders,
      onForwarded: (due) => queue.add(due),
      onStatus: () => statusChanges.emit('status'),
    })
    const server = inbound
    opened.add('inbound server', () => server.close())
    fetcher.start()
    imap.start(fetcher)
    fetcher.changes.watch(() => drafts.look())
    drafts.look()
    dkim.start()
    reading.start()
    snoozer.start()
    search.start()
    rules.start()
    opened.add('queue timer', keepQueueShort(clock, store, settings, log))
    protocolLog.start()
  }

  return {
    dataFolder,
    alone,
    router,
    bytes: handles,
    get submission() {
      return serving.submission().plain
    },
    get submissionTls() {
      return serving.submission().tls
    },
    get inbound() {
      return inbound?.listener?.endpoint ?? null
    },
    get pop3() {
      return serving.pop3()?.plain ?? null
    },
    get pop3Tls() {
      return serving.pop3()?.tls ?? null
    },
    accept,
    ownAddress(): Mailbox | undefined {
      const [first] = listIdentities(store.read)
      return first?.mailbox
    },
    isOwnAddress: (address) => findIdentity(store.read, address) !== undefined,
    certificate: async () => (await serving.certificates()).pem(),
    eventLoopDelay: (reset) => loop.read(reset),
    async suspending() {
      log('the computer goes to sleep')
      await recorder.flush()
    },
    resumed: (what) => queue.resume(what),
    failed,
    close: () => opened.closeAll(),
  }
}
