// Signs the feed of updates, or makes the pair of keys for it:
//   node scripts/sign-feed.mjs make-key      prints the secret key (POSTHORN_FEED_KEY at packaging) and the public one (updates.key)
//   POSTHORN_FEED_KEY=… node scripts/sign-feed.mjs FOLDER
// Beside each latest*.yml it puts a .sig: the base64 of an Ed25519 signature (RFC 8032) over the bytes of that file.
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Signs every feed file in a folder and returns their names. Throws where the key is none, or nothing is there to sign.
 * @param {string} folder
 * @param {string} secret base64 of a PKCS #8 key
 */
export function signFeeds(folder, secret) {
  const key = createPrivateKey({ key: Buffer.from(secret, 'base64'), format: 'der', type: 'pkcs8' })
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`the feed is signed with Ed25519, not ${key.asymmetricKeyType}`)
  const names = globSync('latest*.yml', { cwd: folder }).toSorted()
  if (names.length === 0) throw new Error(`there is no latest*.yml in ${folder} to sign`)
  for (const name of names) {
    const signature = sign(null, readFileSync(join(folder, name)), key)
    writeFileSync(join(folder, `${name}.sig`), `${signature.toString('base64')}\n`)
  }
  return names
}

/** A new pair of keys, as the two texts that people pass on. */
export function makeFeedKey() {
  const { privateKey } = generateKeyPairSync('ed25519')
  const secret = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  return { secret, public: Buffer.from(x, 'base64url').toString('base64') }
}

if (import.meta.main) {
  const [what = ''] = process.argv.slice(2)
  if (what === 'make-key') {
    const made = makeFeedKey()
    console.log(`POSTHORN_FEED_KEY=${made.secret}\nupdates.key=${made.public}`)
  } else console.log(signFeeds(what, process.env['POSTHORN_FEED_KEY'] ?? '').join('\n'))
}
