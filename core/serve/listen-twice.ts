import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Fault } from '../base/fault.ts'
import type { Clients } from './clients.ts'
import { keepListening, type Endpoint, type Listener } from './listen-again.ts'

/** A server on one port or two, while it listens. */
export interface TwoPorts {
  /** Offers an upgrade to TLS; null where the setting says off, or while its port cannot be had. */
  readonly plain: Endpoint | null
  /** Begins with TLS (RFC 8314 §3); null where the setting says off, or while its port cannot be had. */
  readonly tls: Endpoint | null
  /** What stands in the way of a port that is wanted, which is tried again and again. */
  readonly troubles: { readonly plain: Fault<'listen.taken'> | null; readonly tls: Fault<'listen.taken'> | null }
  /** Takes no more clients, lets those there at their next command go, and waits for them, but not for ever. */
  close(): Promise<void>
}

interface Options {
  readonly host: string
  /** Null: none. */
  readonly plainPort: number | null
  readonly tlsPort: number | null
  readonly clock: Clock
  /** Who is there, on both ports together. */
  readonly clients: Pick<Clients, 'leave'>
  readonly onSocket: (socket: Socket, isSecureFromStart: boolean) => void
  /** One of the listeners came, or cannot be there for another reason than before. */
  readonly onChange: (() => void) | undefined
}

/** Listens on one port or two. A port that cannot be had keeps nothing from running: it is tried again until it can. */
export async function listenTwice(options: Options): Promise<TwoPorts> {
  const { host, clock, onChange } = options
  const open = (port: number | null, isTls: boolean): Promise<Listener> | null =>
    port === null
      ? null
      : keepListening({ host, port, clock, onSocket: (socket) => options.onSocket(socket, isTls), onChange })
  const plain = await open(options.plainPort, false)
  const tls = await open(options.tlsPort, true)
  let closed: Promise<void> | undefined
  return {
    get plain() {
      return plain?.endpoint ?? null
    },
    get tls() {
      return tls?.endpoint ?? null
    },
    get troubles() {
      return { plain: plain?.trouble ?? null, tls: tls?.trouble ?? null }
    },
    async close() {
      closed ??= leave()
      await closed
    },
  }

  async function leave(): Promise<void> {
    const all = Promise.all([plain?.close(), tls?.close()])
    const stopWaiting = options.clients.leave()
    await all
    stopWaiting()
  }
}
