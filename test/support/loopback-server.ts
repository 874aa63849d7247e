import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'

/** A listening socket of the tests. Closing it cuts whoever is there. */
export interface LoopbackServer {
  readonly host: string
  readonly port: number
  close(): Promise<void>
}

/** Listens on loopback, on a free port unless one is named; what goes wrong on a connection is not the server's concern. */
export async function listenOnLoopback(
  onSocket: (socket: Socket) => void,
  at: { readonly host?: string; readonly port?: number } = {},
): Promise<LoopbackServer> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    onSocket(socket)
  }).listen(at.port ?? 0, at.host ?? '127.0.0.1')
  await once(server, 'listening')
  const { address, port } = server.address() as AddressInfo
  return {
    host: address,
    port,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
