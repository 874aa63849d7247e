import { once } from 'node:events'
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { defaultDataFolder } from '../base/paths.ts'
import { Fault, reasonOf } from '../base/fault.ts'
import { VERSION } from '../base/version.ts'
import type { CommandLine } from './arguments.ts'
import { COMMAND_NAMES, EXIT, exitOf, unserved, usage } from './command.ts'
import { HELP, helpOf } from './help.ts'
import { callEngine, type CommandIo } from './local-socket.ts'
import { withColour } from './log-lines.ts'
import { patiently } from './patience.ts'
import { harmless } from './print.ts'
import { LONGEST_MESSAGE_BYTES } from './sendmail.ts'

/*
 * The command line. A command goes to the engine that serves the data folder; where none runs, the folder is opened for this one
 * command. Rooms are loaded only by the command that needs them: most commands are a short talk with a running engine.
 */

/** What a program says that was writing into `| head`. */
const BROKEN_PIPE = 141

/** Takes out the options that every command has. `sendmail` keeps its own, which look alike. */
export function takeGlobal(argv: readonly string[]): CommandLine {
  const found: Record<string, string> = {}
  const rest: string[] = []
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] ?? ''
    const name = ['--data', '--settings', '--key-file'].find((n) => arg === n || arg.startsWith(`${n}=`))
    if (arg === '--') {
      rest.push(...argv.slice(i))
      break
    }
    if (name === undefined) {
      rest.push(arg)
      continue
    }
    const value = arg === name ? argv[++i] : arg.slice(name.length + 1)
    if (value === undefined || value === '')
      throw new Fault('usage', `the option "${name}" needs a value`, { reason: `no value for ${name}` })
    found[name] = value
  }
  return {
    data: found['--data'] ?? defaultDataFolder(),
    settings: found['--settings'],
    keyFile: found['--key-file'],
    argv: rest,
  }
}

/** Bytes written to one of our own streams; resolves when it can take more. A reader that has gone (`| head`) is no error. */
async function put(stream: NodeJS.WriteStream, bytes: string | Uint8Array): Promise<void> {
  if (stream.destroyed || stream.write(bytes)) return
  await Promise.race([once(stream, 'drain'), once(stream, 'close')])
}
const nothing: AsyncIterable<Uint8Array> = { async *[Symbol.asyncIterator]() {} }

/** Whether `--help` stands anywhere among the options. */
function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes('--help')
}

/** Help on one command; on all where none is named. Throws `usage` where there is no such command. */
function helpFor(command: string | undefined): string {
  if (command === undefined || command.startsWith('-')) return HELP
  const help = helpOf(command)
  if (help === undefined) throw unknown(command)
  return help
}
const unknown = (command: string) => usage(`there is no command "${command}"; posthorn help lists them`)

/** Runs one command line. Returns its exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  const gone = new AbortController()
  process.stdout.on('error', () => gone.abort())
  // Nobody reads our words any more: what was asked for is done all the same.
  process.stderr.on('error', () => {})
  try {
    const global = takeGlobal(argv)
    const [command = 'help'] = global.argv
    if (command === 'help' || command === '-h' || asksForHelp(global.argv)) {
      const [about] = command === 'help' || command === '-h' ? global.argv.slice(1) : [command]
      await put(process.stdout, helpFor(about))
      return EXIT.ok
    }
    if (command === '--version') {
      await put(process.stdout, `posthorn ${VERSION}\n`)
      return EXIT.ok
    }
    const readsStdin =
      ['sendmail', 'unlock', 'console'].includes(command) ||
      global.argv.some((option) => /^--(password|passphrase|token)-stdin$/.test(option))
    const io: CommandIo = {
      cwd: process.cwd(),
      stdin: readsStdin ? process.stdin : nothing,
      stdout: (bytes) => put(process.stdout, bytes),
      stderr: (text) => put(process.stderr, text),
      signal: gone.signal,
    }
    if (command === 'explain') return await (await import('./explain-command.ts')).explain(global.argv.slice(1), io)
    if (command === 'log' && global.argv[1] === 'open')
      return await (
        await import('./log-file-commands.ts')
      ).openFile(withColour(global.argv.slice(1), process.stdout, process.env), io)
    if (command === 'parse')
      return await (await import('./parse-command.ts')).parse(global.argv.slice(1), process.stdin, io)
    if (command === 'serve') return await (await import('./serve-command.ts')).serve(global, io)
    if (command === 'service') return await (await import('./service-commands.ts')).service(global, io)
    // Said before a data folder is made for a slip of the keyboard.
    if (!COMMAND_NAMES.some((name) => name === command)) throw unknown(command)
    gone.signal.addEventListener('abort', () => process.exit(BROKEN_PIPE))
    const isPainted = command === 'log' || command === 'console' || command === 'trace'
    const painted = isPainted ? withColour(global.argv, process.stdout, process.env) : global.argv
    return await anywhere({ ...global, argv: painted }, io)
  } catch (error) {
    await put(process.stderr, `posthorn: ${harmless(reasonOf(error))}\n`)
    return exitOf(error)
  }
}

/** Runs a command in the engine that serves its folder; where none runs, alone. */
async function anywhere(global: CommandLine, io: CommandIo): Promise<number> {
  const status = await callEngine(global.data, global.argv, io)
  if (status !== undefined) return status
  if (global.argv[0] === 'ui' || global.argv[0] === 'unlock') throw unserved()
  const { runAlone } = await import('./alone.ts')
  // Read before the folder is locked: whatever is piped into us may take its time. A dialogue is led line by line.
  const kept = global.argv[0] === 'console' ? io : { ...io, stdin: repeat(await keep(io.stdin)) }
  return patiently(async () => (await callEngine(global.data, global.argv, kept)) ?? runAlone(global, kept))
}

/** Standard input, as far as anything takes it: what is longer is refused for its length. */
async function keep(input: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  let total = 0
  for await (const chunk of input) {
    chunks.push(chunk)
    total += chunk.length
    if (total > LONGEST_MESSAGE_BYTES) break
  }
  return chunks
}
function repeat(chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      yield* chunks
    },
  }
}

if (import.meta.main) {
  // Beside the packages and not in the shared temporary folder, where another user could leave code for us.
  const cache = fileURLToPath(new URL('../../node_modules/.cache/posthorn', import.meta.url))
  process.env['NODE_COMPILE_CACHE'] ??= cache // for the threads
  enableCompileCache(cache)
  process.exitCode = await main(process.argv.slice(2)).finally(() => process.stdin.destroy())
}
