import type { ORPCError } from '@orpc/client'
import type { ContractRouterClient } from '@orpc/contract'
import { Fault, isFault, reasonOf } from '../base/fault.ts'
import type { Engine } from '../engine.ts'
import type { Contract } from '../rpc/contract.ts'
import type { Arguments } from './arguments.ts'
import { HOW_TO_START } from './installed.ts'
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

/** Commands that need an engine: one that runs, or one opened for them alone. */
export const COMMAND_NAMES = [
  'user',
  'account',
  'route',
  'identity',
  'domain',
  'alias',
  'fetch',
  'queue',
  'list',
  'search',
  'reindex',
  'show',
  'source',
  'snooze',
  'unsubscribe',
  'import',
  'export',
  'log',
  'trace',
  'console',
  'lab',
  'setting',
  'status',
  'diagnostics',
  'certificate',
  'tls',
  'dkim',
  'password',
  'connect',
  'suppress',
  'rule',
  'junk',
  'tag',
  'contact',
  'thread',
  'template',
  'redirect',
  'receipt',
  'check',
  'vault',
  'unlock',
  'sendmail',
  'ui',
] as const

/** Exit statuses, as sysexits(3) names them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 64,
  data: 65,
  noInput: 66,
  unavailable: 69,
  software: 70,
  cantCreate: 73,
  temporary: 75,
  config: 78,
} as const

/** A command line that cannot be carried out as it stands. */
export const usage = (words: string) => new Fault('usage', words, { reason: words })
/** What needs a running engine, where none runs. */
export const unserved = () =>
  new Fault('engine.unreachable', `no Posthorn runs on this data folder: start it first, with ${HOW_TO_START}`, {
    path: '',
    reason: 'not running',
  })
/** A positive whole number given as a word. Throws `usage`. */
export function idOf(word: string | undefined, what: string): number {
  // A message's id has 16 digits (ARCHITECTURE.md, "Message ids").
  if (word === undefined || !/^\d{1,16}$/.test(word) || !Number.isSafeInteger(Number(word)))
    throw usage(`${what} needs a number, not "${word ?? ''}"`)
  return Number(word)
}
/** Told by its code and not by its class, whose library a command for a running engine does without. */
function isRefusedInput(error: unknown): error is ORPCError<'BAD_REQUEST', unknown> {
  return error instanceof Error && 'code' in error && error.code === 'BAD_REQUEST' && 'data' in error
}
/** What went wrong, in words: for a value the contract does not take, which one, and what it may be. */
export function wordsOf(error: unknown): string {
  if (!isRefusedInput(error)) return reasonOf(error)
  const data: unknown = error.data
  if (data === null || typeof data !== 'object' || !('issues' in data) || !Array.isArray(data.issues))
    return error.message
  const issues = data.issues as readonly { readonly path?: readonly unknown[]; readonly message?: string }[]
  return issues.map(({ path = [], message = '' }) => `${path.join('.')}: ${message}`).join('; ')
}
/** The exit status that says what kind of thing went wrong (sysexits). */
export function exitOf(error: unknown): number {
  if (isRefusedInput(error)) return EXIT.usage
  if (!isFault(error)) return EXIT.failed
  if (
    error.code === 'usage' ||
    error.code === 'address.invalid' ||
    error.code === 'search.invalid' ||
    error.code === 'rule.invalid' ||
    error.code === 'route.insecure'
  )
    return EXIT.usage
  if (error.code === 'settings.invalid' || error.code === 'settings.unreadable') return EXIT.config
  if (error.code.startsWith('store.') || error.code.startsWith('vault.') || error.code.startsWith('engine.'))
    return EXIT.temporary
  if (error.code === 'message.refused') return EXIT.data
  if (error.code === 'import.nothing') return EXIT.noInput
  if (error.code === 'export.exists') return EXIT.cantCreate
  if (error.code === 'listen.taken') return EXIT.unavailable
  return EXIT.failed
}
