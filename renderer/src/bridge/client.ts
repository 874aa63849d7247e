import { createORPCClient, DynamicLink, ORPCError, type ClientLink } from '@orpc/client'
import type { ContractRouterClient } from '@orpc/contract'
import type { FaultDetails } from '../../../core/base/fault.ts'
import type { Contract } from '../../../core/rpc/contract.ts'
import { browserHost } from './browser.ts'
import type { Host, Standing } from './connection.ts'
import { desktopHost } from './desktop.ts'
import { said, toldSentence } from '../words/words.ts'
import { stable } from './stable.ts'

declare global {
  interface Window {
    /** Set by the preload script of the desktop shell, absent in a browser. */
    readonly posthornDesktop?: unknown
  }
}

type Link = ClientLink<Record<never, never>>

let link: Link | undefined
let standing: Standing = { at: 'opening' }
let generation = 0
const listeners = new Set<() => void>()

/** The engine, typed by its contract. A call made while it is away fails at once, in words. */
export const api: ContractRouterClient<Contract> = stable(
  createORPCClient<ContractRouterClient<Contract>>(
    new DynamicLink(async () => {
      if (link === undefined) throw new Error(said('the mail engine cannot be reached right now'))
      return link
    }),
  ),
)

/** The host this window runs in. */
export const host: Host =
  typeof window !== 'undefined' && window.posthornDesktop !== undefined ? desktopHost() : browserHost()

/** Opens the way to the engine. Called once. */
export function connect(): void {
  host.connect((next, given) => {
    standing = next
    link = given
    if (given !== undefined) generation += 1
    for (const listener of listeners) listener()
  })
}

/** How things stand with the engine now. */
export const standingNow = (): Standing => standing
/** Counts connections: a view that sees it change asks everything again. */
export const generationNow = (): number => generation
/** Calls `listener` whenever the standing changes. Returns how to stop. */
export function watchStanding(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** The words of a failed call, as a sentence in the language of the window. */
export const wordsOf = (error: unknown): string => toldSentence(error instanceof Error ? error.message : String(error))

/** The facts of a failed call of that code, or undefined where it failed otherwise. */
export function faultOf<C extends keyof FaultDetails>(error: unknown, code: C): FaultDetails[C] | undefined {
  return error instanceof ORPCError && error.code === code ? (error.data as FaultDetails[C]) : undefined
}
