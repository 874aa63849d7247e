import { once } from 'node:events'
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { defaultDataFolder } from '../base/paths.ts'
import { Fault, reasonOf } from '../base/fault.ts'
import { VERSION } from '../base/version.ts'
import type { CommandLine } from './arguments.ts'
import { COMMAND_NAMES, EXIT, exitOf, unserved, usage } from './command.ts'
import { callEngine, type CommandIo } from './local-socket.ts'
import { patiently } from './patience.ts'
import { harmless } from './print.ts'
import { LONGEST_MESSAGE_BYTES } from './sendmail.ts'

/**
 * The command line. A command goes to the engine that serves the data folder; where none runs, the folder is opened for this one
 * command. Rooms are loaded only by the command that needs them: most commands are a short talk with a running engine.
 */
const HELP = `posthorn COMMAND [--data DIR] [--json]

  serve [--settings FILE] [--key-file FILE] [--open]   run without a desktop; prints one JSON line when ready
  ui                              a new one-time address of the window
  user add ADDRESS --password-stdin | list             who may submit mail and has a mailbox here
  identity add ADDRESS [--name N] [--route ID] | list  who you write as
  user quota ADDRESS BYTES|none|default                how much mail a user may keep
  domain add NAME | remove NAME | list                 domains whose mail stays here
  alias set PATTERNS TARGETS [--id ID] | remove ID|PATTERN | list
              where their mail goes: *@one.example,*@two.example *@home.example
  alias resolve ADDRESS           where mail to an address would go, and why
  account add pop3 --host H --port P --user U --tls implicit|stls|none --password-stdin|--token-stdin [--name N]
              [--every SECONDS] [--leave] [--delete-after-days N] [--delete-when-removed] [--headers-only-over-mb N]
              [--newest-first] [--no-apop]
  account add imap HOST[:PORT] --user U [--tls implicit|starttls|none] --password-stdin|--token-stdin [--name N]
              [--every SECONDS] [--sent-copy append|server]
  account set ACCOUNT (options as above; --no-leave, --oldest-first, "never" for N, … take them back)
  account list | remove ACCOUNT
  route add smarthost HOST[:PORT] [--tls implicit|starttls|none] [--user U --password-stdin|--token-stdin]
  route list | presets | test ID | resume ID | remove ID | login ID --user U --password-stdin|--token-stdin
  route rule list | add [--from P] [--to P] [--after TRIES] direct|hold|smarthost [--route ID] | remove ID | move ID N
  route why FROM TO [--tries N]   which way mail would go now, and why
  fetch [ACCOUNT]                 fetch mail now
  sendmail [-t] [-i] [-f FROM] [RCPT …]                a message on stdin into the queue
  queue list | show ID | history                       what waits and why, and what was done to it
  queue hold | release | retry  ID | --recipient ID | --domain D | --all | (release) --route ID
  queue cancel ID [--recipient ID] [--dsn] | edit RECIPIENT ADDRESS | decide RECIPIENT resend|arrived
  queue route ID automatic|direct|ROUTE [--recipient ID] | export ID | undo ID | pause | resume
  queue pace | pace set DESTINATION [--connections N] [--gap SECONDS] [--per-connection N] [--per-minute N]
             [--per-hour N] [--per-day N] | pace reset DESTINATION   (each with [--why TEXT])
  log list | show ID | tail | export ID                what was said on the wire
  list [--folder F] | show ID [--whole] | source ID
              (--whole: fetches the rest of a message of which only the header is here)
  search [--limit N] [--save NAME] QUERY | search --saved [NAME] | search --forget NAME
              QUERY: words, "phrase", begin*, -not, OR, ( ), from: to: cc: subject: body: filename: in: tag: is:unread
              has:attachment before:2026-03 after:7d on:yesterday larger:5M smaller:10k, as one argument in quotes
  reindex                         make the search index anew from the messages
  import FILE.eml …               store messages in the local Inbox
  setting list | set KEY VALUE    what can be changed, and to what
  status                          what is running and what waits
  certificate                     the servers', for programs that are to trust it
  password make ADDRESS NAME | revoke ID | list        a password for each program that submits or reads mail
  connect [PROGRAM] [--address ADDRESS]                how programs are set up to submit mail here and to read it
  suppress list | add ADDRESS | remove ADDRESS         addresses whose mail came back: you are warned
  explain "550 5.7.1 …"           what a server's reply means
  tls list | forget DOMAIN        what is known of the TLS of the domains mail goes to
  dkim make DOMAIN [--ed25519] [--selector S] | list | check DOMAIN | on DOMAIN | off DOMAIN | remove DOMAIN
                                  keys that sign mail, and the records to publish
  thread MESSAGE                  the conversation a message belongs to
  tag list | add NAME [--colour #rrggbb] [--number 1…9] | set TAG … | remove TAG | put|take TAG MESSAGE …
  contact list | find WORD | add ADDRESS [--name N] | remove ID          whom you write to, learnt from mail you send
  vault status | passphrase [set|remove] --passphrase-stdin | start locked|open --passphrase-stdin
                                  what opens the stored mail; a passphrase that is there comes first, a line each
  vault rekey [--passphrase-stdin|--drop-passphrase]   encrypts the store anew, while Posthorn is stopped
  unlock                          opens mail that is locked; the passphrase on stdin
  parse [FILE]                    a message's parts, sizes, places and oddities; without FILE a message on stdin as JSON
`

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
      await put(process.stdout, HELP)
      return EXIT.ok
    }
    if (command === '--version') {
      await put(process.stdout, `posthorn ${VERSION}\n`)
      return EXIT.ok
    }
    const readsStdin =
      ['sendmail', 'unlock'].includes(command) ||
      ['--password-stdin', '--passphrase-stdin'].some((option) => global.argv.includes(option))
    const io: CommandIo = {
      cwd: process.cwd(),
      stdin: readsStdin ? process.stdin : nothing,
      stdout: (bytes) => put(process.stdout, bytes),
      stderr: (text) => put(process.stderr, text),
      signal: gone.signal,
    }
    if (command === 'explain') return await (await import('./explain-command.ts')).explain(global.argv.slice(1), io)
    if (command === 'parse')
      return await (await import('./parse-command.ts')).parse(global.argv.slice(1), process.stdin, io)
    if (command === 'serve') return await (await import('./serve-command.ts')).serve(global, io)
    // Said before a data folder is made for a slip of the keyboard.
    if (!COMMAND_NAMES.some((name) => name === command))
      throw usage(`there is no command "${command}"; posthorn help lists them`)
    gone.signal.addEventListener('abort', () => process.exit(BROKEN_PIPE))
    return await anywhere(global, io)
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
  // Read before the folder is locked: whatever is piped into us may take its time.
  const kept = { ...io, stdin: repeat(await keep(io.stdin)) }
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
