import type { OpenMaildrop } from '../../core/net/pop3-server-terms.ts'
import type { ScramCredentials, ScramLogin } from '../../core/wire/scram.ts'
import { scramKeys } from './scram-client.ts'

/** Ada's mail: lines that begin with dots, and one that does not end. */
export const ADAS_MAIL: readonly string[] = [
  'Subject: one\r\n\r\nfirst\r\n',
  'Subject: two\r\n\r\n.\r\n..x\r\n.\r\nno end',
  'Subject: three\r\nX: y\r\n\r\na\r\nb\r\nc\r\n',
]
export const ADA = { userId: 1, address: 'ada@client.example' } as const
/** Her password is "secret", and that of Bob, whose maildrop is always in use. */
export const BOB = { userId: 2, address: 'bob@client.example' } as const

const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
const KEYS = scramKeys('secret', SALT, 4096)
const LOGINS: Readonly<Record<string, ScramLogin>> = { 'ada': ADA, 'ada@client.example': ADA, 'bob': BOB }

/** Whoever a POP3 server of the tests serves, without a store. The user `nobody-knows` makes every question fail. */
export class Pop3House {
  mail = [...ADAS_MAIL]
  /** What was removed, in the order of the maildrop it was removed from. */
  readonly removed: number[][] = []
  /** Lets a removal fail. */
  isFull = false
  isRevoked = false
  readonly #open = new Set<number>([BOB.userId])
  readonly serverNonce = 'serverNonceOfTheTests'
  readonly bindingData = Buffer.from('the bytes of the channel')

  async login(user: string, password: string): Promise<ScramLogin | undefined> {
    if (user === 'nobody-knows') throw new Error('nobody can look')
    return password === 'secret' ? LOGINS[user.toLowerCase()] : undefined
  }
  async scramCredentials(user: string): Promise<ScramCredentials> {
    const login = LOGINS[user.toLowerCase()]
    return { salt: SALT, rounds: 4096, keys: login === undefined ? [] : [{ ...KEYS, signIn: () => login }] }
  }

  async openMaildrop({ userId }: ScramLogin): Promise<OpenMaildrop | 'in-use'> {
    if (this.#open.has(userId)) return 'in-use'
    this.#open.add(userId)
    const listed = [...this.mail]
    return {
      count: listed.length,
      totalBytes: listed.reduce((sum, message) => sum + message.length, 0),
      sizeOf: (number) => listed[number - 1]?.length ?? 0,
      uidlOf: (number) => `uidl-${ADAS_MAIL.indexOf(listed[number - 1] ?? '') + 1}`,
      open: (number) => {
        const message = listed[number - 1] ?? ''
        if (!this.mail.includes(message)) return 'gone'
        return { messageId: number, chunks: chunksOf(message) }
      },
      remove: async (numbers) => {
        if (this.isFull) throw new Error('the disk is full')
        this.removed.push([...numbers])
        this.mail = this.mail.filter((message) => !numbers.some((number) => listed[number - 1] === message))
      },
      close: () => void this.#open.delete(userId),
    }
  }

  /** What is left, as the facts of a dialogue say it. */
  readonly facts = (): string[] => this.mail.map((message) => `left ${/^Subject: (.*)$/m.exec(message)?.[1] ?? ''}`)
}

/** A message in three pieces, cut where it hurts. */
async function* chunksOf(message: string): AsyncGenerator<Uint8Array, void, void> {
  const bytes = Buffer.from(message, 'latin1')
  const cuts = [0, message.indexOf('\n'), message.indexOf('\r\n.') + 2, bytes.length].toSorted((a, b) => a - b)
  for (const [i, to] of cuts.slice(1).entries()) yield bytes.subarray(cuts[i], to)
}
