import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** Stands between a client and a server of lines, and cuts one connection at a command. */
export interface CuttingProxy {
  readonly port: number
  /**
   * The next connection ends at its n-th command (from 1), or at the first one of that name: `before` the server hears it, `after` it
   * has answered, of which the client hears nothing. 0: it is left alone.
   */
  cutAt(command: number | string, when: 'before' | 'after'): void
  /** Commands of the last connection. */
  readonly commands: readonly string[]
  close(): Promise<void>
}

/** `heard`: what the client hears of what the server says. */
export async function startCuttingProxy(port: number, heard?: (said: string) => string): Promise<CuttingProxy> {
  let at: number | string = 0
  let when: 'before' | 'after' = 'before'
  let commands: string[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port })
    const [cut, how] = [at, when]
    at = 0
    commands = []
    let isDeaf = false
    const isHere = () => (typeof cut === 'number' ? cut : commands.indexOf(cut) + 1) === commands.length
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', end).on('close', end)
    }
    upstream.on('data', (bytes: Buffer) => {
      if (!isDeaf) client.write(heard === undefined ? bytes : Buffer.from(heard(bytes.toString('latin1')), 'latin1'))
      // The server has answered, and nobody will know.
      else if (/^\S+ (?:OK|NO|BAD)\b/m.test(bytes.toString('latin1'))) end()
    })
    client.on('data', (bytes: Buffer) => {
      const command = /^(\S+) ((?:UID )?[A-Z]+)/.exec(bytes.toString('latin1'))
      // What a command goes on with after a literal or a challenge belongs to it.
      if (command !== null && /^[0-9A-F]+$/.test(command[1] ?? '')) {
        commands.push(command[2] ?? '')
        if (isHere() && how === 'before') return end()
        // The answer to a part of one is needed for the rest.
        if (isHere()) isDeaf = !/^\S+ AUTHENTICATE|\{\d+\}\r\n$/.test(bytes.toString('latin1'))
      } else if (isHere() && how === 'after') isDeaf = true
      upstream.write(bytes)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cutAt(command, how) {
      at = command
      when = how
    },
    get commands() {
      return commands
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
