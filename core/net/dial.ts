import { connect, type Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { systemClock } from '../base/clock.ts'

export interface DialTarget {
  /** An IP literal: names are resolved by us, so that every address tried is known. */
  readonly address: string
  readonly port: number
  readonly timeoutMs: number
}
/** A connected socket, or the system's word for why there is none: `ECONNREFUSED`, `ETIMEDOUT`, `ABORTED` … */
export type Dialled =
  | { readonly ok: true; readonly socket: Socket }
  | { readonly ok: false; readonly errno: string; readonly reason: string }
/** Joint: how a connection is made. The engine may hand another one. */
export type Dialer = (target: DialTarget, signal?: AbortSignal) => Promise<Dialled>

/** Time for a connection to one address; RFC 5321 §4.5.3.2 names none for TCP itself. */
export const CONNECT_TIMEOUT_MS = 30_000
/** The same where another address family is left to try. */
export const CONNECT_TIMEOUT_SHORT_MS = 10_000

/** Dials with TCP. Never throws: a connection that fails is an outcome. */
export function makeDialer(clock: Clock = systemClock): Dialer {
  return (target, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve({ ok: false, errno: 'ABORTED', reason: 'given up' })
      const socket = connect({ host: target.address, port: target.port, noDelay: true })
      const settle = (result: Dialled) => {
        cancel()
        signal?.removeEventListener('abort', onAbort)
        socket.removeAllListeners('connect')
        if (!result.ok) {
          // A late error of a socket nobody wants must not bring the process down.
          socket.on('error', () => {})
          socket.destroy()
        } else socket.removeListener('error', onError)
        resolve(result)
      }
      const onError = (error: NodeJS.ErrnoException) =>
        settle({ ok: false, errno: error.code ?? 'ERROR', reason: error.message })
      const onAbort = () => settle({ ok: false, errno: 'ABORTED', reason: 'given up' })
      const cancel = clock.after(target.timeoutMs, () =>
        settle({ ok: false, errno: 'ETIMEDOUT', reason: `no answer within ${target.timeoutMs} ms` }),
      )
      signal?.addEventListener('abort', onAbort, { once: true })
      socket.once('error', onError)
      socket.once('connect', () => settle({ ok: true, socket }))
    })
}
