import { implement } from '@orpc/server'
import { contract } from '../rpc/contract.ts'
import type { VaultView } from '../rpc/vault-contract.ts'
import type { Ways } from './ways.ts'
import { PROTECTION_WORDS } from '../model/protection-words.ts'

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
  if (lockedAtStart) return PROTECTION_WORDS.passphraseAlone
  if (!open.includes('key-file')) return PROTECTION_WORDS.keychain
  return open.includes('passphrase') ? PROTECTION_WORDS.keyFileOrPassphrase : PROTECTION_WORDS.keyFile
}
