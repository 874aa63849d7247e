import { Fault } from '../../core/base/fault.ts'
import { formatPath, parseMailbox, type ForwardPath, type Mailbox, type ReversePath } from '../../core/model/address.ts'
import type { Reply } from '../../core/model/reply.ts'
import type { Accept, Submission } from '../../core/model/submission.ts'

/** The one user of the house: ada@client.example, password "secret". */
const ADA = { userId: 1, address: 'ada@client.example' }

/**
 * Whoever a submission server of the tests serves: one user, one local domain with one mailbox, and a queue that keeps
 * what it accepts. Recipients `refuse-content`, `fail` and `full` make it answer so.
 */
export class House {
  readonly accepted: (Submission & { readonly raw: Buffer })[] = []
  readonly staged = new Map<number, Buffer[]>()
  dropped = 0

  readonly login = async (user: string, password: string) =>
    ['ada', 'ada@client.example'].includes(user) && password === 'secret' ? ADA : undefined
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
    this.accepted.map(({ from, to, userId, raw, has8bit, utf8 }) => {
      const text = `accepted from=${formatPath(from)} to=${to.map(formatPath).join(',')} user=${userId} bytes=${raw.length}`
      // A dialogue is read as latin1, one character a byte.
      return Buffer.from(`${text}${has8bit ? ' 8bit' : ''}${utf8 ? ' utf8' : ''}`).toString('latin1')
    })

  /** The server's policy without a server, for the bare machine. */
  readonly sender = (from: ReversePath, userId: number | undefined): Reply | undefined =>
    from !== null && userId === 1 && formatPath(from).toLowerCase() === '<ada@client.example>'
      ? undefined
      : { code: 550, enhanced: '5.7.1', lines: ['not yours'] }
  readonly recipient = (to: ForwardPath | 'postmaster'): ForwardPath | Reply => {
    const meant = to === 'postmaster' ? parseMailbox('postmaster@local.example') : to
    const isKnown = meant !== undefined && (meant.domain !== 'local.example' || this.resolveLocal(meant))
    return isKnown ? meant : { code: 550, enhanced: '5.1.1', lines: ['no such user'] }
  }
}
