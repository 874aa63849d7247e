/** How well mail is protected, by what opens it. */
export const PROTECTION_WORDS = {
  passphraseAlone:
    'Only the passphrase opens the mail: a stolen disk or copy is worth nothing without it, and Posthorn starts locked.',
  keychain:
    'The keychain of this computer opens the mail when you are signed in, or the passphrase does: a stolen disk or copy is worth nothing without one of them.',
  keyFileOrPassphrase:
    'The key file or the passphrase opens the mail. Whoever has both this folder and the key file can read it.',
  keyFile:
    'The key file opens the mail. A copy of this folder alone is worth nothing; a stolen disk that holds both is not protected.',
} as const
