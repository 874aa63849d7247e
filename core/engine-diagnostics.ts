import { implement } from '@orpc/server'
import { systemClock, type Clock } from './base/clock.ts'
import { crashNotes, forgetCrashes, withoutNames } from './base/crash-notes.ts'
import { threadStates } from './base/start-thread.ts'
import { VERSION } from './base/version.ts'
import { LoopGuard } from './engine-loop.ts'
import { contract } from './rpc/contract.ts'
import type { DiagnosticsView } from './rpc/diagnostics-contract.ts'
import type { SettingView } from './engine-settings.ts'

/** What the program's own view of itself is wired to. */
export interface DiagnosticsDeps {
  readonly dataFolder: string
  readonly clock: Clock
  /** Opened for one command: nothing is watched. */
  readonly alone: boolean
  readonly listSettings: () => readonly SettingView[]
  /** Version of SQLite. */
  readonly sqlite: string
}

/** The 99th percentile of how late the main thread is stays below. */
export const LOOP_BUDGET_MS = 10
const LINES_KEPT = 200
/** Of a line so many letters: what a stranger had said in it may be long. */
const LONGEST_LINE = 2000
/** A thread that failed is told of for so long. */
const TOLD_MS = 3_600_000

/** The program's last words, and how it fares. */
export interface Diagnostics {
  readonly handlers: ReturnType<typeof handlersOf>
  /** Keeps a line of the program's own log for the report. */
  keep(line: string): void
  /** What a person should know of: parts that failed and were started again. */
  warnings(): string[]
  close(): void
}

/** Opens what watches the program while it runs. */
export function openDiagnostics(deps: DiagnosticsDeps): Diagnostics {
  const lines: string[] = []
  const guard = new LoopGuard(systemClock) // the real one, whatever time the engine is told
  if (!deps.alone) guard.start()
  const startedMs = deps.clock.nowMs()
  const before = deps.alone ? undefined : crashNotes(deps.dataFolder).find(({ what }) => what === 'engine')
  const status = (): DiagnosticsView => statusOf(deps, guard, startedMs)
  return {
    handlers: handlersOf(deps, status, lines),
    keep(line) {
      lines.push(`${new Date(deps.clock.nowMs()).toISOString()} ${line.slice(0, LONGEST_LINE)}`)
      if (lines.length > LINES_KEPT) lines.shift()
    },
    warnings: () => [
      ...(before !== undefined && Date.now() - before.atMs < TOLD_MS
        ? ['Posthorn ended by itself and was started again; see Diagnostics.']
        : []),
      ...threadStates()
        .filter(({ lastCrash }) => lastCrash !== null && lastCrash.atMs > startedMs)
        .filter(({ lastCrash }) => Date.now() - (lastCrash?.atMs ?? 0) < TOLD_MS)
        .map(
          ({ name }) => `A part of Posthorn (${name}) failed and is started again when it is needed; see Diagnostics.`,
        ),
    ],
    close: () => guard.stop(),
  }
}

function handlersOf(deps: DiagnosticsDeps, status: () => DiagnosticsView, lines: readonly string[]) {
  const os = implement(contract.diagnostics)
  return {
    status: os.status.handler(status),
    report: os.report.handler(() => {
      const day = new Date(deps.clock.nowMs()).toISOString().slice(0, 10)
      return { filename: `posthorn-report-${day}.txt`, text: reportOf(deps, status(), lines) }
    }),
    forget: os.forget.handler(() => {
      forgetCrashes(deps.dataFolder)
      return { ok: true as const }
    }),
  }
}

function statusOf(deps: DiagnosticsDeps, guard: LoopGuard, startedMs: number): DiagnosticsView {
  const { electron, chrome, node, v8, openssl } = process.versions as Readonly<Record<string, string | undefined>>
  const parts = {
    'Electron': electron,
    'Chromium': chrome,
    'Node.js': node,
    'V8': v8,
    'SQLite': deps.sqlite,
    'OpenSSL': openssl,
  }
  const memory = process.memoryUsage()
  return {
    version: VERSION,
    host: electron === undefined ? 'headless' : 'desktop',
    system: `${process.platform} ${process.arch}`,
    parts: Object.entries(parts).flatMap(([name, version]) => (version === undefined ? [] : [{ name, version }])),
    startedMs,
    loop: guard.read(),
    loopBudgetMs: LOOP_BUDGET_MS,
    stalls: guard.stalls(),
    threads: threadStates(),
    memory: {
      residentBytes: memory.rss,
      heapBytes: memory.heapUsed,
      externalBytes: memory.external,
    },
    crashes: crashNotes(deps.dataFolder).map(({ atMs, version, what, reason }) => ({
      atMs,
      version,
      what,
      reason: withoutNames(reason),
    })),
  }
}

/** The report as a person reads it before it is saved. Settings are named where they differ, never told. */
function reportOf(deps: DiagnosticsDeps, status: DiagnosticsView, lines: readonly string[]): string {
  const { loop, memory } = status
  const time = (ms: number) => new Date(ms).toISOString()
  const mib = (bytes: number) => `${(bytes / 1_048_576).toFixed(1)} MiB`
  const changed = deps
    .listSettings()
    .filter(({ value, default: usual }) => JSON.stringify(value) !== JSON.stringify(usual))
    .map(({ key }) => key)
  const part = (title: string, rows: readonly string[]) => [
    '',
    title,
    ...(rows.length > 0 ? rows : ['none']).map((row) => `  ${row}`),
  ]
  const text = [
    `Posthorn ${status.version}, ${status.host}, ${status.system}`,
    `Made ${time(deps.clock.nowMs())}, running since ${time(status.startedMs)}`,
    ...status.parts.map(({ name, version }) => `${name} ${version}`),
    ...part('Event loop of the main thread, ms late', [
      `p50 ${loop.p50Ms.toFixed(1)}, p99 ${loop.p99Ms.toFixed(1)} (budget ${status.loopBudgetMs}), most ${loop.maxMs.toFixed(1)}, over ${Math.round(loop.forMs / 1000)} s`,
      ...status.stalls.map(({ atMs, forMs }) => `${time(atMs)} stood still for ${Math.round(forMs)} ms`),
    ]),
    ...part('Memory', [
      `${mib(memory.residentBytes)} in all, heap ${mib(memory.heapBytes)}, outside of it ${mib(memory.externalBytes)}`,
    ]),
    ...part(
      'Threads',
      status.threads.map(
        ({ name, running, starts, crashes, lastCrash }) =>
          `${name}: ${running} of ${starts} run, ${crashes} failed${lastCrash === null ? '' : `, last ${time(lastCrash.atMs)}: ${withoutNames(lastCrash.reason)}`}`,
      ),
    ),
    ...part(
      'Crashes',
      crashNotes(deps.dataFolder).flatMap(({ atMs, version, what, reason, stack }) => [
        `${time(atMs)} ${what}, version ${version}: ${withoutNames(reason)}`,
        ...withoutNames(stack).split('\n').slice(1, 20),
      ]),
    ),
    ...part('Settings that were changed, without their values', changed),
    ...part(
      'Last lines of the program’s log',
      lines.map((line) => withoutNames(line)),
    ),
    '',
  ]
  return text.join('\n')
}
