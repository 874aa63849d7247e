import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

/** What a program that has ended said, on both outputs, and with which status it ended. */
export interface Run {
  readonly status: number | null
  readonly said: string
}

/** Runs a program to its end with this input. */
export async function runProgram(path: string, args: readonly string[], input = ''): Promise<Run> {
  const child = spawn(path, args, { stdio: 'pipe' })
  const ended = new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject))
  child.stdin.on('error', () => {}) // A program that refuses its arguments reads no input.
  child.stdin.end(input)
  const [status, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  return { status, said: out + err }
}
