/** Every fault code in the product, one line each, with the facts it carries. */
export interface FaultDetails {
  'store.locked': { readonly path: string; readonly holder?: string }
  'store.corrupt': { readonly path: string; readonly reason: string }
  'store.newer': { readonly path: string; readonly version: number; readonly supported: number }
  'store.full': { readonly path: string }
  'store.closed': { readonly path: string }
  'store.io': { readonly path: string; readonly reason: string }
  'store.operation': { readonly operation: string; readonly reason: string }
  'vault.key-missing': { readonly path: string }
  'vault.key-wrong': { readonly path: string; readonly reason: string }
  'vault.key-exposed': { readonly path: string; readonly mode: string }
  'vault.passphrase-needed': { readonly path: string }
  'vault.passphrase-wrong': { readonly path: string }
  'settings.invalid': { readonly key: string; readonly value: string; readonly allowed: string }
  'settings.unreadable': { readonly path: string; readonly reason: string }
  'listen.taken': { readonly host: string; readonly port: number; readonly reason: string }
  'thread.died': { readonly name: string; readonly reason: string }
  'blob.damaged': { readonly blobId: number; readonly reason: string }
  'message.refused': { readonly reason: string }
  'address.invalid': { readonly value: string; readonly reason: string }
  'not-found': { readonly what: string; readonly id: string }
  'conflict': { readonly what: string; readonly reason: string }
  'route.insecure': { readonly host: string; readonly reason: string }
  /** `reason`: a sentence for a person. */
  'fetch.failed': { readonly what: string; readonly reason: string }
  /** `reason`: a sentence for a person. */
  'sign-in.failed': { readonly provider: string; readonly reason: string }
  'account.test-failed': { readonly at: string; readonly reason: string }
  /** Which part of the query, in UTF-16 code units, and a sentence for a person. */
  'search.invalid': { readonly offset: number; readonly length: number; readonly reason: string }
  /** Nothing that was named can be brought in, or what is there is no mail; `reason`: a sentence for a person. */
  'import.nothing': { readonly path: string; readonly reason: string }
  /** What an export would write over. */
  'export.exists': { readonly path: string }
  /** Where in the rule, such as `condition.of.1.value`, and a sentence for a person. */
  'rule.invalid': { readonly at: string; readonly reason: string }
  'update.refused': { readonly address: string; readonly reason: string }
  'engine.locked': { readonly path: string }
  'engine.unreachable': { readonly path: string; readonly reason: string }
  'usage': { readonly reason: string }
}

/** A thing that should not have happened. It carries a stable `code` and the facts in `details`. */
export class Fault<C extends keyof FaultDetails = keyof FaultDetails> extends Error {
  readonly code: C
  readonly details: FaultDetails[C]

  /** `message` says what was being done, then what stopped it, with the value: lower case, no full stop. */
  constructor(code: C, message: string, details: FaultDetails[C], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'Fault'
    this.code = code
    this.details = details
  }

  /** What a window or a command line may see of it: no stack, no cause. */
  toJSON(): { code: C; message: string; details: FaultDetails[C] } {
    return { code: this.code, message: this.message, details: this.details }
  }
}

/** True when `error` is a Fault, of the given code if one is named. */
export function isFault<C extends keyof FaultDetails>(error: unknown, code?: C): error is Fault<C> {
  return error instanceof Fault && (code === undefined || error.code === code)
}

/** The words of any thrown thing, for a log line or a reason. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const FILE_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is no folder',
}
/** Why a file that was named could not be read. */
export function fileWords(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return FILE_WORDS[code] ?? reasonOf(error)
}
