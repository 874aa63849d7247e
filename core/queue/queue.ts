import type { Changes } from '../base/changes.ts'
import type { Clock } from '../base/clock.ts'
import type { Domain, ForwardPath, ReversePath } from '../model/address.ts'
import type { Deliver } from '../model/delivery.ts'
import type { FindLocal } from '../model/local-mail.ts'
import type { MessageFields } from '../model/message-fields.ts'
import type { Route } from '../model/outcome.ts'
import type { OnStep } from '../model/step.ts'
import type { Way } from '../model/way.ts'
import type { Settings } from '../settings.ts'
import type { OwnPace } from '../store/pace.ts'
import type { Asked } from '../store/queue-audit.ts'
import type { DueRecipient } from '../store/queue-due.ts'
import type { Store } from '../store/types.ts'
import { RunningQueue } from './running-queue.ts'
import type { SignerFor } from './sign.ts'
import { withSteps } from './steps.ts'
import type { Network } from './watch.ts'

/** What the queue is wired to. */
export interface QueueContext {
  readonly store: Store
  readonly settings: () => Settings
  readonly clock: Clock
  /** From 0 to 1; chance spreads the tries. */
  readonly random: () => number
  readonly deliver: Deliver
  readonly isLocal: (domain: Domain) => boolean
  readonly findLocal: FindLocal
  /** Asked at each try: a route that was changed counts for what waits already. `way` is what somebody chose for the recipient. */
  readonly routeFor: (from: ReversePath, domain: Domain, tries: number, way: Way) => Exclude<Route, { kind: 'local' }>
  /** What is known of a message by its bytes, for the index of a mailbox. */
  readonly describe: (raw: Uint8Array) => MessageFields | Promise<MessageFields>
  /** How mail is signed whose signature ended while it waited; left out where none is. */
  readonly signerFor?: SignerFor
  /** Ids of entries that changed. */
  readonly changes: Changes<number>
  /** Folders that got a message. */
  readonly onFolders: (folderIds: readonly number[]) => void
  readonly log: (words: string) => void
  /** The network as it is now; always there where nothing is said. */
  readonly network?: () => Network
  /** Due recipients kept in memory at most. */
  readonly mostHeld?: number
  /** What failed before is to be tried as if it had not: somebody asked, or the network is another one. */
  readonly onRetry?: () => void
  /** Told of each step on the way of a message, and waited for: a tracing hook. */
  readonly onStep?: OnStep
}

/** Recipients that are meant: one, those of an entry or a domain, all that a route held, or all. */
export type Target =
  | { readonly entryId: number; readonly recipientId?: number | undefined }
  | { readonly domain: Domain }
  | { readonly routeId: number }
  | 'all'

/** What is known of one destination's pace, for a list. */
export interface DestinationState {
  readonly name: string
  readonly waiting: number
  readonly running: number
  readonly restUntilMs: number | null
  readonly isOwnNetwork: boolean
}

/** What waits and when it is tried. Who asks and why stands in the history of what was changed. */
export interface Queue {
  /** New work from `submit`: tried now, unless the queue is paused or runs at intervals. */
  add(due: readonly DueRecipient[]): void
  /** Something changed from outside, such as a setting: looks at all that is due. */
  wake(): void
  /** The host says that the computer slept, or that it has another network: one run, a moment later. */
  resume(what: 'sleep' | 'network'): void
  /** Tries recipients now. Returns how many those are. */
  retry(target: Exclude<Target, { routeId: number }>, asked?: Asked): Promise<number>
  /** Keeps recipients back until they are released. */
  hold(target: Exclude<Target, { routeId: number }>, asked?: Asked): Promise<number>
  /** Lets held recipients go; of a named entry also mail that waits for its hour. */
  release(target: Target, asked?: Asked): Promise<number>
  /** Ends open recipients; with `dsn` their sender gets a report. */
  cancel(
    target: { readonly entryId: number; readonly recipientId?: number | undefined },
    asked?: Asked,
    dsn?: boolean,
  ): Promise<number>
  /** Another address for a recipient. Throws `not-found`, and `conflict` where it is too late. */
  edit(recipientId: number, to: ForwardPath, asked?: Asked): Promise<void>
  /** Another way for recipients. Throws `not-found` for a route that is not there. */
  route(
    target: { readonly entryId: number; readonly recipientId?: number | undefined },
    way: Way,
    asked?: Asked,
  ): Promise<number>
  /** False when that recipient's arrival is not unknown. */
  decide(recipientId: number, decision: 'resend' | 'arrived', asked?: Asked): Promise<boolean>
  /** Takes a message back that was not begun. Throws `not-found`, and `conflict` when it is too late. */
  undo(entryId: number, asked?: Asked): Promise<{ readonly draftId: number; readonly content: string }>
  /** Sets a destination's own pace, or takes it away; false where there was none. */
  setPace(pace: OwnPace, asked?: Asked): Promise<void>
  resetPace(destination: string, asked?: Asked): Promise<boolean>
  /** Destinations that have mail waiting for their turn. */
  destinations(): DestinationState[]
  /** What a person should know of limits that are near or reached. */
  warnings(): string[]
  /** Lanes and places looked at so far: what scheduling has cost. */
  readonly steps: number
  /** Resolves when nothing is being tried. */
  idle(): Promise<void>
  /** Takes no more work, waits for transactions under way up to `waitMs`, then ends their connections. */
  close(waitMs?: number): Promise<void>
}

/** No mail is older than this program: a date before it is a clock that stood still. */
const EARLIEST_MS = Date.UTC(2025, 0, 1)

/** Recovers what a crash left half done, and starts trying what is due. */
export async function startQueue(context: QueueContext): Promise<Queue> {
  const settings = context.settings()
  const giveUpAfterMs = settings['retry.giveUpAfterSeconds'] * 1000
  const unknownAfterMs = settings['retry.unknownAfterSeconds'] * 1000
  await context.store.write('queue.recover', { unknownAfterMs, giveUpAfterMs })
  const longestMs = Math.max(giveUpAfterMs, unknownAfterMs, ...settings['retry.scheduleSeconds'].map((s) => s * 1100))
  for (let afterId: number | null = 0; afterId !== null;)
    afterId = (await context.store.write('queue.healClock', { earliestMs: EARLIEST_MS, longestMs, afterId })).nextId
  const queue = new RunningQueue(context.onStep ? withSteps(context, context.onStep) : context)
  queue.wake()
  return queue
}
