import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Submission } from '../../core/model/submission.ts'
import { openLogins } from '../../core/serve/login.ts'
import { startSubmission } from '../../core/serve/submission.ts'
import { defaultSettings, type Settings } from '../../core/settings.ts'
import { listOwnAddresses } from '../../core/store/local-user.ts'
import { createRecorder } from '../../core/transcript/recorder.ts'
import type { TranscriptBatch } from '../../core/transcript/sink.ts'
import { openPasswords } from '../../core/vault/passwords.ts'
import { impatientClock } from './impatient-clock.ts'
import { localhost, localhostTls } from './localhost.ts'
import { mailboxOf } from './mailbox.ts'
import { openTestStore, type TestStore } from './store.ts'
import { House } from './submission-house.ts'

/** The one user, and a password that has to be quoted wherever it stands. */
export const USER = 'ada@client.example'
export const PASSWORD = 'pass word:"ü" #1'

/** A submission server as the product opens it, in front of a queue that keeps the bytes it is given. */
export interface SubmissionService {
  readonly port: number
  readonly tlsPort: number
  /** The server's certificate and the user's password, as files. */
  readonly caFile: string
  readonly passwordFile: string
  readonly folder: string
  readonly store: TestStore
  /** What was accepted since the last time somebody asked. */
  taken(): (Submission & { readonly raw: Buffer })[]
  transcripts(): Promise<string>
  close(): Promise<void>
}

/** Opens one on free ports of loopback: STARTTLS, and TLS from the first byte. */
export async function openSubmissionService(
  settings: Partial<Settings> = {},
  password = PASSWORD,
): Promise<SubmissionService> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-submission-'))
  const caFile = join(folder, 'ca.pem')
  const passwordFile = join(folder, 'password')
  writeFileSync(caFile, localhost.cert)
  writeFileSync(passwordFile, password, { mode: 0o600 })
  const store = await openTestStore()
  const passwords = await openPasswords(store)
  await store.write('user.add', { mailbox: mailboxOf(USER), verifier: await passwords.verifierOf(password, []) })
  const clock = impatientClock
  const logins = openLogins({ store, passwords, clock })
  const house = new House()
  const batches: TranscriptBatch[] = []
  const recorder = createRecorder({ sink: async (batch) => void batches.push(batch), clock, firstSessionId: 1 })
  const server = await startSubmission({
    settings: { ...defaultSettings(), 'submission.port': 0, 'submission.tlsPort': 0, ...settings },
    recorder,
    clock,
    accept: house.accept,
    stage: () => store.stage(),
    loginOf: logins.of,
    authorsOf: house.authorsOf,
    tls: () => localhostTls,
    ownAddresses: (userId) => listOwnAddresses(store.read, userId),
  })
  return {
    port: server.plain?.port ?? 0,
    tlsPort: server.tls?.port ?? 0,
    caFile,
    passwordFile,
    folder,
    store,
    taken: () => house.accepted.splice(0),
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
