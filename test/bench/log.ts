import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../core/base/clock.ts'
import { parseLogQuery, type LogNode } from '../../core/model/log-query.ts'
import { openStore } from '../../core/store/open.ts'
import type { Store } from '../../core/store/types.ts'
import { createRecorder } from '../../core/transcript/recorder.ts'
import type { Transcript } from '../../core/transcript/sink.ts'
import { TEST_KEY } from '../support/store.ts'

/** Asked of the log. The last of each kind is what only the oldest session has, or none: the longest way. */
const QUERIES = [
  'verb:RCPT',
  'code:4xx',
  'code:550 host:mx7.example',
  'verb:RCPT code:5xx -host:mx1',
  'ms:>2000',
  'tls:no',
  '"person 31337@"',
  'person31337@home.example',
  'verb:VRFY',
  'code:5.7.25',
  '"what was never said"',
  'verb:DATA -code:354 -code:250',
]
const AT_ONCE = 50
const FIRST_HITS = 50
const RUNS = 10
const LINES_OF_SESSION = 15

/** One session as a server hears it; each of those at once says a line in its turn. */
function* session(transcript: Transcript, n: number): Generator<void, void, void> {
  const say = (from: 'C' | 'S', line: string) => transcript.line(from, line)
  const isRefused = n % 400 === 0
  const isDeferred = n % 250 === 1
  for (const [from, line] of [
    ['S', '220 mx.example ESMTP'],
    ['C', `EHLO client${n % 977}.example`],
    ['S', '250-mx.example'],
    ['S', '250-PIPELINING'],
    ['S', '250-SIZE 52428800'],
    ['S', '250 8BITMIME'],
    ...(n === 3 ? ([['C', 'VRFY root']] as const) : []),
    ...(n === 3 ? ([['S', '252 2.1.5 perhaps']] as const) : []),
    ['C', `MAIL FROM:<person${n}@home.example> SIZE=4096`],
    ['S', '250 2.1.0 sender ok'],
    ['C', `RCPT TO:<somebody${(n * 7) % 40_000}@far${n % 500}.example>`],
    ['S', isRefused ? '550 5.1.1 no such user' : isDeferred ? '451 4.7.1 try again later' : '250 2.1.5 recipient ok'],
    ['C', 'DATA'],
    ['S', n === 5 ? '550 5.7.25 no name for this address' : isRefused ? '554 5.5.1 no recipients' : '354 go on'],
    ['C', 'QUIT'],
    ['S', '221 2.0.0 bye'],
  ] as const) {
    say(from, line)
    if (from === 'S') transcript.worst(line.slice(0, 3))
    yield
  }
  transcript.close(isRefused ? 'failed' : isDeferred ? 'deferred' : 'ok', 'C')
}

async function fill(store: Store, lines: number): Promise<number> {
  const recorder = createRecorder({ sink: (batch) => store.record(batch), clock: systemClock, firstSessionId: 1 })
  const sessions = Math.ceil(lines / LINES_OF_SESSION)
  let begun = 0
  const running = new Set<Generator<void, void, void>>()
  for (;;) {
    while (running.size < AT_ONCE && begun < sessions) {
      const n = ++begun
      const peer = `mx${n % 10}.example`
      running.add(
        session(recorder.open({ protocol: 'smtp', side: 'client', peer, address: `192.0.2.${n % 200}:25` }), n),
      )
    }
    if (running.size === 0) break
    for (const one of running) if (one.next().done === true) running.delete(one)
    if (begun % 2000 === 0) await recorder.flush()
  }
  await recorder.flush()
  return sessions
}

/** How large the database is, its log included. */
const DATABASE = 'SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()'
const bytesOf = (store: Store, sql: string) => store.read.prepare<[], { bytes: number }>(sql).get()?.bytes ?? Number.NaN

/** How long until there is something to show, or all was looked through, and how many sessions there were by then. */
async function first(store: Store, query: LogNode): Promise<number> {
  let hits = 0
  for (let before: number | null = null; ;) {
    const args = { query, before, limit: FIRST_HITS, nowMs: Date.now() }
    const page: Awaited<ReturnType<typeof store.query<'log.find'>>> = await store.query('log.find', args)
    hits += page.found.length
    before = page.before
    if (hits > 0 || before === null) return hits
  }
}

/** Queries of the protocol log, over so many lines. */
export async function measureLog(options: { readonly work: string; readonly lines: number }): Promise<void> {
  const folder = mkdtempSync(join(options.work, 'log-'))
  const store = await openStore({ folder, key: TEST_KEY, clock: systemClock })
  try {
    const empty = bytesOf(store, DATABASE)
    const sessions = await fill(store, options.lines)
    const stored = bytesOf(store, 'SELECT sum(length(data)) AS bytes FROM session_segment')
    const whole = bytesOf(store, DATABASE) - empty
    console.log(`\nlog, ${options.lines} lines of ${sessions} sessions, first hits, ms p50 / p95 of ${RUNS}`)
    const each = (bytes: number) => (bytes / options.lines).toFixed(1)
    console.log(
      `  stored for each line: ${each(stored)} bytes; with its share of sessions and their indexes ${each(whole)}`,
    )
    for (const text of QUERIES) {
      const { query } = parseLogQuery(text)
      if (query === null) throw new Error(`${text} is no query`)
      let hits = await first(store, query)
      const times: number[] = []
      for (let run = 0; run < RUNS; run++) {
        const startMs = performance.now()
        hits = await first(store, query)
        times.push(performance.now() - startMs)
      }
      times.sort((a, b) => a - b)
      const [p50 = 0, p95 = 0] = [times[Math.floor(RUNS / 2)], times[RUNS - 1]]
      console.log(`  ${text.padEnd(34)} ${`${p50.toFixed(1)} / ${p95.toFixed(1)}`.padStart(16)} (${hits})`)
    }
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
