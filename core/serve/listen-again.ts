import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { isFault, type Fault } from '../base/fault.ts'
import { listen } from './listen.ts'

/** Where a server listens. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}
/** One listener, from the first try on until it is closed. */
export interface Listener {
  /** Null until the port could be had. */
  readonly endpoint: Endpoint | null
  /** Why it could not be had the last time; null while it listens. */
  readonly trouble: Fault<'listen.taken'> | null
  /** Takes no more sockets. Resolves once the last one that was accepted has gone. */
  close(): Promise<void>
}

interface Options {
  readonly host: string
  readonly port: number
  readonly clock: Clock
  readonly onSocket: (socket: Socket) => void
  /** It listens now, or cannot for another reason than before. Not called for the first try. */
  readonly onChange: (() => void) | undefined
}

/** Short enough for a person who has ended the other program and looks at the status, too long to cost anything. */
const AGAIN_MS = 10_000

/** Listens on a port; while that cannot be had, tries again and again. Resolves after the first try, whatever came of it. */
export async function keepListening(options: Options): Promise<Listener> {
  const { host, port, clock, onSocket, onChange } = options
  let server: Server | undefined
  let endpoint: Endpoint | null = null
  let trouble: Fault<'listen.taken'> | null = null
  let closed: Promise<unknown> | undefined
  let cancel = () => {}
  let trying = Promise.resolve()

  const attempt = async () => {
    try {
      const opened = await listen(host, port, onSocket)
      server = opened.server
      endpoint = { host: opened.host, port: opened.port }
      trouble = null
    } catch (error) {
      if (!isFault(error, 'listen.taken')) throw error
      trouble = error
      cancel = clock.after(AGAIN_MS, again)
    }
  }
  const again = () => {
    const before = trouble?.message
    trying = attempt().then(() => {
      if (trouble?.message !== before && closed === undefined) onChange?.()
    })
  }
  const close = async () => {
    await trying
    cancel()
    endpoint = null
    if (server === undefined) return
    const gone = once(server, 'close')
    server.close()
    await gone
  }

  await attempt()
  return {
    get endpoint() {
      return endpoint
    },
    get trouble() {
      return trouble
    },
    async close() {
      await (closed ??= close())
    },
  }
}
