import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, TLSSocket, type ConnectionOptions, type TLSSocketOptions } from 'node:tls'
import { checkFacts, playConnection, type Dialogue, type Party, type PlayOptions, type Wire } from './dialogue.ts'
import { listenOnLoopback } from './loopback-server.ts'

/** Long after anything on loopback has been said: a play that waits this long for a line has failed. */
const PATIENCE_MS = 10_000

function wireOf(socket: Socket, we: Party, options: ConnectionOptions | TLSSocketOptions): Wire {
  let current = socket
  let held: Buffer[] = []
  let closed = false
  let wake = () => {}
  const listen = () => {
    current.on('data', (bytes: Buffer) => {
      held.push(bytes)
      wake()
    })
    for (const event of ['end', 'error', 'close'] as const)
      current.on(event, () => {
        closed = true
        wake()
      })
  }
  listen()
  return {
    send(bytes) {
      if (!current.destroyed) current.write(bytes)
    },
    async receive() {
      if (held.length === 0 && !closed) {
        const { promise, resolve, reject } = Promise.withResolvers<void>()
        wake = resolve
        const timer = setTimeout(() => reject(new Error(`nothing came for ${PATIENCE_MS / 1000} s`)), PATIENCE_MS)
        await promise.finally(() => clearTimeout(timer))
      }
      const bytes = Buffer.concat(held)
      held = []
      return bytes.length > 0 ? bytes : undefined
    },
    async secure() {
      if (held.length > 0) throw new Error('bytes came before the handshake')
      socket.removeAllListeners('data')
      for (const event of ['end', 'error', 'close'] as const) socket.removeAllListeners(event)
      socket.on('error', () => {})
      current =
        we === 'C'
          ? connectTls({ rejectUnauthorized: false, ...options, socket })
          : new TLSSocket(socket, { ...(options as TLSSocketOptions), isServer: true })
      await once(current, we === 'C' ? 'secureConnect' : 'secure')
      listen()
    },
    end() {
      current.end()
    },
  }
}

/** Plays a script as the client of a server that listens at `to`. */
export async function playOverSocket(
  dialogue: Dialogue,
  to: { readonly host?: string; readonly port: number; readonly tls?: ConnectionOptions } & PlayOptions,
): Promise<void> {
  const secrets = [...(to.secrets ?? [])]
  for (let index = 0; index < dialogue.connections.length; index++) {
    const socket = connect({ host: to.host ?? '127.0.0.1', port: to.port, noDelay: true })
    await once(socket, 'connect')
    try {
      await playConnection(dialogue, index, wireOf(socket, 'C', to.tls ?? {}), 'C', secrets)
    } finally {
      socket.destroy()
    }
  }
  await checkFacts(dialogue, to.facts)
}

/** A server that speaks a script's `S:` lines and expects its `C:` ones. */
export interface PlayedServer {
  readonly host: string
  readonly port: number
  /** Resolves when every connection was played and the facts hold; rejects with what went another way. */
  readonly done: Promise<void>
  close(): Promise<void>
}

/** Listens on a free loopback port and plays a script as the server, one connection after the other. */
export async function playAsServer(
  dialogue: Dialogue,
  options: { readonly host?: string; readonly port?: number; readonly tls?: TLSSocketOptions } & PlayOptions = {},
): Promise<PlayedServer> {
  const secrets = [...(options.secrets ?? [])]
  const { promise: done, resolve, reject } = Promise.withResolvers<void>()
  done.catch(() => {}) // Whoever awaits `done` hears of it; nobody else has to.
  let next = 0
  const server = await listenOnLoopback((socket) => {
    const index = next++
    if (index >= dialogue.connections.length) {
      reject(new Error(`${dialogue.file}: a connection more than the script has`))
      return void socket.destroy()
    }
    void (async () => {
      try {
        await playConnection(dialogue, index, wireOf(socket, 'S', options.tls ?? {}), 'S', secrets)
        socket.end()
        if (index !== dialogue.connections.length - 1) return
        await checkFacts(dialogue, options.facts)
        resolve()
      } catch (error) {
        reject(error)
        socket.destroy()
      }
    })()
  }, options)
  return { ...server, done }
}
