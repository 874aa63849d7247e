import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** How long a file of the log gets, and how many older ones stay beside it as `.1`, `.2`, … */
export interface LogFileLimits {
  readonly bytes: number
  readonly files: number
}
const USUAL: LogFileLimits = { bytes: 4 * 1024 * 1024, files: 4 }

/**
 * What the program says of itself, into a file that only its owner reads. Returns what appends a line. A file that cannot be
 * written to is no reason to stop: the line is lost, and the next one tries again. Throws where the folder cannot be made.
 */
export function openLogFile(path: string, limits: LogFileLimits = USUAL): (line: string) => void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  return (line) => {
    try {
      const text = `${line}\n`
      if (sizeOf(path) + Buffer.byteLength(text) > limits.bytes) rotate(path, limits.files)
      appendFileSync(path, text, { mode: 0o600 })
    } catch {
      // A full disk: mail that is on its way has other worries.
    }
  }
}

const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/** `log` becomes `log.1`, that one `log.2`, and the oldest goes. */
function rotate(path: string, files: number): void {
  const named = (n: number) => (n === 0 ? path : `${path}.${n}`)
  rmSync(named(files), { force: true })
  for (let n = files; n > 0; n--) if (existsSync(named(n - 1))) renameSync(named(n - 1), named(n))
}
