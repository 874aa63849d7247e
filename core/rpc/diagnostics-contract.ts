import { oc } from '@orpc/contract'
import { z } from 'zod'

const ms = z.number()

/** How late the main thread was, over so long; beyond the budget a window stutters. */
export const LoopView = z.object({
  p50Ms: ms,
  p99Ms: ms,
  maxMs: ms,
  forMs: ms,
})
/** Threads of one name. */
export const ThreadView = z.object({
  name: z.string(),
  running: z.number().int(),
  starts: z.number().int(),
  crashes: z.number().int(),
  lastCrash: z.object({ atMs: ms, reason: z.string() }).nullable(),
})
/** How the program fares. Nothing of it is secret, and nothing of it leaves this computer by itself. */
export const DiagnosticsView = z.object({
  version: z.string(),
  host: z.enum(['desktop', 'headless']),
  /** The system and its processor: `linux x64`. */
  system: z.string(),
  /** Name and version of what it is built on. */
  parts: z.array(z.object({ name: z.string(), version: z.string() })),
  startedMs: ms,
  loop: LoopView,
  /** What the 99th percentile is to stay below. */
  loopBudgetMs: ms,
  /** Moments the main thread stood still for longer than a tenth of a second, latest first. */
  stalls: z.array(z.object({ atMs: ms, forMs: ms })),
  threads: z.array(ThreadView),
  memory: z.object({
    residentBytes: z.number(),
    heapBytes: z.number(),
    /** Outside of the heap: buffers and what native code holds. */
    externalBytes: z.number(),
  }),
  /** Parts that ended by themselves, in this run and earlier ones, latest first. */
  crashes: z.array(z.object({ atMs: ms, version: z.string(), what: z.string(), reason: z.string() })),
})
export type DiagnosticsView = z.infer<typeof DiagnosticsView>

export const diagnosticsContract = {
  status: oc.output(DiagnosticsView),
  /** The same with the last lines of the program's own log, as a text to read and to save; it names no person, host or address. */
  report: oc.output(z.object({ filename: z.string(), text: z.string() })),
  /** Forgets the crashes. */
  forget: oc.output(z.object({ ok: z.literal(true) })),
}
