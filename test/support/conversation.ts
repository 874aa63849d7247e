import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A line-by-line talk with a server, whose own words may be anything, broken rules included. */
export class Conversation {
  readonly #socket: Socket
  #received = ''
  #isOver = false
  #onMore: () => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1')
      this.#onMore()
    })
    socket.on('close', () => {
      this.#isOver = true
      this.#onMore()
    })
  }

  static async open(port: number, host = '127.0.0.1'): Promise<Conversation> {
    const socket = connect({ port, host, noDelay: true })
    await once(socket, 'connect')
    return new Conversation(socket)
  }

  send(bytes: string): void {
    this.#socket.write(bytes, 'latin1')
  }

  /** The next reply, all its lines. Throws when the server hangs up before its end. */
  async reply(): Promise<string> {
    for (;;) {
      const [whole] = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\r\n/.exec(this.#received) ?? []
      if (whole !== undefined) {
        this.#received = this.#received.slice(whole.length)
        return whole
      }
      if (this.#isOver) throw new Error(`the server hung up; unread: ${JSON.stringify(this.#received)}`)
      await new Promise<void>((resolve) => (this.#onMore = resolve))
    }
  }

  async say(bytes: string): Promise<string> {
    this.send(bytes)
    return this.reply()
  }

  /** All that still comes, until the server hangs up. */
  async rest(): Promise<string> {
    while (!this.#isOver) await new Promise<void>((resolve) => (this.#onMore = resolve))
    return this.#received
  }

  close(): void {
    this.#socket.destroy()
  }
}
