import { randomBytes } from 'node:crypto'
import { Fault } from '../base/fault.ts'
import { rekeyDatabase } from '../store/rekey.ts'
import {
  bookPath,
  isKeychainWrap,
  isKeyFileWrap,
  isPassphraseWrap,
  KEY_BYTES,
  readBook,
  seal,
  writeBook,
  type Wrap,
} from './key-book.ts'
import { readKeyFile } from './key-file.ts'
import { fittingWraps, markOf, openVault, openWithPassphrase } from './key.ts'
import { wrapWithPassphrase, type ScryptCosts } from './passphrase.ts'

/** What a rekey needs. The caller holds the folder's lock, and no engine runs on it. */
export interface RekeyPlace {
  readonly folder: string
  readonly keyFile: string
  /** The passphrase, where there is one; null where it is to go, which only a key file that stays allows. */
  readonly passphrase: string | null
  readonly nativeBinding?: string
  /** What guessing the passphrase shall cost; as usual where it is left out. */
  readonly costs?: ScryptCosts
}

/**
 * Gives the store another key, and every way in the new one. At any moment key.json opens the database that lies there: it holds
 * both keys while one takes the other's place. The keychain, which only a desktop can ask, is no way in afterwards until it is chosen again. Copies of the old files stay readable with the old ways in. Throws `vault.*`,
 * `store.*`, and `conflict` where a way in would be lost.
 */
export async function rekeyVault(place: RekeyPlace): Promise<void> {
  const { folder, keyFile, passphrase } = place
  const path = bookPath(folder)
  const wraps = fittingWraps(folder, readBook(path)?.wraps ?? [])
  const unknown = wraps.find((wrap) => ![isKeyFileWrap, isKeychainWrap, isPassphraseWrap].some((is) => is(wrap)))
  if (unknown !== undefined) throw conflict(`"${path}" has a way in that this version does not know: "${unknown.kind}"`)
  const byFile = wraps.some(isKeyFileWrap)
  const byPassphrase = wraps.some(isPassphraseWrap)
  if (!byFile && passphrase === null && byPassphrase) throw conflict('its passphrase is the last way in')
  if (passphrase !== null && !byPassphrase) throw conflict('it has no passphrase')
  const key =
    passphrase === null ? openVault({ folder, keyFile, create: false }) : await openWithPassphrase(folder, passphrase)

  const newKey = randomBytes(KEY_BYTES)
  const of = markOf(newKey)
  const fresh: Wrap[] = []
  if (byFile) fresh.push({ kind: 'key-file', ...seal(newKey, readKeyFile(keyFile), of) })
  if (passphrase !== null) fresh.push(await wrapWithPassphrase(newKey, passphrase, of, place.costs))
  // Wraps of an older version say whose they are only from now on.
  const old = wraps.map((wrap) => ({ ...wrap, of: markOf(key) }))
  rekeyDatabase({
    ...place,
    key,
    newKey,
    beforeSwap: () => void writeBook(path, [...old, ...fresh], 'replace'),
  })
  writeBook(path, fresh, 'replace')
}

const conflict = (reason: string) =>
  new Fault('conflict', `give the store another key: ${reason}`, { what: 'key', reason })
