import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { Fault, reasonOf } from '../base/fault.ts'

/** Sockets that may wait for us to accept them; many clients come at once when a program sends a list. */
const BACKLOG = 1024

/** Opens a listening socket. Throws `listen.taken` when host and port cannot be had. */
export async function listen(
  host: string,
  port: number,
  onSocket: (socket: Socket) => void,
): Promise<{ readonly server: Server; readonly host: string; readonly port: number }> {
  // allowHalfOpen: a client may close its side before it has read our answers (RFC 5321 §4.1.1.10 has us answer first).
  const server = createServer({ noDelay: true, allowHalfOpen: true }, onSocket)
  try {
    server.listen({ host, port, backlog: BACKLOG })
    await once(server, 'listening')
  } catch (error) {
    const reason = wordsOf(error)
    throw new Fault('listen.taken', `listen on ${host} port ${port}: ${reason}`, { host, port, reason }, error)
  }
  // A connection that could not be accepted, mostly for want of file handles. There is nobody to tell; the next one may do.
  server.on('error', () => {})
  const bound = server.address() as AddressInfo
  return { server, host: bound.address, port: bound.port }
}

function wordsOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return 'another program listens there'
    case 'EACCES':
      return 'the system does not allow this program to listen there'
    case 'EADDRNOTAVAIL':
      return 'this computer has no such address'
    default:
      return reasonOf(error)
  }
}
