import { createPublicKey, verify } from 'node:crypto'

/** Where newer versions are looked for, and whose signature is believed. */
export interface FeedPlace {
  /** A folder on a web server; '' where nothing is looked for. */
  readonly feed: string
  /** Base64 of an Ed25519 public key (RFC 8032); '' where none is known. */
  readonly key: string
}

/** A version newer than this one, as the feed tells of it. */
export interface Release {
  readonly version: string
  /** For a person; '' where the feed says nothing. */
  readonly notes: string
}

/** Both have to be known before anything is asked of anybody. */
export const isConfigured = ({ feed, key }: FeedPlace): boolean => feed !== '' && key !== ''

/** DER of an Ed25519 public key up to the key itself (RFC 8410 §4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** Whether `signature`, a line of base64, is that of `bytes` by `key`. What is no key or no signature is none. */
export function isSignedBy(bytes: Uint8Array, signature: string, key: string): boolean {
  const raw = Buffer.from(key, 'base64')
  const signed = Buffer.from(signature.trim(), 'base64')
  if (raw.length !== 32 || signed.length !== 64) return false
  try {
    const spki = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' })
    return verify(null, bytes, spki, signed)
  } catch {
    return false
  }
}

const MOST_NOTES = 3000

/** Release notes as a dialog shows them: plain words, no longer than a dialog is. */
export function notesOf(notes: unknown): string {
  const texts = Array.isArray(notes)
    ? notes.map((one: unknown) => (one !== null && typeof one === 'object' && 'note' in one ? one.note : ''))
    : [notes]
  const text = texts
    .filter((one) => typeof one === 'string')
    .join('\n\n')
    .replaceAll('\r\n', '\n')
    // Control characters, and the ones that turn the direction of what follows.
    .replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '')
    .trim()
  return text.length > MOST_NOTES ? `${text.slice(0, MOST_NOTES).trimEnd()} …` : text
}

/** How this copy of the program came here, and so who puts a newer one in its place. */
export type Installed = 'by-installer' | 'by-packages' | 'by-hand'

/**
 * Told by what the packages leave behind: Windows' installer, a dmg and an AppImage are replaced by the program itself, what a
 * package manager installed is replaced by that one, and a portable program by its person.
 */
export function installedHow(at: {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  /** What stands in the file `package-type` beside the application; '' where there is none. */
  readonly packageType: string
}): Installed {
  if (at.env['FLATPAK_ID'] || at.env['SNAP']) return 'by-packages'
  if (at.platform === 'win32') return at.env['PORTABLE_EXECUTABLE_FILE'] ? 'by-hand' : 'by-installer'
  if (at.platform === 'darwin') return 'by-installer'
  if (at.env['APPIMAGE']) return 'by-installer'
  return at.packageType === '' ? 'by-hand' : 'by-packages'
}
