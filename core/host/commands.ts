import { createRouterClient, type RouterClient } from '@orpc/server'
import type { Engine } from '../engine.ts'
import { connect, password } from './access-commands.ts'
import { account } from './account-commands.ts'
import { parseArguments } from './arguments.ts'
import { alias } from './alias-commands.ts'
import { consoleCommand } from './console-command.ts'
import { EXIT, exitOf, unserved, usage, wordsOf, type Api, type Command, type COMMAND_NAMES } from './command.ts'
import { diagnostics } from './diagnostics-command.ts'
import { junk } from './junk-command.ts'
import { lab } from './lab-command.ts'
import type { CommandIo } from './local-socket.ts'
import { logCommands } from './log-commands.ts'
import { list, show, source } from './mail-commands.ts'
import { snooze, unsubscribe } from './snooze-commands.ts'
import { trace } from './trace-command.ts'
import { domain, identity, user } from './people-commands.ts'
import { harmless, harmlessLines, jsonLine } from './print.ts'
import { queue } from './queue-command.ts'
import { suppress } from './suppress-command.ts'
import { route } from './route-command.ts'
import { reindex, search } from './search-commands.ts'
import { contact } from './contact-commands.ts'
import { tag, thread } from './reading-commands.ts'
import { rule } from './rule-commands.ts'
import { sendmail } from './sendmail-command.ts'
import { certificate, fetch, setting, status } from './system-commands.ts'
import { dkim, tls } from './tls-commands.ts'
import { exportMail, importMail } from './transfer-commands.ts'
import { vault } from './vault-commands.ts'
import { check, receipt, redirect, template } from './writing-commands.ts'

const COMMANDS: Readonly<Record<Exclude<(typeof COMMAND_NAMES)[number], 'sendmail' | 'ui' | 'unlock'>, Command>> = {
  user,
  account,
  route,
  identity,
  domain,
  alias,
  fetch,
  queue,
  list,
  search,
  reindex,
  show,
  source,
  snooze,
  unsubscribe,
  import: importMail,
  export: exportMail,
  log: logCommands,
  trace,
  console: consoleCommand,
  lab,
  setting,
  status,
  diagnostics,
  certificate,
  tls,
  dkim,
  suppress,
  password,
  connect,
  rule,
  junk,
  tag,
  contact,
  thread,
  template,
  redirect,
  receipt,
  check,
  vault,
}

/** Runs one command in an engine. Returns its exit status; nothing is thrown that a person could have caused. */
export async function runCommand(
  engine: Engine,
  argv: readonly string[],
  io: CommandIo,
  newAddress: (() => string) | undefined,
): Promise<number> {
  const [name = '', ...rest] = argv
  try {
    if (name === 'sendmail') return await sendmail(engine, rest, io)
    if (name === 'ui') {
      if (!newAddress) throw unserved()
      await io.stdout(`${newAddress()}\n`)
      return EXIT.ok
    }
    if (name === 'unlock') {
      if (engine.alone) throw unserved()
      await io.stdout('The mail is open already.\n')
      return EXIT.ok
    }
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name as keyof typeof COMMANDS] : undefined
    if (!command) throw usage(`there is no command "${name}"; posthorn help lists them`)
    const args = parseArguments(rest, { ...command.options, '--json': 'flag' })
    const json = args.has('--json')
    const api = createRouterClient(
      engine.router as Parameters<typeof createRouterClient>[0],
    ) as unknown as RouterClient<never> & Api
    const showIt = (value: unknown, words: () => string) => io.stdout(json ? jsonLine(value) : words())
    // Whatever a server or a mail calls itself: words beside the output go to a terminal.
    const said: CommandIo = { ...io, stderr: (text) => io.stderr(harmlessLines(text)) }
    return await command.run({ api, engine, args, io: said, json, show: showIt })
  } catch (error) {
    await io.stderr(`posthorn: ${harmless(wordsOf(error))}\n`)
    return exitOf(error)
  }
}
