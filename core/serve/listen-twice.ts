import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import { isFault } from '../base/fault.ts'
import type { Clients } from './clients.ts'
import { listen } from './listen.ts'

/** Where a server listens. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}
/** A server on one port or two, while it listens. */
export interface TwoPorts {
  /** Offers an upgrade to TLS; null where the setting says off. */
  readonly plain: Endpoint | null
  /** Begins with TLS (RFC 8314 §3); null where the setting says off, or its port was taken. */
  readonly tls: Endpoint | null
  /** Takes no more clients, lets those there at their next command go, and waits for them, but not for ever. */
  close(): Promise<void>
}

interface Options {
  readonly host: string
  /** Null: none. */
  readonly plainPort: number | null
  readonly tlsPort: number | null
  /** Who is there, on both ports together. */
  readonly clients: Pick<Clients, 'leave'>
  readonly onSocket: (socket: Socket, isSecureFromStart: boolean) => void
  /** Hears in words why one of two listeners is not there. */
  readonly onTrouble: ((words: string) => void) | undefined
}

/** Listens on one port or two. Throws `listen.taken` when its port cannot be had; of two, a taken one for TLS is said and done without. */
export async function listenTwice(options: Options): Promise<TwoPorts> {
  const servers: Server[] = []
  let closed: Promise<void> | undefined
  const open = async (port: number | null, isTls: boolean): Promise<Endpoint | null> => {
    if (port === null) return null
    const opened = await listen(options.host, port, (socket) => options.onSocket(socket, isTls))
    servers.push(opened.server)
    return { host: opened.host, port: opened.port }
  }
  const plain = await open(options.plainPort, false)
  const tls = await open(options.tlsPort, true).catch((error: unknown) => {
    if (plain === null || !isFault(error, 'listen.taken')) throw error
    options.onTrouble?.(error.message)
    return null
  })
  return {
    plain,
    tls,
    async close() {
      closed ??= leave()
      await closed
    },
  }

  async function leave(): Promise<void> {
    const all = Promise.all(servers.map((server) => once(server, 'close')))
    for (const server of servers) server.close()
    const stopWaiting = options.clients.leave()
    await all
    stopWaiting()
  }
}
