import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** What a server takes at most, as its last EHLO said. */
export interface ServerSize {
  /** Null: it named no limit. */
  readonly largestBytes: number | null
  readonly seenMs: number
}

const GET = 'SELECT largest_bytes AS largestBytes, seen_ms AS seenMs FROM server_size WHERE host = ? AND port = ?'
const SEEN = `
  INSERT INTO server_size (host, port, largest_bytes, seen_ms) VALUES (@host, @port, @largestBytes, @nowMs)
  ON CONFLICT (host, port) DO UPDATE SET largest_bytes = excluded.largest_bytes, seen_ms = excluded.seen_ms`
const EXPIRE = 'DELETE FROM server_size WHERE seen_ms < ?'

/** What is known of a server (lower case); undefined where there was no session with it. */
export function getServerSize(db: ReadDb, host: string, port: number): ServerSize | undefined {
  return prepared<[string, number], ServerSize>(db, GET).get(host, port)
}

export const serverSizeOperations = {
  'serverSize.seen': (
    db: WriteDb,
    args: { readonly host: string; readonly port: number; readonly largestBytes: number | null },
    nowMs: number,
  ): void => {
    prepared(db, SEEN).run({ ...args, nowMs })
  },
  /** Lets go of servers that nothing was heard of since `beforeMs`. */
  'serverSize.expire': (db: WriteDb, { beforeMs }: { readonly beforeMs: number }): void => {
    prepared(db, EXPIRE).run(beforeMs)
  },
} satisfies Record<string, Operation<never, unknown>>
