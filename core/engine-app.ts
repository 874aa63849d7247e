import { implement } from '@orpc/server'
import type { Changes } from './base/changes.ts'
import { Fault } from './base/fault.ts'
import { VERSION } from './base/version.ts'
import { contract } from './rpc/contract.ts'
import type { InboundView, Pop3ServerView, StatusView } from './rpc/views.ts'
import type { SettingView } from './engine-settings.ts'

/** What `app.*` is wired to. */
export interface AppDeps {
  readonly dataFolder: string
  readonly submission: () => { readonly host: string; readonly port: number } | null
  readonly submissionTls: () => { readonly host: string; readonly port: number } | null
  /** Whether mail can be received, and from where. */
  readonly inbound: () => InboundView
  /** Whether other programs can read mail here, and from where. */
  readonly pop3: () => Pop3ServerView
  readonly certificate: () => string | null
  readonly settings: () => {
    readonly 'queue.paused': boolean
    readonly 'relay.allowPrivateAddresses': boolean
    readonly 'submission.trustedAddresses': readonly string[]
  }
  readonly queue: () => { readonly waiting: number; readonly nextAttemptMs: number | null }
  readonly liveSessions: () => number
  readonly hasIdentity: () => boolean
  /** Faults a person should know of, in words. */
  readonly troubles: () => readonly string[]
  /** The same, where nothing is wrong yet. */
  readonly warnings: () => readonly string[]
  readonly listSettings: () => SettingView[]
  readonly setSetting: (key: string, value: unknown) => Promise<void>
  readonly changes: Changes<'status'>
}

/** Answers `app.*`: what is running, and the settings. */
export function appHandlers(deps: AppDeps) {
  const os = implement(contract.app)
  return {
    status: os.status.handler((): StatusView => {
      const { waiting, nextAttemptMs } = deps.queue()
      return {
        version: VERSION,
        locked: false,
        dataFolder: deps.dataFolder,
        submission: deps.submission(),
        submissionTls: deps.submissionTls(),
        inbound: deps.inbound(),
        pop3: deps.pop3(),
        certificate: deps.certificate(),
        queuePaused: deps.settings()['queue.paused'],
        waiting,
        nextAttemptMs,
        liveSessions: deps.liveSessions(),
        warnings: [
          ...deps.troubles().map((text) => ({ level: 'danger' as const, text })),
          ...deps.warnings().map((text) => ({ level: 'warn' as const, text })),
          ...warningsOf(deps.settings()),
        ],
        fresh: !deps.hasIdentity(),
        canDetachEngine: false,
      }
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const _ of deps.changes.stream(signal)) yield { what: 'status' as const }
    }),
    unlock: os.unlock.handler(() => {
      throw new Fault('conflict', 'unlock the mail: it is not locked', { what: 'mail', reason: 'not locked' })
    }),
    settings: os.settings.handler(() => deps.listSettings()),
    setSetting: os.setSetting.handler(async ({ input }) => {
      await deps.setSetting(input.key, input.value)
      deps.changes.emit('status')
      return { ok: true as const }
    }),
  }
}

/** Choices that weaken what the program promises; said for as long as they hold. */
function warningsOf(settings: ReturnType<AppDeps['settings']>): { level: 'warn'; text: string }[] {
  const texts: string[] = []
  if (settings['relay.allowPrivateAddresses'])
    texts.push('Mail may be delivered to private and loopback addresses (relay.allowPrivateAddresses is on).')
  const trusted = settings['submission.trustedAddresses']
  if (trusted.length > 0)
    texts.push(`Programs at ${trusted.join(', ')} may submit mail without a login (submission.trustedAddresses).`)
  return texts.map((text) => ({ level: 'warn', text }))
}
