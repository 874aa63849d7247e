import { createHash } from 'node:crypto'
import type { Answer, Pop3Session, Pop3Trouble } from '../net/pop3-words.ts'
import { parseSizes, parseUidl, type Listed } from '../wire/pop3/listing.ts'

/** What is in a maildrop. A message's `value` is undefined where only its bytes tell it from others. */
export type Listing =
  | {
      readonly kind: 'listed'
      readonly messages: readonly Listed<string | undefined>[]
      readonly sizes: ReadonlyMap<number, number>
      /** How many there are besides, whose names the server did not tell. */
      readonly nameless: number
    }
  /** In words for a person. */
  | { readonly kind: 'problem'; readonly problem: string }
  | { readonly kind: 'lost'; readonly trouble: Pop3Trouble }

const NOTHING = new Uint8Array()
/** Headers under way at once; the wire has its own window. */
const ASKED = 256
/** Of a header without end no more is hashed. */
const HASHED_BYTES = 1024 * 1024

/**
 * Lists a maildrop. Where the server has no UIDL, which RFC 1939 leaves open, a message is known by its header, which names the
 * time and the path it came by; where it has no TOP either, by all of its bytes.
 */
export async function listMaildrop(session: Pop3Session, host: string): Promise<Listing> {
  const [uidl, list] = session.facts.pipelining
    ? await Promise.all([session.ask({ verb: 'UIDL' }), session.ask({ verb: 'LIST' })])
    : [await session.ask({ verb: 'UIDL' }), await session.ask({ verb: 'LIST' })]
  for (const answer of [uidl, list]) if (answer.kind === 'lost') return { kind: 'lost', trouble: answer.trouble }
  const sizes = sizesOf(list)
  if (uidl.kind === 'granted') {
    const messages = parseUidl(uidl.listing ?? NOTHING)
    return messages === undefined ? unreadable(host) : { kind: 'listed', messages, sizes: new Map(sizes), nameless: 0 }
  }
  if (list.kind !== 'granted')
    return { kind: 'problem', problem: `${host} does not list its messages; nothing was fetched.` }
  if (sizes === undefined) return unreadable(host)
  session.transcript.note('the server has no UIDL: its messages are told apart by their headers')
  return byHeaders(session, sizes)
}

const unreadable = (host: string): Listing => ({
  kind: 'problem',
  problem: `${host} lists its messages in a way that can't be read; nothing was fetched.`,
})

function sizesOf(answer: Answer): readonly (readonly [number, number])[] | undefined {
  if (answer.kind !== 'granted') return undefined
  return parseSizes(answer.listing ?? NOTHING)?.map(({ number, value }) => [number, value] as const)
}

async function byHeaders(session: Pop3Session, sizes: readonly (readonly [number, number])[]): Promise<Listing> {
  const named: Listed<string>[] = []
  for (let from = 0; from < sizes.length; from += ASKED) {
    const page = sizes.slice(from, from + ASKED)
    const names = await Promise.all(page.map(([number, sizeBytes]) => nameOf(session, number, sizeBytes)))
    for (const [index, name] of names.entries()) {
      if (typeof name !== 'string') return { kind: 'lost', trouble: name }
      if (name !== '') named.push({ number: page[index]![0], value: name })
    }
    // Not one of so many: it has no TOP.
    if (named.length === 0) break
  }
  const all = new Map(sizes)
  // Names of one kind only, or a message could have two: one whose header alone is refused waits for the next time.
  if (named.length > 0) return { kind: 'listed', messages: named, sizes: all, nameless: sizes.length - named.length }
  if (sizes.length > 0) session.transcript.note('the server has no TOP: its messages are told apart by their bytes')
  return { kind: 'listed', messages: sizes.map(([number]) => ({ number, value: undefined })), sizes: all, nameless: 0 }
}

/** A name made of header and size; '' when there is no TOP. */
async function nameOf(session: Pop3Session, number: number, sizeBytes: number): Promise<string | Pop3Trouble> {
  const hash = createHash('sha256')
  let hashed = 0
  const answer = await session.retrieve({ verb: 'TOP', number }, { kind: 'fetched', uidl: '' }, (bytes) => {
    const some = bytes.subarray(0, Math.max(HASHED_BYTES - hashed, 0))
    hashed += some.length
    hash.update(some)
  })
  if (answer.kind === 'lost') return answer.trouble
  return answer.kind === 'granted' ? `top:${sizeBytes}:${hash.digest('base64url')}` : ''
}

/** The name of a message that is known by its bytes alone. */
export const nameOfBytes = (digest: string): string => `raw:${digest}`
