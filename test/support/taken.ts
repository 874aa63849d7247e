import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TakenMessage } from '../../core/mailbox/import-messages.ts'
import { ImportReader } from '../../core/mailbox/import-reader.ts'
import { scanPaths } from '../../core/mailbox/import-scan.ts'
import type { StagingLine } from '../../core/mailbox/import-take.ts'
import type { ImportProblem, ImportQuoting } from '../../core/store/import-job.ts'

/** A message that was taken out of a file. */
export interface Taken extends Omit<TakenMessage, 'bytes' | 'staged'> {
  readonly folder: string
  /** One character a byte, with LF at each line's end. */
  readonly text: string
}

/** Holds long messages in memory. */
function inMemory(): StagingLine & { readonly whole: Buffer[] } {
  const whole: Buffer[] = []
  let chunks: Buffer[] = []
  return {
    whole,
    begin: async () => void (chunks = []),
    append: async (bytes) => void chunks.push(Buffer.from(bytes)),
    async finish() {
      const bytes = Buffer.concat(chunks)
      whole.push(bytes)
      return { stagedBlobId: whole.length - 1, sizeBytes: bytes.length, sha256: new Uint8Array(32) }
    },
    drop: async () => void (chunks = []),
  }
}

/** All that an import takes out of those places, in the order it does, without a store. */
export async function takeAll(
  paths: readonly string[],
  quoting: ImportQuoting = 'auto',
): Promise<{ readonly taken: Taken[]; readonly problems: ImportProblem[] }> {
  const { sources, problems } = scanPaths(paths)
  const staging = inMemory()
  const order = {
    sources: sources.map((source, id) => ({ ...source, id, position: '', doneBytes: 0, isDone: false })),
    quoting,
    uploads: {},
    origin: paths,
    batchMessages: 5,
  }
  const taken: Taken[] = []
  const all = [...problems]
  for await (const { parts } of new ImportReader(order, staging).batches())
    for (const part of parts) {
      all.push(...part.problems)
      for (const { bytes, staged, ...rest } of part.messages) {
        const raw = staged === null ? Buffer.from(bytes) : (staging.whole[staged.stagedBlobId] ?? Buffer.alloc(0))
        taken.push({ ...rest, folder: part.source.folder, text: raw.toString('latin1').replaceAll('\r\n', '\n') })
      }
    }
  return { taken, problems: all }
}

/** A folder of its own for files, and how to write into it. `remove` in `afterEach`. */
export function scratch(): {
  readonly path: string
  write(name: string, text: string | Buffer): string
  remove(): void
} {
  const path = mkdtempSync(join(tmpdir(), 'posthorn-import-'))
  return {
    path,
    write(name, text) {
      const file = join(path, name)
      writeFileSync(file, typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
      return file
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}
