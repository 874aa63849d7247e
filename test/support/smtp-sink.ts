import type { Socket } from 'node:net'
import { TLSSocket, type TLSSocketOptions } from 'node:tls'
import { listenOnLoopback } from './loopback-server.ts'

/** One message as the sink got it: bytes between 354 and the final dot, dots taken off again. */
export interface SunkMessage {
  /** `MAIL FROM:` argument without parameters, angle brackets taken off. */
  readonly from: string
  readonly to: readonly string[]
  readonly parameters: string
  readonly raw: Buffer
  readonly connection: number
}

/**
 * What the sink answers in place of its usual reply; `drop` cuts the connection, `thenDrop` does so after that reply, `silence` says
 * nothing, and a promise makes it slow.
 */
export type SinkReply = string | 'drop' | 'silence' | { readonly thenDrop: string } | Promise<string> | undefined
/** A thing the sink has heard: a command line, `CONNECT`, `.` for the end of the data, `CHUNK` and `LAST` for that of a chunk. */
export interface SinkCommand {
  readonly verb: string
  readonly line: string
  readonly connection: number
}
export interface SinkOptions {
  readonly host?: string
  readonly port?: number
  /** Lines of the EHLO reply behind the first; PIPELINING, SIZE, 8BITMIME and SMTPUTF8 when not named. */
  readonly offers?: readonly string[]
  /** With key and certificate the sink offers STARTTLS. */
  readonly tls?: TLSSocketOptions
  readonly implicitTls?: boolean
  /** Answers differently: whole reply lines without the last CRLF. */
  readonly answer?: (command: SinkCommand) => SinkReply
  /** False keeps counts only, for load. */
  readonly keep?: boolean
}

/** An SMTP server of the tests that takes everything. */
export interface SmtpSink {
  readonly host: string
  readonly port: number
  readonly messages: readonly SunkMessage[]
  /** Messages taken, kept or not. */
  readonly count: number
  /** Every line heard, in order. */
  readonly commands: readonly SinkCommand[]
  /** Connections made so far. */
  readonly connections: number
  /** Resolves when so many messages have come. */
  waitFor(count: number): Promise<void>
  close(): Promise<void>
}

const OFFERS = ['PIPELINING', 'SIZE 52428800', '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES']
const END = Buffer.from('\r\n.\r\n')

