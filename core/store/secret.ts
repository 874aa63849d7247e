import { prepared } from './prepared.ts'
import { scrubbing } from './scrub.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

const GET = 'SELECT value FROM secret WHERE kind = ? AND name = ?'
const NAMES = 'SELECT name FROM secret WHERE kind = ? ORDER BY name'
const PUT = `
  INSERT INTO secret (kind, name, value, created_ms) VALUES (?, ?, ?, ?)
  ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value, created_ms = excluded.created_ms`
const REMOVE = 'DELETE FROM secret WHERE kind = ? AND name = ?'

/** A stored secret, or undefined. Only core/vault/ asks. */
export function getSecret(db: ReadDb, kind: string, name: string): Uint8Array | undefined {
  return prepared<[string, string], { value: Uint8Array }>(db, GET).get(kind, name)?.value
}

/** Names of the stored secrets of a kind, in order. */
export function listSecretNames(db: ReadDb, kind: string): string[] {
  return prepared<[string], { name: string }>(db, NAMES)
    .all(kind)
    .map((row) => row.name)
}

interface SecretName {
  readonly kind: string
  readonly name: string
}

/** Puts a secret in place of the one of that name; inside another operation, so that owner and secret come together. */
export function putSecret(db: WriteDb, args: SecretName & { readonly value: Uint8Array }, nowMs: number): void {
  scrubbing(db, () => prepared(db, PUT).run(args.kind, args.name, args.value, nowMs))
}

/** Removes a secret. Returns false when there was none. */
export function removeSecret(db: WriteDb, args: SecretName): boolean {
  return scrubbing(db, () => prepared(db, REMOVE).run(args.kind, args.name).changes === 1)
}

export const secretOperations = {
  'secret.put': putSecret,
  'secret.remove': removeSecret,
} satisfies Record<string, Operation<never, unknown>>
