import { implement } from '@orpc/server'
import { contract } from '../rpc/contract.ts'
import type { VaultView } from '../rpc/vault-contract.ts'
import type { Ways } from './ways.ts'

/** Answers `vault.*`. */
export function vaultHandlers(ways: Ways) {
  const os = implement(contract.vault)
  return {
    status: os.status.handler(() => viewOf(ways)),
    setPassphrase: os.setPassphrase.handler(async ({ input }) => {
      await ways.setPassphrase(input.current, input.passphrase)
      return viewOf(ways)
    }),
    removePassphrase: os.removePassphrase.handler(async ({ input }) => {
      await ways.removePassphrase(input.current)
      return viewOf(ways)
    }),
    setKeychain: os.setKeychain.handler(async ({ input }) => {
      await ways.setKeychain(input.on, input.current)
      return viewOf(ways)
    }),
    setLockedAtStart: os.setLockedAtStart.handler(async ({ input }) => {
      await ways.setLockedAtStart(input.locked, input.current)
      return viewOf(ways)
    }),
  }
}

function viewOf(ways: Ways): VaultView {
  const { keyFile, keychain } = ways
  const open = ways.list()
  const lockedAtStart = !open.includes('key-file') && !open.includes('keychain')
  return {
    ways: open,
    keyFile,
    keychain: keychain === undefined ? null : { state: keychain.state, name: keychain.name },
    lockedAtStart,
    text: textOf(open, lockedAtStart),
  }
}

function textOf(open: ReturnType<Ways['list']>, lockedAtStart: boolean): string {
  if (lockedAtStart)
    return 'Only the passphrase opens the mail: a stolen disk or copy is worth nothing without it, and Posthorn starts locked.'
  if (!open.includes('key-file'))
    return 'The keychain of this computer opens the mail when you are signed in, or the passphrase does: a stolen disk or copy is worth nothing without one of them.'
  return open.includes('passphrase')
    ? 'The key file or the passphrase opens the mail. Whoever has both this folder and the key file can read it.'
    : 'The key file opens the mail. A copy of this folder alone is worth nothing; a stolen disk that holds both is not protected.'
}
