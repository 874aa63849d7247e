import { stat, statfs } from 'node:fs/promises'
import { databasePath } from './database.ts'

/** Free space that a message must leave behind; on a small disk that part of the whole. */
const LEFT_BYTES = 100 * 1024 * 1024
const LEFT_PART = 1 / 16

/**
 * Whether the disk of a data folder has room for a message of that size: it is written twice, to the log and from there to the
 * database. So is what the log holds already, and a log that can't be written back never lets go of its own room.
 */
export async function hasRoom(folder: string, sizeBytes: number): Promise<boolean> {
  const [{ bavail, blocks, bsize }, log] = await Promise.all([
    statfs(folder),
    stat(`${databasePath(folder)}-wal`).catch(() => undefined), // not there before the first commit
  ])
  return bavail * bsize > 2 * sizeBytes + (log?.size ?? 0) + Math.min(LEFT_BYTES, blocks * bsize * LEFT_PART)
}
