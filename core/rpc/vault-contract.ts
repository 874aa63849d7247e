import { oc } from '@orpc/contract'
import { z } from 'zod'

/** The ways in to the stored mail. No answer carries a key or a passphrase. */
export const VaultView = z.object({
  /** What opens the mail: any of these. */
  ways: z.array(z.enum(['key-file', 'keychain', 'passphrase'])),
  keyFile: z.string(),
  /** The system's keychain, where this host can ask one; `unprotected`: it keeps nothing from other programs. */
  keychain: z.object({ state: z.enum(['ready', 'unprotected']), name: z.string() }).nullable(),
  /** Posthorn starts locked: nothing but the passphrase opens the mail. */
  lockedAtStart: z.boolean(),
  /** One sentence for a person: what the mail is protected against as it is. */
  text: z.string(),
})
export type VaultView = z.infer<typeof VaultView>

const Passphrase = z.string().min(1).max(1000)

export const vaultContract = {
  status: oc.output(VaultView),
  /**
   * Sets or changes the passphrase. `current` is the one there is, null where there is none. Fails with `vault.passphrase-wrong`,
   * and with `conflict` for one that is too short.
   */
  setPassphrase: oc.input(z.object({ current: Passphrase.nullable(), passphrase: Passphrase })).output(VaultView),
  /** Fails with `vault.passphrase-wrong`, and with `conflict` where it is the last way in. */
  removePassphrase: oc.input(z.object({ current: Passphrase })).output(VaultView),
  /**
   * Lets the system's keychain open the mail in place of the key file, or the key file again. There has to be a passphrase, for a
   * keychain can be lost. Fails with `vault.passphrase-wrong`, and with `conflict` where there is no passphrase or no keychain.
   */
  setKeychain: oc.input(z.object({ on: z.boolean(), current: Passphrase })).output(VaultView),
  /**
   * Whether Posthorn starts locked. If so, the key file no longer opens the mail; if not, it does again. Fails with
   * `vault.passphrase-wrong`, and with `conflict` where there is no passphrase.
   */
  setLockedAtStart: oc.input(z.object({ locked: z.boolean(), current: Passphrase })).output(VaultView),
}

/**
 * Opens mail that is locked. Afterwards the connection ends, and the window opens another one. Fails with
 * `vault.passphrase-wrong`, and with `conflict` where nothing is locked or no passphrase can open it.
 */
export const unlockCall = oc.input(z.object({ passphrase: Passphrase })).output(z.object({ ok: z.literal(true) }))
