import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Another program at the same account: says commands and gives back the lines of their answers, literals within them. */
export class OtherImapClient {
  readonly #socket: Socket
  #buffer = ''
  #tag = 0
  #wake = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => {
      this.#buffer += bytes.toString('latin1')
      this.#wake()
    })
    socket.on('close', () => this.#wake())
    socket.on('error', () => {})
  }

  static async open(port: number, user: string, password: string): Promise<OtherImapClient> {
    const socket = connect({ host: '127.0.0.1', port })
    await once(socket, 'connect')
    const client = new OtherImapClient(socket)
    await client.#until(/^\* OK.*\r\n/)
    await client.say(`LOGIN ${user} ${password}`)
    return client
  }

  async #until(what: RegExp): Promise<string> {
    for (;;) {
      const found = what.exec(this.#buffer)
      if (found !== null) {
        const end = found.index + found[0].length
        const said = this.#buffer.slice(0, end)
        this.#buffer = this.#buffer.slice(end)
        return said
      }
      if (this.#socket.destroyed) throw new Error(`the server hung up after: ${this.#buffer}`)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** One command. Throws when it is refused. */
  async say(command: string, literal?: string): Promise<string> {
    const tag = `T${++this.#tag}`
    this.#socket.write(`${tag} ${command}\r\n`, 'latin1')
    if (literal !== undefined) {
      await this.#until(/^\+.*\r\n/m)
      this.#socket.write(`${literal}\r\n`, 'latin1')
    }
    const answer = await this.#until(new RegExp(`^${tag} (?:OK|NO|BAD).*\\r\\n`, 'm'))
    if (!new RegExp(`^${tag} OK`, 'm').test(answer)) throw new Error(`${command}: ${answer}`)
    return answer
  }

  async append(folder: string, message: string, flags = ''): Promise<void> {
    await this.say(`APPEND ${folder} (${flags}) {${Buffer.byteLength(message, 'latin1')}}`, message)
  }

  /** Subjects of a folder with their flags, as `subject flag flag`, in order. */
  async look(folder: string): Promise<string[]> {
    await this.say(`SELECT ${folder}`)
    const answer = await this.say('FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])').catch((error: unknown) => {
      if (/No messages|Invalid messageset/i.test(String(error))) return ''
      throw error
    })
    await this.say('UNSELECT')
    return [...answer.matchAll(/FETCH \(FLAGS \(([^)]*)\)[^{]*\{\d+\}\r\nSubject: (.*?)\r\n/g)].map(
      ([, flags = '', subject = '']) =>
        [
          subject,
          ...flags
            .split(' ')
            .filter((flag) => /^\\(?:Seen|Flagged|Answered|Deleted|Draft)$/.test(flag))
            .toSorted(),
        ].join(' '),
    )
  }

  close(): void {
    this.#socket.destroy()
  }
}
