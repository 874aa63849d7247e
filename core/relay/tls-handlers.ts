import { implement } from '@orpc/server'
import type { Changes } from '../base/changes.ts'
import type { Clock } from '../base/clock.ts'
import type { TlsDomain } from '../model/tls-domain.ts'
import { contract } from '../rpc/contract.ts'
import type { TlsDomainView } from '../rpc/views.ts'
import type { Settings } from '../settings.ts'
import { ratchetUntilMs } from './tls-ratchet.ts'

/** What the calls about TLS are wired to. */
export interface TlsHandlersDeps {
  readonly settings: () => Settings
  readonly clock: Clock
  readonly list: (after: string | null, limit: number) => readonly TlsDomain[]
  /** Throws `not-found`. */
  readonly forget: (domain: string) => Promise<void>
  readonly changes: Changes<string>
}

/** Answers `tls.*`. */
export function tlsHandlers({ settings, clock, list, forget, changes }: TlsHandlersDeps) {
  const os = implement(contract.tls)
  return {
    domains: os.domains.handler(({ input }) =>
      list(input.after, input.limit).map((one) => toView(one, settings(), clock.nowMs())),
    ),
    forget: os.forget.handler(async ({ input }) => {
      await forget(input.domain.trim().toLowerCase())
      return { ok: true as const }
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const domains of changes.stream(signal)) yield { domains }
    }),
  }
}

function toView(known: TlsDomain, settings: Settings, nowMs: number): TlsDomainView {
  const { domain, policy, verified, last } = known
  const untilMs = ratchetUntilMs(verified, settings)
  return {
    domain,
    mtaSts: policy === null || policy.expiresMs <= nowMs ? null : { ...policy, mx: [...policy.mx] },
    mtaStsError: known.error,
    mtaStsCheckedMs: known.checkedMs,
    ratchet: verified === null || untilMs === null || untilMs <= nowMs ? null : { ...verified, untilMs },
    last,
  }
}
