import { safeStorage } from 'electron'
import type { Keychain } from '../core/model/keychain.ts'

const NAMES: Readonly<Record<string, string>> = {
  darwin: 'the keychain of macOS',
  win32: 'the data protection of Windows',
  gnome_libsecret: 'the keyring of this desktop',
  kwallet: 'the wallet of this desktop',
  kwallet5: 'the wallet of this desktop',
  kwallet6: 'the wallet of this desktop',
}
const NONE = 'this desktop, which has no keyring,'

/**
 * The system's keychain as it is now. On Linux without a keyring Electron seals with a key that stands in its own source
 * (`basic_text`): that protects nothing, and is said so. Only after `ready`; never throws: without a keychain there are other ways in.
 */
export async function systemKeychain(platform: NodeJS.Platform): Promise<Keychain> {
  const backend = platform === 'linux' ? safeStorage.getSelectedStorageBackend() : platform
  const isThere = await safeStorage.isAsyncEncryptionAvailable().catch(() => false)
  const name = NAMES[backend]
  return {
    state: isThere && name !== undefined ? 'ready' : 'unprotected',
    name: name ?? NONE,
    guard: (secret) => safeStorage.encryptStringAsync(secret),
    reveal: async (guarded) => (await safeStorage.decryptStringAsync(Buffer.from(guarded))).result,
  }
}
