import { Fault } from '../base/fault.ts'
import { OneAtATime } from '../base/one-at-a-time.ts'
import { Attempts } from './attempts.ts'
import type { Clock } from '../base/clock.ts'
import {
  bookPath,
  isKeychainWrap,
  isKeyFileWrap,
  isPassphraseWrap,
  readBook,
  seal,
  writeBook,
  type Wrap,
} from './key-book.ts'
import { createKeyFile } from './key-file.ts'
import type { Keychain } from '../model/keychain.ts'
import { wrapWithKeychain } from './keychain.ts'
import { fittingWraps, markOf, openWithPassphrase } from './key.ts'
import { LEAST_CHARACTERS, normalized, wrapWithPassphrase, type ScryptCosts } from './passphrase.ts'

/** The ways in to a data folder that is open. */
export interface Ways {
  /** What opens it now. */
  list(): ('key-file' | 'keychain' | 'passphrase')[]
  readonly keyFile: string
  /** The system's keychain, where the host has one. */
  readonly keychain: Keychain | undefined
  /** Sets the passphrase, or puts another in the place of `current`. */
  setPassphrase(current: string | null, passphrase: string): Promise<void>
  removePassphrase(current: string): Promise<void>
  /** Puts the keychain into the key file's place, or the key file back into its. */
  setKeychain(isOn: boolean, current: string): Promise<void>
  /** Takes away what opens the mail by itself, or gives the key file's way in back. */
  setLockedAtStart(isLocked: boolean, current: string): Promise<void>
}

/**
 * What changes the ways in to a folder whose key is known. The caller holds the folder's lock. Every change needs the passphrase
 * there is: an open window that nobody watches must not be enough. Faults: `vault.passphrase-wrong`, and `conflict` for what
 * can't be done, such as taking the last way in.
 */
export function waysIn(at: {
  readonly folder: string
  readonly keyFile: string
  readonly key: Uint8Array
  readonly clock: Clock
  readonly keychain?: Keychain | undefined
  /** What guessing the passphrase shall cost; as usual where it is left out. */
  readonly costs?: ScryptCosts
}): Ways {
  const { folder, keyFile, key, keychain } = at
  const turns = new OneAtATime()
  const attempts = new Attempts(at.clock)
  const wraps = () => fittingWraps(folder, readBook(bookPath(folder))?.wraps ?? [])
  const is = { 'key-file': isKeyFileWrap, 'keychain': isKeychainWrap, 'passphrase': isPassphraseWrap }
  const has = (kind: keyof typeof is) => wraps().some((wrap) => is[kind](wrap))
  const isCurrent = (current: string) => attempts.run(() => openWithPassphrase(folder, current))
  const write = (changed: readonly Wrap[]) => {
    if (!changed.some((wrap) => isKeyFileWrap(wrap) || isPassphraseWrap(wrap))) throw lastWay()
    writeBook(bookPath(folder), changed, 'replace')
  }
  return {
    keyFile,
    keychain,
    list: () => (['key-file', 'keychain', 'passphrase'] as const).filter(has),
    setPassphrase: (current, passphrase) =>
      turns.run(async () => {
        const length = [...normalized(passphrase)].length
        if (length < LEAST_CHARACTERS)
          throw conflict(
            `set the passphrase: it has ${length} characters; the least is ${LEAST_CHARACTERS}`,
            'too short',
          )
        if (has('passphrase')) {
          if (current === null) throw conflict('set the passphrase: there is one already, say it first', 'there is one')
          await isCurrent(current)
        }
        const made = await wrapWithPassphrase(key, passphrase, markOf(key), at.costs)
        write([...wraps().filter((wrap) => !isPassphraseWrap(wrap)), made])
      }),
    removePassphrase: (current) =>
      turns.run(async () => {
        await isCurrent(current)
        write(wraps().filter((wrap) => !isPassphraseWrap(wrap)))
      }),
    setKeychain: (isOn, current) =>
      turns.run(async () => {
        // The passphrase stays beside it: a keychain is lost with its computer, and by signing in anew.
        if (!has('passphrase')) throw isOn ? noKeychain(NEEDS_PASSPHRASE) : neverChosen()
        await isCurrent(current)
        const others = wraps().filter((wrap) => !isKeyFileWrap(wrap) && !isKeychainWrap(wrap))
        if (!isOn) return write([...others, { kind: 'key-file', ...seal(key, createKeyFile(keyFile), markOf(key)) }])
        if (keychain === undefined) throw noKeychain('this Posthorn cannot ask one')
        if (keychain.state !== 'ready') throw noKeychain(`${keychain.name} keeps nothing from other programs`)
        write([...others, await wrapWithKeychain(key, keychain, markOf(key))])
      }),
    setLockedAtStart: (isLocked, current) =>
      turns.run(async () => {
        await isCurrent(current)
        const others = wraps().filter((wrap) => !isKeyFileWrap(wrap) && !isKeychainWrap(wrap))
        if (isLocked) write(others)
        else write([...others, { kind: 'key-file', ...seal(key, createKeyFile(keyFile), markOf(key)) }])
      }),
  }
}

const conflict = (words: string, reason: string) => new Fault('conflict', words, { what: 'passphrase', reason })
const NEEDS_PASSPHRASE =
  'there is no passphrase yet, which opens the mail when the keychain is lost; set one first (posthorn vault passphrase set --passphrase-stdin)'
const neverChosen = () =>
  new Fault('conflict', 'let the keychain no longer open the mail: it does not open it', {
    what: 'keychain',
    reason: 'it was never chosen',
  })
const noKeychain = (reason: string) =>
  new Fault('conflict', `let the keychain open the mail: ${reason}`, { what: 'keychain', reason })
const lastWay = () =>
  conflict(
    'remove the passphrase: nothing else opens the mail; let the key file open it first (posthorn vault start open)',
    'it is the last way in',
  )