/** Starts a sink on a free loopback port. */
export async function startSink(options: SinkOptions = {}): Promise<SmtpSink> {
  const messages: SunkMessage[] = []
  const commands: SinkCommand[] = []
  let connections = 0
  let count = 0
  let waiting: { readonly count: number; readonly resolve: () => void }[] = []

  const took = (message: SunkMessage) => {
    count += 1
    if (options.keep !== false) messages.push(message)
    const due = waiting.filter((one) => count >= one.count)
    waiting = waiting.filter((one) => count < one.count)
    for (const one of due) one.resolve()
  }

  const serve = (socket: Socket, connection: number, isSecured: boolean) => {
    let received: Buffer = Buffer.alloc(0)
    let from: { address: string; parameters: string } | undefined
    let to: string[] = []
    let isData = false
    /** Chunks of BDAT so far, and what is still to come of the one under way. */
    let chunks: Buffer[] = []
    let chunk: { readonly bytes: number; readonly isLast: boolean } | undefined
    const reply = (command: SinkCommand, usual: string): string | undefined => {
      if (options.keep !== false) commands.push(command)
      const said = options.answer?.(command) ?? usual
      if (said === 'drop') return void socket.destroy()
      if (said === 'silence') return undefined
      if (said instanceof Promise) {
        void said.then((late) => socket.write(`${late}\r\n`))
        return usual // taken as it will be answered
      }
      if (typeof said !== 'string') return void socket.end(`${said.thenDrop}\r\n`)
      socket.write(`${said}\r\n`)
      return said
    }
    const onCommand = (line: string) => {
      const verb = (/^[A-Za-z]+/.exec(line)?.[0] ?? '').toUpperCase()
      const command = { verb, line, connection }
      switch (verb) {
        case 'EHLO': {
          const offers = [...(options.offers ?? OFFERS), ...(options.tls && !isSecured ? ['STARTTLS'] : [])]
          const lines = ['sink.test', ...offers]
          reply(command, lines.map((one, n) => `250${n === lines.length - 1 ? ' ' : '-'}${one}`).join('\r\n'))
          return
        }
        case 'STARTTLS':
          if (reply(command, '220 2.0.0 go ahead')?.startsWith('220')) startTls()
          return
        case 'MAIL': {
          const [, address = '', parameters = ''] = /^MAIL FROM:<([^>]*)>\s*(.*)$/i.exec(line) ?? []
          if (reply(command, '250 2.1.0 ok')?.startsWith('250')) from = { address, parameters }
          to = []
          return
        }
        case 'RCPT':
          if (reply(command, from ? '250 2.1.5 ok' : '503 5.5.1 MAIL first')?.startsWith('250'))
            to.push(/<(.*)>/.exec(line)?.[1] ?? '')
          return
        case 'DATA':
          isData =
            reply(command, to.length > 0 ? '354 go ahead' : '554 5.5.1 no valid recipients')?.startsWith('354') ?? false
          return
        case 'BDAT': {
          const [, bytes = '0', last] = /^BDAT (\d+)( LAST)?$/i.exec(line) ?? []
          chunk = { bytes: Number(bytes), isLast: last !== undefined }
          return
        }
        case 'RSET':
          from = undefined
          to = []
          chunks = []
          reply(command, '250 2.0.0 ok')
          return
        case 'QUIT':
          reply(command, '221 2.0.0 bye')
          socket.end()
          return
        case 'HELO':
          reply(command, '250 sink.test')
          return
        default:
          reply(command, '500 5.5.2 what')
      }
    }
    /** `verb`: how its end was said. */
    const onContent = (raw: Buffer, verb: '.' | 'LAST') => {
      const said = reply({ verb, line: verb, connection }, '250 2.0.0 taken')
      if (said?.startsWith('250') && from)
        took({ from: from.address, to, parameters: from.parameters, raw, connection })
      from = undefined
      to = []
    }
    const onData = (bytes: Buffer) => {
      received = received.length === 0 ? bytes : Buffer.concat([received, bytes])
      for (;;) {
        if (chunk !== undefined) {
          if (received.length < chunk.bytes) return
          const { bytes, isLast } = chunk
          chunks.push(received.subarray(0, bytes))
          received = received.subarray(bytes)
          chunk = undefined
          if (isLast) onContent(Buffer.concat(chunks.splice(0)), 'LAST')
          else reply({ verb: 'CHUNK', line: 'CHUNK', connection }, '250 2.0.0 go on')
        } else if (isData) {
          const isEmpty = received.subarray(0, 3).equals(END.subarray(2))
          const end = isEmpty ? -2 : received.indexOf(END)
          if (end === -1) return
          const content = received.subarray(0, end + 2)
          received = received.subarray(end + END.length)
          isData = false
          onContent(unstuff(content), '.')
        } else {
          const end = received.indexOf('\r\n')
          if (end === -1) return
          const line = received.toString('utf8', 0, end)
          received = received.subarray(end + 2)
          onCommand(line)
        }
      }
    }
    const startTls = () => {
      socket.removeAllListeners('data')
      const secured = new TLSSocket(socket, { ...options.tls, isServer: true })
      secured.on('error', () => {})
      serve(secured, connection, true)
    }
    socket.on('data', onData)
    // After STARTTLS there is no second greeting (RFC 3207 §4.2).
    if (!isSecured || options.implicitTls)
      reply({ verb: 'CONNECT', line: 'CONNECT', connection }, '220 sink.test ESMTP')
  }

  const server = await listenOnLoopback((socket) => {
    const connection = connections
    connections += 1
    if (!options.implicitTls) return serve(socket, connection, false)
    const secured = new TLSSocket(socket, { ...options.tls, isServer: true })
    secured.on('error', () => {})
    return serve(secured, connection, true)
  }, options)
  return {
    ...server,
    messages,
    commands,
    get count() {
      return count
    },
    get connections() {
      return connections
    },
    waitFor: (wanted) =>
      new Promise((resolve) => {
        if (count >= wanted) resolve()
        else waiting.push({ count: wanted, resolve })
      }),
  }
}

function unstuff(content: Buffer): Buffer {
  const text = content.toString('latin1')
  return Buffer.from((text.startsWith('.') ? text.slice(1) : text).replaceAll('\r\n.', '\r\n'), 'latin1')
}
