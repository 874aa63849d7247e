import type { ContractRouterClient } from '@orpc/contract'
import { Fault, isFault } from '../base/fault.ts'
import type { Engine } from '../engine.ts'
import type { Contract } from '../rpc/contract.ts'
import type { Arguments } from './arguments.ts'
import type { CommandIo } from './local-socket.ts'

/** The engine as a window sees it; a command is one more window. */
export type Api = ContractRouterClient<Contract>
/** What a command works with. */
export interface Context {
  readonly api: Api
  readonly engine: Engine
  readonly args: Arguments
  readonly io: CommandIo
  readonly json: boolean
  /** Prints a value as JSON, or its words for a person. */
  show(value: unknown, words: () => string): Promise<void>
}
export interface Command {
  readonly options: Readonly<Record<string, 'flag' | 'value'>>
  /** Exit status: 0, or one of sysexits(3). */
  run(context: Context): Promise<number>
}

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 64,
  data: 65,
  noInput: 66,
  noUser: 67,
  software: 70,
  temporary: 75,
  config: 78,
} as const

/** A command line that cannot be carried out as it stands. */
export const usage = (words: string) => new Fault('usage', words, { reason: words })
/** A positive whole number given as a word. Throws `usage`. */
export function idOf(word: string | undefined, what: string): number {
  if (word === undefined || !/^\d{1,15}$/.test(word)) throw usage(`${what} needs a number, not "${word ?? ''}"`)
  return Number(word)
}
/** The exit status that says what kind of thing went wrong (sysexits). */
export function exitOf(error: unknown): number {
  if (!isFault(error)) return EXIT.failed
  if (error.code === 'usage' || error.code === 'address.invalid') return EXIT.usage
  if (error.code === 'settings.invalid' || error.code === 'settings.unreadable') return EXIT.config
  if (error.code.startsWith('store.') || error.code.startsWith('vault.') || error.code.startsWith('engine.'))
    return EXIT.temporary
  if (error.code === 'message.refused') return EXIT.data
  return EXIT.failed
}
