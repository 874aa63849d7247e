import { reasonOf } from '../base/fault.ts'
import { EXIT, exitOf, usage } from './command.ts'
import type { Lockable } from '../engine-lock.ts'
import type { CommandIo } from './local-socket.ts'
import { harmless } from './print.ts'

const LONGEST_INPUT = 8192

/** Lines of standard input, without their ends; secrets come that way and are never arguments, where others could read them. */
export async function secretLines(io: Pick<CommandIo, 'stdin'>, count: number): Promise<string[]> {
  let text = ''
  for await (const chunk of io.stdin) {
    text += Buffer.from(chunk).toString('latin1')
    if (text.length > LONGEST_INPUT || text.split('\n').length > count) break
  }
  const lines = Buffer.from(text, 'latin1').toString('utf8').split(/\r?\n/)
  return lines.slice(0, count)
}

/** Runs a command while the mail is locked: `unlock` and `ui`. All others take nothing and end with 75. */
export async function runLocked(
  lockable: Pick<Lockable, 'why' | 'unlock'>,
  argv: readonly string[],
  io: CommandIo,
  newAddress: () => string,
): Promise<number> {
  if (argv[0] === 'ui') {
    await io.stdout(`${newAddress()}\n`)
    return EXIT.ok
  }
  if (argv[0] !== 'unlock') {
    await io.stderr(`posthorn: the mail is locked: ${lockable.why}\n`)
    return EXIT.temporary
  }
  try {
    const [passphrase = ''] = await secretLines(io, 1)
    if (passphrase === '') throw usage('give the passphrase on standard input')
    await lockable.unlock(passphrase)
    await io.stdout('The mail is open.\n')
    return EXIT.ok
  } catch (error) {
    await io.stderr(`posthorn: ${harmless(reasonOf(error))}\n`)
    return exitOf(error)
  }
}
