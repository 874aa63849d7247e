/** Lines and messages a client may send, by a name each. Octets of chunks and content belong to their command. */
export const COMMANDS = {
  'ehlo': 'EHLO a\r\n',
  'helo': 'HELO a\r\n',
  'starttls': 'STARTTLS\r\n',
  'auth': 'AUTH PLAIN AGFkYQBzZWNyZXQ=\r\n',
  'auth, wrong': 'AUTH PLAIN AGFkYQB3cm9uZw==\r\n',
  'auth, cancelled': 'AUTH LOGIN\r\n*\r\n',
  'mail': 'MAIL FROM:<ada@client.example>\r\n',
  'mail, utf8': 'MAIL FROM:<ada@client.example> SMTPUTF8\r\n',
  'mail, too big': 'MAIL FROM:<ada@client.example> SIZE=99999999\r\n',
  'mail, not hers': 'MAIL FROM:<eve@client.example>\r\n',
  'mail, malformed': 'MAIL FROM:<ada@>\r\n',
  'rcpt': 'RCPT TO:<bob@remote.example>\r\n',
  'rcpt, another': 'RCPT TO:<carol@remote.example>\r\n',
  'rcpt, notify': 'RCPT TO:<dave@remote.example> NOTIFY=NEVER\r\n',
  'rcpt, utf8': 'RCPT TO:<jürgen@remote.example>\r\n',
  'rcpt, nobody': 'RCPT TO:<nobody@local.example>\r\n',
  'data': 'DATA\r\n',
  'chunk': 'BDAT 3\r\na\r\n',
  'chunk, last': 'BDAT 6 LAST\r\nQUIT\r\n',
  'chunk, none': 'BDAT 0 LAST\r\n',
  'chunk, bare': 'BDAT 6\r\na\nb\r\n.',
  'chunk, unreadable': 'BDAT six\r\nQUIT\r\n',
  'rset': 'RSET\r\n',
  'noop': 'NOOP\r\n',
  'verb': 'VERB\r\n',
  'vrfy': 'VRFY ada\r\n',
  'expn': 'EXPN friends\r\n',
  'nonsense': 'NONSENSE\r\n',
  'bare line': 'NOOP\n',
  'http': 'GET / HTTP/1.1\r\n',
  'quit': 'QUIT\r\n',
} as const
export type CommandName = keyof typeof COMMANDS

/** What comes behind 354, by what becomes of it. */
export const CONTENTS = {
  taken: 'a\r\n.\r\n',
  bare: 'a\nb\r\n.\r\n',
  smuggled: 'a\r\n.\nMAIL FROM:<eve@client.example>\r\n',
} as const
export type ContentName = keyof typeof CONTENTS

type Transaction = { readonly utf8: boolean; readonly to: Set<string>; isChunked: boolean }

/**
 * A model of the server as RFC 5321 §4.1.4, RFC 6409 §4.3 and RFC 3030 §2 describe it: flags and counts of the session, no
 * states and no effects, and nothing of the server's code.
 */
export class ServerModel {
  isSecure: boolean
  isOver = false
  readonly accepted: string[][] = []
  #hello: 'EHLO' | 'HELO' | undefined
  #isSignedIn = false
  #failedLogins = 0
  #errors = 0
  #transaction: Transaction | undefined
  #codes: number[] = []

  constructor(isSecure: boolean) {
    this.isSecure = isSecure
  }

  /** The codes of the replies to a command, in order; `content` is what comes if it is asked for. */
  replies(name: CommandName, content: ContentName): number[] {
    this.#codes = []
    this.#take(name, content)
    return this.#codes
  }

