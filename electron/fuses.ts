/*
 * Switches that are burnt into the packaged program, where no argument and no environment reaches them. electron-builder is told of
 * them (electronFuses); a test compares the two.
 */

/** Each fuse and what it keeps out. */
export const FUSES = {
  /** `ELECTRON_RUN_AS_NODE` would make a plain Node of the program, with all it may do: its keychain, its firewall rule. */
  runAsNode: false,
  /** `NODE_OPTIONS` would load code of somebody else's into it. */
  enableNodeOptionsEnvironmentVariable: false,
  /** `--inspect` would hand its memory, with the key of the mail in it, to any program of the same user. */
  enableNodeCliInspectArguments: false,
  enableCookieEncryption: true,
  /** The code is what was packed, where the system lets a program look at itself (macOS, Windows). */
  enableEmbeddedAsarIntegrityValidation: true,
  onlyLoadAppFromAsar: true,
  /** `file:` pages get nothing that other pages have not. */
  grantFileProtocolExtraPrivileges: false,
} as const
