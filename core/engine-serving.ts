import { Changes } from './base/changes.ts'
import type { Clock } from './base/clock.ts'
import { authorsOf } from './message/authors.ts'
import { parseDomain, type Mailbox } from './model/address.ts'
import type { Accept } from './model/submission.ts'
import { logListeners, troubleTexts } from './engine-listeners.ts'
import { openPop3, pop3Troubles, receivingServers, type Pop3Listener } from './engine-pop3.ts'
import { isIpAddress } from './net/address.ts'
import { accessHandlers } from './serve/access-handlers.ts'
import { openCertificates, type Certificates } from './serve/certificates.ts'
import type { ListeningServer } from './serve/connect.ts'
import { userHandlers } from './serve/handlers.ts'
import { openLogins, PERSON_LOGIN, type LoginOf } from './serve/login.ts'
import { startSubmission, type SubmissionServer } from './serve/submission.ts'
import type { PolicyOptions } from './serve/submission-policy.ts'
import type { Settings } from './settings.ts'
import { listIdentities } from './store/identity.ts'
import { listOwnAddresses } from './store/local-user.ts'
import type { Store } from './store/types.ts'
import type { Recorder } from './transcript/sink.ts'
import { ownCertificate } from './vault/own-certificate.ts'
import { openPasswords } from './vault/passwords.ts'
import type { Vault } from './vault/vault.ts'

export interface EngineServingDeps {
  readonly store: Store
  readonly vault: Vault
  readonly settings: () => Settings
  readonly clock: Clock
  readonly recorder: Recorder
  readonly log: (line: string) => void
  /** Folders that changed. */
  readonly onFolders: (folderIds: readonly number[]) => void
  /** Something changed that a status shows. */
  readonly onStatus: () => void
}
/** What submission has of the rest of the engine. */
export type SubmissionJoints = Pick<PolicyOptions, 'resolveLocal' | 'expand' | 'hasRoom'> & { readonly accept: Accept }

/** Logins, app passwords, certificate and the submission server, wired to store and vault. */
export interface EngineServing {
  readonly loginOf: LoginOf
  readonly access: ReturnType<typeof accessHandlers>
  readonly user: ReturnType<typeof userHandlers>
  /** The servers' certificate; made when there is none yet. */
  certificates(): Promise<Certificates>
  /** Its fingerprint, once it is there. */
  fingerprint(): string | null
  /** Where the submission server listens, while it does. */
  submission(): Pick<SubmissionServer, 'plain' | 'tls'>
  /** What came of opening the POP3 server. */
  pop3(): Pop3Listener
  /** Sentences for a person, for as long as they hold. */
  troubles(): string[]
  /** Opens certificate, submission server and POP3 server. A port that cannot be had is a trouble, and tried again. */
  start(joints: SubmissionJoints): Promise<void>
  close(): Promise<void>
}

/** Wires who signs in, and where. Nothing listens before `start`. */
export async function openServing(deps: EngineServingDeps): Promise<EngineServing> {
  const { store, vault, settings, clock, log, onStatus } = deps
  const changes = new Changes<number>()
  const passwords = await openPasswords(store)
  const logins = openLogins({ store, passwords, clock, onUsed: (ids) => changes.emit(...ids) })
  let server: SubmissionServer | undefined
  let pop3: Awaited<ReturnType<typeof openPop3>> | undefined
  let held: Certificates | undefined
  let opening: Promise<Certificates> | undefined

  const certificates = () =>
    (opening ??= openCertificates({
      settings,
      own: (name) => ownCertificate(vault, asciiName(name), clock.nowMs()),
      clock,
      log,
      onChange: onStatus,
    }).then((opened) => (held = opened)))
  const ownAddresses = (userId: number): readonly Mailbox[] =>
    userId === PERSON_LOGIN
      ? listIdentities(store.read).map(({ mailbox }) => mailbox)
      : listOwnAddresses(store.read, userId)

  const submissionTroubles = () =>
    server === undefined ? [] : troubleTexts('Other programs cannot submit mail', server, SUBMISSION_KEYS)
  const tellLog = logListeners('servers for other programs', log)
  const onListeners = () => {
    tellLog([...submissionTroubles(), ...pop3Troubles(pop3?.listener)])
    onStatus()
  }

  return {
    loginOf: logins.of,
    certificates,
    fingerprint: () => held?.facts().fingerprint256 ?? null,
    submission: () => ({ plain: server?.plain ?? null, tls: server?.tls ?? null }),
    pop3: () => pop3?.listener,
    access: accessHandlers({
      store,
      newAppPassword: passwords.newAppPassword,
      usedMs: (id) => logins.usedMs('appPasswords', id),
      servers: () => listening(server, settings()),
      receiving: () => receivingServers(pop3?.listener, settings()),
      certificate: async () => (await certificates()).facts(),
      chosenName: () => asciiName(settings()['tls.name']),
      changes,
    }),
    user: userHandlers({
      store,
      makeVerifier: passwords.verifierOf,
      usedMs: (id) => logins.usedMs('users', id),
    }),
    troubles() {
      const trouble = held?.facts().trouble
      return [
        ...submissionTroubles(),
        ...pop3Troubles(pop3?.listener),
        ...(trouble === undefined || trouble === null ? [] : [`The certificate needs you: ${trouble}.`]),
      ]
    },
    async start(joints) {
      const { current } = await certificates()
      const now = settings()
      if (now['submission.port'] !== null || now['submission.tlsPort'] !== null)
        server = await startSubmission({
          ...joints,
          settings: now,
          recorder: deps.recorder,
          clock,
          stage: () => store.stage(),
          loginOf: logins.of,
          tls: current,
          ownAddresses,
          authorsOf,
          onListeners,
        })
      pop3 = await openPop3({
        store,
        vault: deps.vault,
        settings: now,
        recorder: deps.recorder,
        clock,
        loginOf: logins.of,
        tls: current,
        onFolders: deps.onFolders,
        onListeners,
      })
      onListeners()
    },
    async close() {
      // Whoever waits for a login is let go of, before the sessions are waited for.
      const kept = logins.close()
      await Promise.all([server?.close(), pop3?.close()])
      server = pop3 = undefined
      await kept
    },
  }
}

const SUBMISSION_KEYS = { host: 'submission.host', plain: 'submission.port', tls: 'submission.tlsPort' }

/** Host names as they stand in certificates: A-labels. */
const asciiName = (name: string) => (name === '' || isIpAddress(name) ? name : (parseDomain(name) ?? name))

/** Where programs submit mail; with nothing running, where they will. */
function listening(server: SubmissionServer | undefined, settings: Settings): ListeningServer[] {
  const host = settings['submission.host'] === 'localhost' ? '127.0.0.1' : settings['submission.host']
  const planned = (port: number | null) => (port === null || port === 0 ? null : { host, port })
  const { plain, tls } = server ?? {
    plain: planned(settings['submission.port']),
    tls: planned(settings['submission.tlsPort']),
  }
  return [
    ...(tls === null ? [] : [{ ...tls, security: 'implicit' as const }]),
    ...(plain === null ? [] : [{ ...plain, security: 'starttls' as const }]),
  ]
}
