import type { Duplex } from 'node:stream'
import { Fault } from '../base/fault.ts'

/** What command line and engine say to each other over the local socket: one JSON object a line, at most 1 MiB. */
export type Frame =
  | { readonly nonce: string }
  | { readonly nonce: string; readonly proof: string }
  | { readonly proof: string }
  | { readonly command: readonly string[]; readonly cwd: string }
  | { readonly stdin: string | null } // base64; null: end of input
  | { readonly stdout: string } // base64
  | { readonly stderr: string } // base64
  | { readonly exit: number }

const LONGEST_FRAME = 1 << 20

/** Sends one frame; resolves when the other end can take more. */
export function sendFrame(to: Duplex, frame: Frame): Promise<void> {
  if (to.destroyed || !to.writable) return Promise.resolve()
  if (to.write(`${JSON.stringify(frame)}\n`)) return Promise.resolve()
  return new Promise((resolve) => {
    const go = () => {
      to.off('drain', go)
      to.off('close', go)
      resolve()
    }
    to.once('drain', go)
    to.once('close', go)
  })
}

/** Frames as they arrive. Throws `engine.unreachable` on anything that is no frame. */
export async function* readFrames(from: Duplex): AsyncGenerator<Frame, void, void> {
  let rest = ''
  from.setEncoding('utf8')
  for await (const chunk of from as AsyncIterable<string>) {
    rest += chunk
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end)
      rest = rest.slice(end + 1)
      yield parseFrame(line)
    }
    if (rest.length > LONGEST_FRAME)
      throw new Fault('engine.unreachable', 'read from the local socket: a frame is over 1 MiB', {
        path: '',
        reason: 'oversized frame',
      })
  }
}

function parseFrame(line: string): Frame {
  try {
    const value: unknown = JSON.parse(line)
    if (value !== null && typeof value === 'object') return value as Frame
  } catch {
    // falls through: no JSON is no frame
  }
  throw new Fault('engine.unreachable', 'read from the local socket: what came is no frame', {
    path: '',
    reason: 'malformed frame',
  })
}
