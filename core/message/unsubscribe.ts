import { readHeader, valueOf, type Header } from './headers.ts'

/** How the author of a message says one gets no more of the kind (RFC 2369 §3.2). */
export interface UnsubscribeWays {
  /** A page or, with `isOneClick`, where a POST does it; null where none is named. */
  readonly https: string | null
  /** A `mailto:` address; null where none is named. */
  readonly mailto: string | null
  /** The message asks for RFC 8058's POST, and a signature covers both fields, as its §4 demands. */
  readonly isOneClick: boolean
  /** Domains whose DKIM signatures cover both fields, by what they say themselves. */
  readonly signers: readonly string[]
}

const LONGEST_URL = 4096
const MOST_SIGNATURES = 10
const COVERED = ['list-unsubscribe', 'list-unsubscribe-post']

/** Reads that from the beginning of a message; undefined where nothing of the kind is said, or nothing that may be used. */
export function readUnsubscribe(raw: Uint8Array): UnsubscribeWays | undefined {
  const header = readHeader(raw)
  const [said] = valuesOf(raw, header, 'list-unsubscribe')
  if (said === undefined) return undefined
  // Each in angle brackets, in the order of preference; white space in them is to be ignored (RFC 2369 §2).
  const urls = [...said.slice(0, 4 * LONGEST_URL).matchAll(/<([^<>]{1,8192})>/g)].map(([, url = '']) =>
    url.replaceAll(/\s+/g, ''),
  )
  const https = urls.find((url) => /^https:\/\//i.test(url) && isUsable(url)) ?? null
  const mailto = urls.find((url) => /^mailto:[^?]*@/i.test(url) && url.length <= LONGEST_URL) ?? null
  if (https === null && mailto === null) return undefined
  const signers = valuesOf(raw, header, 'dkim-signature')
    .slice(0, MOST_SIGNATURES)
    .flatMap((value) => coveringSigner(value) ?? [])
  const asksForPost = valuesOf(raw, header, 'list-unsubscribe-post').some((value) =>
    /^list-unsubscribe\s*=\s*one-click$/i.test(value.trim()),
  )
  const isOneClick = https !== null && asksForPost && signers.length > 0
  return { https, mailto, isOneClick, signers: [...new Set(signers)] }
}

const valuesOf = (raw: Uint8Array, header: Header, name: string) =>
  header.fields.filter((field) => field.name === name).map((field) => valueOf(raw, field))

function isUsable(text: string): boolean {
  if (text.length > LONGEST_URL || !URL.canParse(text)) return false
  const url = new URL(text)
  return url.protocol === 'https:' && url.username === '' && url.password === '' && url.hostname !== ''
}

/** The domain of a signature (RFC 6376 §3.5) that covers both fields. */
function coveringSigner(value: string): string | undefined {
  const tags = new Map(
    value.split(';').flatMap((tag) => {
      const at = tag.indexOf('=')
      return at < 0 ? [] : [[tag.slice(0, at).trim(), tag.slice(at + 1).replaceAll(/\s+/g, '')] as const]
    }),
  )
  const covered = (tags.get('h') ?? '').toLowerCase().split(':')
  const domain = (tags.get('d') ?? '').toLowerCase()
  return COVERED.every((name) => covered.includes(name)) && /^[a-z0-9.-]{1,253}$/.test(domain) ? domain : undefined
}
