import { Readable } from 'node:stream'
import type { CommandIo } from '../../core/host/local-socket.ts'

/** The streams of a command that a test carries out itself. */
export interface HeardIo {
  readonly io: CommandIo
  /** What the command has printed so far. */
  stdout(): Buffer
  stderr(): string
}

/** Streams with this standard input, which remember what is printed. */
export function heardIo(cwd: string, stdin: string | Uint8Array = ''): HeardIo {
  const printed: Buffer[] = []
  let said = ''
  return {
    io: {
      cwd,
      stdin: Readable.from(stdin.length === 0 ? [] : [Buffer.from(stdin)]),
      stdout: async (bytes) => void printed.push(Buffer.from(bytes)),
      stderr: async (text) => void (said += text),
      signal: new AbortController().signal,
    },
    stdout: () => Buffer.concat(printed),
    stderr: () => said,
  }
}
