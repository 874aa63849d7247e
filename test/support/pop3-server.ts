import type { Socket } from 'node:net'
import { listenOnLoopback } from './loopback-server.ts'

/** A maildrop as a test fills it, and what a test wants to go wrong. */
export interface Maildrop {
  readonly messages: { readonly uidl: string; readonly raw: Buffer }[]
  capabilities?: readonly string[]
  /** Answers a command line in the server's place; undefined lets the server answer. 'hang-up' closes at once. */
  meddle?: (line: string, socket: Socket) => string | 'hang-up' | undefined
}
/** A small POP3 server of the tests, for what a real one can't be made to do. */
export interface Pop3TestServer {
  readonly port: number
  /** Every command line so far, passwords included. */
  readonly commands: string[]
  close(): Promise<void>
}

/** Serves one maildrop on loopback to whoever signs in; deletes at QUIT (RFC 1939 §6). */
export async function startPop3Server(maildrop: Maildrop): Promise<Pop3TestServer> {
  const commands: string[] = []
  const server = await listenOnLoopback((socket) => {
    const messages = [...maildrop.messages]
    const deleted = new Set<number>()
    const list = (what: (index: number) => string | number) =>
      messages.map((_, index) => (deleted.has(index) ? '' : `${index + 1} ${what(index)}\r\n`)).join('')
    const answer = (line: string): string | Buffer => {
      const [verb = '', number = ''] = line.toUpperCase().split(' ')
      const index = Number(number) - 1
      switch (verb) {
        case 'CAPA':
          return `+OK\r\n${(maildrop.capabilities ?? ['PIPELINING', 'UIDL']).map((one) => `${one}\r\n`).join('')}.\r\n`
        case 'UIDL':
          return `+OK\r\n${list((at) => messages[at]!.uidl)}.\r\n`
        case 'LIST':
          return `+OK\r\n${list((at) => messages[at]!.raw.length)}.\r\n`
        case 'RETR': {
          const message = messages[index]
          if (message === undefined || deleted.has(index)) return '-ERR no such message\r\n'
          const text = message.raw.toString('latin1')
          const ended = text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`
          return Buffer.from(`+OK\r\n${ended.replaceAll(/^\./gm, '..')}.\r\n`, 'latin1')
        }
        case 'TOP': {
          const message = messages[index]
          if (message === undefined || deleted.has(index)) return '-ERR no such message\r\n'
          const text = message.raw.toString('latin1')
          const end = text.indexOf('\r\n\r\n')
          const head = end < 0 ? `${text}\r\n` : text.slice(0, end + 4)
          return Buffer.from(`+OK\r\n${head.replaceAll(/^\./gm, '..')}.\r\n`, 'latin1')
        }
        case 'DELE':
          deleted.add(index)
          return '+OK\r\n'
        case 'QUIT':
          for (const at of deleted) maildrop.messages.splice(maildrop.messages.indexOf(messages[at]!), 1)
          return '+OK bye\r\n'
        default:
          return '+OK\r\n'
      }
    }
    let held = ''
    socket.on('data', (bytes) => {
      held += bytes.toString('latin1')
      for (let end = held.indexOf('\r\n'); end >= 0; end = held.indexOf('\r\n')) {
        const line = held.slice(0, end)
        held = held.slice(end + 2)
        commands.push(line)
        const meddled = maildrop.meddle?.(line, socket)
        if (meddled === 'hang-up') return void socket.destroy()
        socket.write(meddled ?? answer(line))
        if (line === 'QUIT') socket.end()
      }
    })
    socket.write('+OK\r\n')
  })
  return { ...server, commands }
}
