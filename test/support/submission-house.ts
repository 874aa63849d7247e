import { Fault } from '../../core/base/fault.ts'
import { authorsOf } from '../../core/message/authors.ts'
import { formatPath, parseMailbox, type ForwardPath, type Mailbox, type ReversePath } from '../../core/model/address.ts'
import type { LoginOf } from '../../core/serve/login.ts'
import { scramKeys } from './scram-client.ts'
import type { ScramCredentials } from '../../core/wire/scram.ts'
import type { Reply } from '../../core/model/reply.ts'
import type { MailOptions } from '../../core/model/envelope-options.ts'
import type { Accept, Submission } from '../../core/model/submission.ts'

/** The one user of the house: ada@client.example, password "secret". */
const ADA = { userId: 1, address: 'ada@client.example' }

const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
const ROUNDS = 4096
const ADA_KEYS = scramKeys('secret', SALT, ROUNDS)
const LISTS: Readonly<Record<string, readonly string[]>> = {
  friends: ['bob@remote.example', '"carol d"@remote.example'],
  far: ['jürgen@remote.example'],
}

/**
 * Whoever a submission server of the tests serves: one user, one local domain with one mailbox, and a queue that keeps
 * what it accepts. Recipients `refuse-content`, `fail` and `full` make it answer so.
 */
export class House {
  readonly accepted: (Submission & { readonly raw: Buffer })[] = []
  readonly staged = new Map<number, Buffer[]>()
  dropped = 0
  /** The bare machine's policy lets everybody send, as an inbound server does. */
  mayAnyoneSend = false
  /** What the bare machine says in SCRAM, where a server says something fresh. */
  readonly serverNonce = 'serverNonceOfTheTests'
  readonly bindingData = Buffer.from('the bytes of the channel')

  readonly login = async (user: string, password: string) =>
    ['ada', 'ada@client.example'].includes(user) && password === 'secret' ? ADA : undefined
  /** Ada's password as SCRAM-SHA-256 knows it, and the same of nobody for everybody else. */
  readonly scramCredentials = async (user: string): Promise<ScramCredentials> => ({
    salt: SALT,
    rounds: ROUNDS,
    keys: ['ada', 'ada@client.example'].includes(user) ? [{ ...ADA_KEYS, signIn: () => ADA }] : [],
  })
  readonly loginOf: LoginOf = () => ({
    login: this.login,
    scramCredentials: this.scramCredentials,
    loginFailed: () => {},
    isNameKept: (name) => ['ada', 'ada@client.example'].includes(name),
    isStanding: () => true,
  })
  readonly authorsOf = authorsOf
  readonly expand = async (list: string): Promise<readonly Mailbox[] | undefined> => {
    const named = LISTS[list]
    return named?.map((address) => parseMailbox(address)).filter((one) => one !== undefined)
  }
  readonly ownAddresses = (userId: number): Mailbox[] => {
    const own = parseMailbox(ADA.address)
    return userId === ADA.userId && own !== undefined ? [own] : []
  }
  readonly resolveLocal = (to: Mailbox) => ['ada', 'postmaster'].includes(to.local.toLowerCase())

  readonly stage = async () => {
    const id = this.staged.size + 1
    const chunks: Buffer[] = []
    this.staged.set(id, chunks)
    return {
      blobId: id,
      append: async (chunk: Uint8Array) => void chunks.push(Buffer.from(chunk)),
      finish: async () => ({ stagedBlobId: id, sizeBytes: Buffer.concat(chunks).length, sha256: new Uint8Array(32) }),
      drop: async () => void this.dropped++,
    }
  }

  readonly accept: Accept = async (submission) => {
    const { body } = submission
    const raw = Buffer.from('raw' in body ? body.raw : Buffer.concat(this.staged.get(body.stagedBlobId) ?? []))
    switch (submission.to[0]?.local) {
      case 'refuse-content':
        return { accepted: false, reply: { code: 554, enhanced: '5.6.0', lines: ['no From field'] } }
      case 'fail':
        throw new Fault('store.io', 'write: the disk is gone', { path: 'mail.db', reason: 'gone' })
      case 'full':
        throw new Fault('store.full', 'write: the disk is full', { path: 'mail.db' })
      default:
        this.accepted.push({ ...submission, raw })
        return { accepted: true, entryId: this.accepted.length }
    }
  }

  /** What was accepted, as the facts of a dialogue say it. */
  readonly facts = (): string[] =>
    this.accepted.map(({ from, to, userId, raw, has8bit, utf8, options = {}, recipientOptions }) => {
      const text = `accepted from=${formatPath(from)} to=${to.map(formatPath).join(',')} user=${userId} bytes=${raw.length}`
      // A dialogue is read as latin1, one character a byte.
      const flags = `${has8bit ? ' 8bit' : ''}${utf8 ? ' utf8' : ''}`
      const asked = Object.keys(options).length > 0 ? ` options=${JSON.stringify(stable(options))}` : ''
      const each = recipientOptions ? ` each=${JSON.stringify(recipientOptions)}` : ''
      return Buffer.from(`${text}${flags}${asked}${each}`).toString('latin1')
    })

  /** The server's policy without a server, for the bare machine. */
  readonly sender = (from: ReversePath, userId: number | undefined): Reply | undefined =>
    this.mayAnyoneSend || (from !== null && userId === 1 && formatPath(from).toLowerCase() === '<ada@client.example>')
      ? undefined
      : { code: 550, enhanced: '5.7.1', lines: ['not yours'] }
  readonly recipient = (to: ForwardPath | 'postmaster'): ForwardPath | Reply => {
    const meant = to === 'postmaster' ? parseMailbox('postmaster@local.example') : to
    const isKnown = meant !== undefined && (meant.domain !== 'local.example' || this.resolveLocal(meant))
    return isKnown ? meant : { code: 550, enhanced: '5.1.1', lines: ['no such user'] }
  }
}

/** Moments that follow from when the test ran say only that they are there. */
function stable({ holdUntilMs, deliverBy, ...options }: MailOptions) {
  return {
    ...options,
    ...(holdUntilMs !== undefined && { hold: holdUntilMs > Date.now() }),
    ...(deliverBy && { deliverBy: { ...deliverBy, atMs: deliverBy.atMs > Date.now() } }),
  }
}
