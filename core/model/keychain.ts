/** The system's own keeper of secrets, which opens when a person signs in to the computer. A desktop host hands it in. */
export interface Keychain {
  /** `unprotected`: what it keeps could be read by everybody, as on a Linux desktop without a keyring. */
  readonly state: 'ready' | 'unprotected'
  /** What keeps it, in words for a person: `the keyring of this desktop`. */
  readonly name: string
  /** A secret as only this keychain can read it again. */
  guard(secret: string): Promise<Uint8Array>
  /** The secret; throws where the keychain is gone, locked, or another one. */
  reveal(guarded: Uint8Array): Promise<string>
}
