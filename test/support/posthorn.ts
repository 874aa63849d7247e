import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { reasonOf } from '../../core/base/fault.ts'
import { COMMAND_NAMES, exitOf } from '../../core/host/command.ts'
import { callEngine } from '../../core/host/local-socket.ts'
import { heardIo } from './heard-io.ts'

/** The command line's file. */
export const cli = fileURLToPath(new URL('../../core/host/cli.ts', import.meta.url))

const runScript = fileURLToPath(new URL('../../scripts/run.mjs', import.meta.url))

/** The line that `serve` prints when it is ready. */
export interface Ready {
  readonly ready: true
  readonly locked: boolean
  readonly pid: number
  readonly ui: string
  readonly submission: { readonly host: string; readonly port: number } | null
  readonly submissionTls: { readonly host: string; readonly port: number } | null
  readonly inbound: { readonly host: string; readonly port: number } | null
  readonly pop3: { readonly host: string; readonly port: number } | null
  readonly pop3Tls: { readonly host: string; readonly port: number } | null
}
export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly bytes: Buffer
  readonly stderr: string
}

/** Runs one command line to its end. */
export function posthorn(argv: readonly string[], stdin?: string | Uint8Array): Promise<Ended> {
  return ended(start(argv), stdin)
}
/** Starts a command line whose streams a test holds in its own hands. */
export function start(argv: readonly string[]): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [cli, ...argv])
  child.stdin.on('error', () => {}) // Who ends, or is ended, before reading its whole input has said so by its status.
  return child
}

/** Has the engine that serves a folder carry a command out; undefined where none does, or the command needs none. */
async function askEngine(
  data: string,
  argv: readonly string[],
  stdin: string | Uint8Array = '',
): Promise<Ended | undefined> {
  if (!COMMAND_NAMES.some((name) => name === argv[0]) || argv.includes('--help')) return undefined
  const heard = heardIo(process.cwd(), stdin)
  let thrown = ''
  const status = await callEngine(data, argv, heard.io).catch((error: unknown) => {
    thrown = `posthorn: ${reasonOf(error)}\n`
    return exitOf(error)
  })
  if (status === undefined) return undefined
  const bytes = heard.stdout()
  return { status, stdout: bytes.toString(), bytes, stderr: heard.stderr() + thrown }
}

/** A data folder with a key file and a settings file beside it, gone when the test is. */
export class Home {
  readonly root: string
  readonly data: string
  readonly keyFile: string
  readonly settingsFile: string

  /** `root`: a folder that is there and stays the same from run to run. */
  constructor(settings: unknown = {}, parent = tmpdir(), root = mkdtempSync(join(parent, 'posthorn-home-'))) {
    this.root = root
    this.data = join(this.root, 'data')
    this.keyFile = join(this.root, 'posthorn.key')
    this.settingsFile = join(this.root, 'settings.json')
    this.settings(settings)
  }

  /**
   * Tests run side by side: the usual port for TLS is not for them, unless they say which. Nor do they wait until nobody can take
   * back what they sent: `undoSeconds: null` leaves that to be set while it runs.
   */
  settings(settings: unknown): void {
    const isObject = (value: unknown): value is object =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
    const parts = isObject(settings) ? (settings as { submission?: unknown; queue?: unknown }) : {}
    const { submission = {}, queue = {} } = parts
    const { undoSeconds = 0, ...rest } = isObject(queue) ? (queue as { undoSeconds?: unknown }) : {}
    const whole =
      isObject(settings) && isObject(submission) && isObject(queue)
        ? {
            ...settings,
            submission: { tlsPort: null, ...submission },
            queue: undoSeconds === null ? rest : { undoSeconds, ...rest },
          }
        : settings
    writeFileSync(this.settingsFile, typeof settings === 'string' ? settings : JSON.stringify(whole))
  }

  get at(): string[] {
    return ['--data', this.data, '--key-file', this.keyFile, '--settings', this.settingsFile]
  }

  /**
   * Runs one command to its end: where an engine runs, by its local socket from here, as the command line does; else as a process.
   * Starting one takes most of the time of a test that asks again and again.
   */
  async run(argv: readonly string[], stdin?: string | Uint8Array): Promise<Ended> {
    return (await askEngine(this.data, argv, stdin)) ?? this.runAsProcess(argv, stdin)
  }

  /** Runs one command line as a process, whoever carries it out. */
  async runAsProcess(argv: readonly string[], stdin?: string | Uint8Array): Promise<Ended> {
    return posthorn([...argv, ...this.at], stdin)
  }

  /** `run` for `sendmail`, whose own options come last. */
  async sendmail(argv: readonly string[], stdin: string | Uint8Array): Promise<Ended> {
    return posthorn([...this.at, 'sendmail', ...argv], stdin)
  }

  /** Runs a command that must work, and reads what it prints as JSON. */
  async json<T>(argv: readonly string[], stdin?: string): Promise<T> {
    const { status, stdout, stderr } = await this.run([...argv, '--json'], stdin)
    if (status !== 0) throw new Error(`posthorn ${argv.join(' ')} ended with ${status}: ${stderr}`)
    return JSON.parse(stdout) as T
  }

  /** `nodeArgs` come before the command line's file `entry`, `env` over that of this process. */
  async serve(
    nodeArgs: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
    entry = cli,
  ): Promise<Served> {
    return Served.start([...nodeArgs, entry, 'serve', ...this.at], env)
  }

  /** As a person starts it, by the scripts of package.json: with their flags, and compiled code that is kept. */
  async serveByScript(): Promise<Served> {
    return Served.start([runScript, 'posthorn', 'serve', ...this.at])
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** A running `posthorn serve`. */
export class Served {
  readonly ready: Ready
  readonly #child: ChildProcess
  readonly #said: { stderr: string }

  private constructor(ready: Ready, child: ChildProcess, said: { stderr: string }) {
    this.ready = ready
    this.#child = child
    this.#said = said
  }

  /** Throws with its standard error when it ends before it is ready. */
  static async start(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Served> {
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    const said = { stderr: '' }
    child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()))
    const ready = await new Promise<Ready>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line) as Ready))
      child.once('close', (status) => reject(new Error(`posthorn serve ended with ${status}: ${said.stderr}`)))
    })
    return new Served(ready, child, said)
  }

  get stderr(): string {
    return this.#said.stderr
  }
  get submission(): { readonly host: string; readonly port: number } {
    if (!this.ready.submission) throw new Error('it serves no submission')
    return this.ready.submission
  }

  /** Asks it to end, and does not wait. */
  signal(signal: 'SIGTERM' | 'SIGINT'): void {
    this.#child.kill(signal)
  }
  /** Ends it as a person would; returns its exit status. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM')
  }
  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode
    const exited = once(this.#child, 'exit')
    this.#child.kill(signal)
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 20_000)
    await exited
    clearTimeout(late)
    return this.#child.exitCode
  }
}

/** What a process said, once it has ended; its standard input is closed behind `stdin`. */
export async function ended(child: ChildProcessWithoutNullStreams, stdin?: string | Uint8Array): Promise<Ended> {
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin.end(stdin ?? '')
  const [status] = (await once(child, 'close')) as [number | null]
  const bytes = Buffer.concat(stdout)
  return { status, stdout: bytes.toString(), bytes, stderr: Buffer.concat(stderr).toString() }
}

/** Resolves with what `look` gives once it gives something; throws what it said last after `timeoutMs`. */
export async function eventually<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  what: string,
  timeoutMs = 20_000,
): Promise<T> {
  const until = Date.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > until) throw new Error(`waited ${timeoutMs} ms for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
