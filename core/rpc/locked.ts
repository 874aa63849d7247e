import { implement, ORPCError } from '@orpc/server'
import { VERSION } from '../base/version.ts'
import { contract } from './contract.ts'
import type { EngineRouter } from './serve.ts'

/**
 * What a window gets while the key is out of reach: its status, with the reason, and `engine.locked` for all else. `unlock` tries
 * a passphrase, where the host can; it throws where that does not open the mail.
 */
export function lockedRouter(
  dataFolder: string,
  why: string,
  unlock?: (passphrase: string) => Promise<void>,
): EngineRouter {
  const app = implement(contract.app)
  const status = app.status.handler(() => ({
    version: VERSION,
    locked: true,
    dataFolder,
    submission: null,
    submissionTls: null,
    inbound: {
      state: 'off',
      host: '',
      port: null,
      reach: null,
      text: 'Mail is not received while Posthorn is locked.',
    },
    pop3: {
      state: 'off',
      host: '',
      port: null,
      tlsPort: null,
      reach: null,
      text: 'Other programs cannot read mail while Posthorn is locked.',
    },
    certificate: null,
    queuePaused: false,
    waiting: 0,
    nextAttemptMs: null,
    liveSessions: 0,
    warnings: [{ level: 'danger' as const, text: why }],
    fresh: false,
    canDetachEngine: false,
  }))
  const changes = app.changes.handler(async function* ({ signal }) {
    await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))
  })
  const opens = app.unlock.handler(async ({ input }) => {
    if (unlock === undefined) return locked()
    await unlock(input.passphrase)
    return { ok: true as const }
  })
  const locked = () => {
    throw new ORPCError('engine.locked', { status: 423, message: `the mail is locked: ${why}` })
  }
  const answering = { app: { ...closed(contract.app, locked), status, changes, unlock: opens } }
  return { ...closed(contract, locked), ...answering } as EngineRouter
}

/** Every procedure of a part of the contract, answered by `locked`. */
function closed(part: object, locked: () => never): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(part).map(([name, inner]: [string, object]) => [
      name,
      '~orpc' in inner
        ? (implement(inner as typeof contract.app.settings) as { handler(run: () => never): unknown }).handler(locked)
        : closed(inner, locked),
    ]),
  )
}
