import { connect, type Socket } from 'node:net'
import { listenOnLoopback } from './loopback-server.ts'

/** A way to a server on loopback that breaks off. */
export interface CutWire {
  readonly port: number
  /** After how many bytes of the server's, or of the client's, the next connection breaks off; undefined: never. */
  cutAt: { readonly from: 'server' | 'client'; readonly bytes: number } | undefined
  /** How many connections have broken off. */
  readonly cuts: number
  close(): Promise<void>
}

/** Carries bytes both ways, and breaks off where it is told to. */
export async function openCutWire(to: number): Promise<CutWire> {
  const server = await listenOnLoopback((near) => {
    const far = connect({ host: '127.0.0.1', port: to })
    const { cutAt } = wire
    // Each connection has its own count: on a busy machine somebody who looks for a port where nobody listens may come by.
    const carried = { server: 0, client: 0 }
    const carry = (who: 'server' | 'client', from: Socket, into: Socket) => {
      from.on('data', (bytes: Buffer) => {
        const left = cutAt?.from === who ? cutAt.bytes - carried[who] : Infinity
        carried[who] += bytes.length
        if (bytes.length <= left) return void into.write(bytes)
        wire.cuts++
        into.end(bytes.subarray(0, left))
        from.destroy()
      })
      from.on('end', () => into.end())
      from.on('error', () => into.destroy())
      from.on('close', () => into.end())
    }
    carry('client', near, far)
    carry('server', far, near)
  })
  const wire: { -readonly [K in keyof CutWire]: CutWire[K] } = {
    port: server.port,
    cutAt: undefined,
    cuts: 0,
    close: () => server.close(),
  }
  return wire
}