  #say(code: number, isPardoned = false): void {
    this.#codes.push(code)
    if (code < 400 || isPardoned || code === 421 || ++this.#errors < 20) return
    this.#codes.push(421)
    this.isOver = true
  }
  #end(code: number): void {
    this.#say(code)
    this.isOver = true
  }
  #accept(to: Set<string>): void {
    this.accepted.push([...to])
    this.#errors = 0
    this.#transaction = undefined
    this.#say(250)
  }
  /** What stands in the way of any command of a transaction. */
  #gate(): number | undefined {
    if (this.#hello === undefined) return 503
    return this.#isSignedIn ? undefined : 530
  }

  #take(name: CommandName, content: ContentName): void {
    const transaction = this.#transaction
    switch (name) {
      case 'ehlo':
      case 'helo':
        this.#hello = name === 'ehlo' ? 'EHLO' : 'HELO'
        this.#transaction = undefined
        return this.#say(250)
      case 'starttls':
        if (this.#hello === undefined || this.isSecure) return this.#say(503)
        this.isSecure = true
        this.#hello = this.#transaction = undefined
        this.#isSignedIn = false
        return this.#say(220)
      case 'auth':
      case 'auth, wrong':
      case 'auth, cancelled':
        return this.#auth(name)
      case 'mail, malformed':
        return this.#say(501)
      case 'mail':
      case 'mail, utf8':
      case 'mail, too big':
      case 'mail, not hers':
        return this.#mail(name)
      case 'rcpt':
      case 'rcpt, another':
      case 'rcpt, notify':
      case 'rcpt, utf8':
      case 'rcpt, nobody':
        return this.#rcpt(name)
      case 'data': {
        const gate = this.#gate()
        if (gate !== undefined) return this.#say(gate)
        if (transaction === undefined || transaction.isChunked) return this.#say(503)
        if (transaction.to.size === 0) return this.#say(554)
        this.#say(354)
        if (content === 'taken') return this.#accept(transaction.to)
        this.#transaction = undefined
        return content === 'bare' ? this.#say(550) : this.#end(521)
      }
      case 'chunk':
      case 'chunk, last':
      case 'chunk, none':
      case 'chunk, bare':
        return this.#chunk(name)
      case 'chunk, unreadable':
        return this.#end(501)
      case 'rset':
        this.#transaction = undefined
        return this.#say(250)
      case 'noop':
        return this.#say(250)
      case 'verb':
        return this.#say(this.#hello === undefined ? 503 : 250)
      case 'vrfy':
        return this.#say(252)
      case 'expn':
        return this.#say(this.#isSignedIn ? 250 : 502)
      case 'nonsense':
      case 'bare line':
        return this.#say(500)
      case 'http':
        return this.#end(554)
      case 'quit':
        return this.#end(221)
    }
  }

  #auth(name: 'auth' | 'auth, wrong' | 'auth, cancelled'): void {
    const isInOrder = this.#hello === 'EHLO' && !this.#isSignedIn && this.#transaction === undefined
    const refusal = !isInOrder ? 503 : this.isSecure ? undefined : 538
    if (name === 'auth, cancelled') {
      this.#say(refusal ?? 334)
      // Refused, the star is a command of its own.
      if (!this.isOver) this.#say(refusal === undefined ? 501 : 500)
      return
    }
    if (refusal !== undefined) return this.#say(refusal)
    if (name === 'auth, wrong') return ++this.#failedLogins < 3 ? this.#say(535) : this.#end(421)
    this.#isSignedIn = true
    this.#failedLogins = 0
    this.#say(235)
  }

  #mail(name: 'mail' | 'mail, utf8' | 'mail, too big' | 'mail, not hers'): void {
    const gate = this.#gate()
    if (gate !== undefined) return this.#say(gate)
    if (this.#transaction !== undefined) return this.#say(503)
    if ((name === 'mail, utf8' || name === 'mail, too big') && this.#hello === 'HELO') return this.#say(555)
    if (name === 'mail, too big') return this.#say(552)
    if (name === 'mail, not hers') return this.#say(550)
    this.#transaction = { utf8: name === 'mail, utf8', to: new Set(), isChunked: false }
    this.#say(250)
  }

  #rcpt(name: 'rcpt' | 'rcpt, another' | 'rcpt, notify' | 'rcpt, utf8' | 'rcpt, nobody'): void {
    const gate = this.#gate()
    const transaction = this.#transaction
    if (gate !== undefined) return this.#say(gate)
    if (transaction === undefined || transaction.isChunked) return this.#say(503)
    if (name === 'rcpt, notify' && this.#hello === 'HELO') return this.#say(555)
    if (name === 'rcpt, utf8' && !transaction.utf8) return this.#say(553)
    if (name === 'rcpt, nobody') return this.#say(550, true)
    transaction.to.add(name)
    this.#say(250)
  }

  #chunk(name: 'chunk' | 'chunk, last' | 'chunk, none' | 'chunk, bare'): void {
    const transaction = this.#transaction
    const refusal =
      this.#hello === 'HELO'
        ? 503
        : (this.#gate() ?? (transaction === undefined ? 503 : transaction.to.size === 0 ? 554 : undefined))
    if (refusal !== undefined || transaction === undefined || name === 'chunk, bare') {
      this.#transaction = undefined
      return this.#say(refusal ?? 550)
    }
    if (name === 'chunk, last' || name === 'chunk, none') return this.#accept(transaction.to)
    transaction.isChunked = true
    this.#say(250)
  }
}
