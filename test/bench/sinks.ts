import { once } from 'node:events'
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readSync, fstatSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, listening } from '../support/postfix.ts'
import { pause } from './machine.ts'

/** What smtp-sink writes after every message is no longer than this. */
const COUNT_BYTES = 120

/** One smtp-sink of Postfix for each address, all on one port, whose counts are read from files: reading them costs little. */
export class Sinks {
  readonly port: number
  readonly #children: readonly ChildProcess[]
  readonly #files: readonly number[]

  private constructor(port: number, children: readonly ChildProcess[], files: readonly number[]) {
    this.port = port
    this.#children = children
    this.#files = files
  }

  static async start(hosts: readonly string[], work: string): Promise<Sinks> {
    const folder = mkdtempSync(join(work, 'sinks-'))
    const port = await freePort('0.0.0.0')
    const files: number[] = []
    const children = hosts.map((host) => {
      const path = join(folder, host)
      const out = openSync(path, 'w')
      const child = spawn('smtp-sink', ['-u', 'nobody', '-c', `${host}:${port}`, '1000'], {
        stdio: ['ignore', out, 'ignore'],
      })
      closeSync(out)
      files.push(openSync(path, 'r'))
      return child
    })
    const sinks = new Sinks(port, children, files)
    for (const host of hosts) await listening(host, port)
    return sinks
  }

  /** Messages taken since the start. */
  count(): number {
    const bytes = Buffer.alloc(COUNT_BYTES)
    let sum = 0
    for (const file of this.#files) {
      const end = fstatSync(file).size
      const read = readSync(file, bytes, 0, COUNT_BYTES, Math.max(end - COUNT_BYTES, 0))
      const counts = [...bytes.toString('latin1', 0, read).matchAll(/mesg=(\d+)\s/g)]
      sum += Number(counts.at(-1)?.[1] ?? 0)
    }
    return sum
  }

  /**
   * Waits for so many messages more than there were `before`. Returns how many came a second between the first and the last of
   * them, which leaves the start of a peer's own queue run out. Throws after `longestMs` without a new one.
   */
  async rate(before: number, messages: number, longestMs = 60_000): Promise<number> {
    let first: { readonly atMs: number; readonly count: number } | undefined
    let newestMs = performance.now()
    let seen = 0
    for (;;) {
      const count = this.count() - before
      const atMs = performance.now()
      if (count > seen) newestMs = atMs
      seen = count
      if (count > 0) first ??= { atMs, count }
      if (first && count >= messages) return ((messages - first.count) / (atMs - first.atMs)) * 1000
      if (atMs - newestMs > longestMs) throw new Error(`the sinks got ${count} of ${messages} messages, and then none`)
      await pause(this.#files.length < 10 ? 5 : 20)
    }
  }

  async stop(): Promise<void> {
    for (const child of this.#children) {
      const exited = once(child, 'exit')
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGTERM')) await exited
    }
    for (const file of this.#files) closeSync(file)
  }
}
