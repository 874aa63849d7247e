import { ADAS_MAIL } from './pop3-server-house.ts'

/** Lines a client may send, by a name each. */
export const COMMANDS = {
  'user': 'USER ada',
  'user, nobody': 'USER eve',
  'user, busy': 'USER bob',
  'user, none': 'USER',
  'pass': 'PASS secret',
  'pass, wrong': 'PASS wrong',
  'plain': 'AUTH PLAIN AGFkYQBzZWNyZXQ=',
  'plain, wrong': 'AUTH PLAIN AGFkYQB3cm9uZw==',
  'plain, broken': 'AUTH PLAIN !',
  'auth, unknown': 'AUTH NTLM',
  'auth, cancelled': 'AUTH PLAIN\r\n*',
  'apop': 'APOP ada c4c9334bac560ecc979e58001b3e22fb',
  'capa': 'CAPA',
  'utf8': 'UTF8',
  'lang': 'LANG',
  'lang, en': 'LANG en',
  'lang, unknown': 'LANG uga',
  'stls': 'STLS',
  'stat': 'STAT',
  'stat, more': 'STAT 1',
  'noop': 'NOOP',
  'rset': 'RSET',
  'list': 'LIST',
  'list 1': 'LIST 1',
  'list 4': 'LIST 4',
  'uidl': 'UIDL',
  'uidl 2': 'UIDL 2',
  'retr 1': 'RETR 1',
  'retr 2': 'RETR 2',
  'retr, none': 'RETR',
  'top 3': 'TOP 3 1',
  'top, none': 'TOP 3',
  'dele 1': 'DELE 1',
  'dele 2': 'DELE 2',
  'dele 0': 'DELE 0',
  'unknown': 'XYZZY',
  'quit': 'QUIT',
} as const
export type CommandName = keyof typeof COMMANDS

/** What a response comes to: its status, its first words where they are numbers, and the lines behind it. */
export type Answer = string

const HELD = ADAS_MAIL.map((text) => text.length)
const failed = '-ERR'

/**
 * A small POP3 server by RFC 1939's own words, apart from ours: what it answers to each command, and what is left at the end. Ada's
 * three messages are its maildrop.
 */
export class Pop3Model {
  isSecure: boolean
  isOver = false
  left = [1, 2, 3]
  #state: 'authorization' | 'transaction' = 'authorization'
  #user = ''
  #failures = 0
  #errors = 0
  #marked = new Set<number>()

  constructor(isSecure: boolean) {
    this.isSecure = isSecure
  }

  /** TLS stands. */
  secured(): void {
    this.isSecure = true
    this.#user = ''
  }

  answers(name: CommandName): Answer[] {
    const said: Answer[] = []
    for (const answer of this.#answers(name)) {
      said.push(answer)
      // Twenty errors end a session; a login or a message that was sent pardons them.
      if (this.isOver || answer !== failed || ++this.#errors < 20) continue
      this.isOver = true
      return [...said, failed]
    }
    return said
  }

  #answers(name: CommandName): Answer[] {
    const [verb = '', ...words] = COMMANDS[name].split(/[ \r]/)
    switch (verb) {
      case 'CAPA':
        return ['+OK', ...this.#capabilities(), '.']
      case 'LANG':
        return words.length === 0 ? ['+OK', 'en English', '.'] : [words[0] === 'en' ? '+OK' : failed]
      case 'QUIT':
        this.isOver = true
        this.left = this.left.filter((number) => !this.#marked.has(number))
        return ['+OK']
      case 'XYZZY':
      case 'APOP':
        return [failed]
      case 'USER':
      case 'PASS':
      case 'AUTH':
      case 'UTF8':
      case 'STLS':
        if (this.#state === 'authorization') return this.#authorize(name, verb, words)
        // Refused, and what should have been an answer is no command either.
        return name === 'auth, cancelled' ? [failed, failed] : [failed]
      default:
        return this.#state === 'transaction' ? this.#read(name, verb, words.map(Number)) : [failed]
    }
  }

  #authorize(name: CommandName, verb: string, words: readonly string[]): Answer[] {
    if (verb === 'UTF8') return ['+OK']
    if (verb === 'STLS') return [this.isSecure ? failed : '+OK']
    if (name === 'user, none') return [failed]
    const user = this.#user
    if (verb === 'USER') {
      if (this.isSecure) this.#user = words[0] ?? ''
      return [this.isSecure ? '+OK' : failed]
    }
    // Whatever comes of it, the name has been used up.
    this.#user = ''
    if (!this.isSecure) return name === 'auth, cancelled' ? [failed, failed] : [failed]
    if (verb === 'PASS') return user === '' ? [failed] : this.#signIn(user, words[0] === 'secret')
    if (name === 'auth, cancelled') return ['+ ', failed]
    if (name === 'plain') return this.#signIn('ada', true)
    return name === 'plain, wrong' ? this.#signIn('ada', false) : [failed]
  }

  #signIn(user: string, isRight: boolean): Answer[] {
    if (!isRight || user === 'eve') {
      this.isOver = ++this.#failures === 3
      return [failed]
    }
    this.#errors = 0
    if (user === 'bob') return [failed]
    this.#state = 'transaction'
    return ['+OK']
  }

  #read(name: CommandName, verb: string, [number = 0]: readonly number[]): Answer[] {
    const sizes = new Map(HELD.map((size, i) => [i + 1, size]))
    for (const marked of this.#marked) sizes.delete(marked)
    const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
    const uidl = (which: number) => `uidl-${which}`
    if (name === 'stat, more' || name === 'retr, none' || name === 'top, none') return [failed]
    switch (verb) {
      case 'STAT':
        return [`+OK ${sizes.size} ${total}`]
      case 'NOOP':
        return ['+OK']
      case 'RSET':
        this.#marked.clear()
        return ['+OK']
      case 'LIST':
      case 'UIDL': {
        const shown = (which: number) => `${which} ${verb === 'LIST' ? sizes.get(which) : uidl(which)}`
        if (number === 0) return ['+OK', ...[...sizes.keys()].map(shown), '.']
        return [sizes.has(number) ? `+OK ${shown(number)}` : failed]
      }
      case 'DELE':
        if (!sizes.has(number)) return [failed]
        this.#marked.add(number)
        return ['+OK']
      default: {
        if (!sizes.has(number)) return [failed]
        this.#errors = 0
        const lines = (ADAS_MAIL[number - 1] ?? '').replace(/\r\n$/, '').split('\r\n')
        const shown = verb === 'TOP' ? lines.slice(0, lines.indexOf('') + 2) : lines
        return ['+OK', ...shown.map((line) => (line.startsWith('.') ? `.${line}` : line)), '.']
      }
    }
  }

  #capabilities(): string[] {
    const always = ['TOP', 'UIDL', 'RESP-CODES', 'AUTH-RESP-CODE', 'PIPELINING', 'EXPIRE NEVER', 'UTF8 USER', 'LANG']
    const login = this.isSecure ? ['USER', 'SASL SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN'] : ['STLS']
    return [...always, ...login, 'IMPLEMENTATION Posthorn']
  }
}
