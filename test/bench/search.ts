import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemClock } from '../../core/base/clock.ts'
import { parseSearch, type SearchNode } from '../../core/model/search-query.ts'
import { listPage, type Cursor } from '../../core/store/message-list.ts'
import { openStore } from '../../core/store/open.ts'
import { searchMessages, type SearchFound } from '../../core/store/search.ts'
import type { Store } from '../../core/store/types.ts'
import { personOf, wordOf } from './corpus.ts'
import { importCorpus, indexWithNotmuch } from './import.ts'
import { has, quiet } from './machine.ts'

/** One query in both languages. */
interface Asked {
  readonly what: string
  readonly ours: string
  readonly notmuch: string
}
const [common, other] = [wordOf(3), wordOf(6)]
const same = (what: string, ours: string): Asked => ({ what, ours, notmuch: ours })
const QUERIES: readonly Asked[] = [
  same('a common word', common),
  same('a rare word', wordOf(20_000)),
  same('two words', `${wordOf(20)} ${wordOf(200)}`),
  same('a phrase', `"${common} ${other}"`),
  same('a beginning', `${wordOf(900).slice(0, 4)}*`),
  same('who wrote it', `from:${personOf(40).address}`),
  same('the subject', `subject:${wordOf(150)}`),
  same('either of two', `${wordOf(5000)} OR ${wordOf(9000)}`),
  { what: 'one without another', ours: `${wordOf(12)} -${common}`, notmuch: `${wordOf(12)} and not ${common}` },
  { what: 'old mail with a word', ours: `${wordOf(60)} before:2016`, notmuch: `${wordOf(60)} date:..2015-12-31` },
]
const SEED = 20_260_115
const FIRST_HITS = 50
const RUNS = 40

interface Times {
  readonly hits: number
  readonly p50: number
  readonly p95: number
}
const timesOf = (hits: number, all: readonly number[]): Times => {
  const sorted = all.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { hits, p50: at(0.5), p95: at(0.95) }
}

async function timed(run: () => Promise<number> | number): Promise<Times> {
  let hits = await run() // pages that were never read are nobody's habit
  const all: number[] = []
  for (let i = 0; i < RUNS; i++) {
    const startMs = performance.now()
    hits = await run()
    all.push(performance.now() - startMs)
  }
  return timesOf(hits, all)
}

const INDEX_BYTES = `
  SELECT (SELECT sum(length(block)) FROM message_text_data) + (SELECT sum(length(sz) + 8) FROM message_text_docsize)
    + (SELECT sum(length(term) + 8) FROM message_text_idx) AS bytes`

/** Bytes of all files of a folder. */
function folderBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .reduce((sum, one) => sum + statSync(join(one.parentPath, one.name)).size, 0)
}

const SCRIPT = `
import json, sys, time, notmuch2
asked, most, runs = json.load(sys.stdin)
db = notmuch2.Database(mode=notmuch2.Database.MODE.READ_ONLY)
def first(query):
    n = 0
    for message in db.messages(query, sort=db.SORT.NEWEST_FIRST):
        message.messageid, message.date
        n += 1
        if n == most: break
    return n
out = []
for query in asked:
    n = first(query)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        n = first(query)
        times.append((time.perf_counter() - start) * 1000)
    out.append([n, times])
json.dump(out, sys.stdout)
`
/** Debian's own Python has notmuch's library, so its queries run in one process as ours do. */
const PYTHON = '/usr/bin/python3'

function inProcess(env: NodeJS.ProcessEnv): Times[] {
  const input = JSON.stringify([QUERIES.map(({ notmuch }) => notmuch), FIRST_HITS, RUNS])
  const answered = execFileSync(PYTHON, ['-c', SCRIPT], { env, input, maxBuffer: 2 ** 26 }).toString()
  return (JSON.parse(answered) as [number, number[]][]).map(([hits, all]) => timesOf(hits, all))
}

/** By the command line, with what a query for nothing takes taken off. */
async function byCommand(env: NodeJS.ProcessEnv): Promise<Times[]> {
  const run = (query: string) =>
    timed(() => {
      const out = execFileSync('notmuch', ['search', '--output=messages', `--limit=${FIRST_HITS}`, query], { env })
      return out.toString().split('\n').length - 1
    })
  const nothing = await run('id:nothing')
  const all: Times[] = []
  for (const { notmuch } of QUERIES) {
    const { hits, p50, p95 } = await run(notmuch)
    all.push({ hits, p50: Math.max(0.01, p50 - nothing.p50), p95: Math.max(0.01, p95 - nothing.p50) })
  }
  return all
}

const canBindPython = () => {
  try {
    execFileSync(PYTHON, ['-c', 'import notmuch2'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`
const ms = ({ p50, p95 }: Times) => `${p50.toFixed(2)} / ${p95.toFixed(2)}`

/** One answer, page by page as the window asks for it, and how many hits it has. */
async function throughThread(store: Store, query: SearchNode): Promise<number> {
  let hits = 0
  for (let before: number | null = null; ;) {
    const args = { query, before, limit: FIRST_HITS - hits, nowMs: Date.now() }
    const found: SearchFound = await store.query('message.search', args)
    hits += found.rows.length
    before = found.before
    if (before === null || hits >= FIRST_HITS) return hits
  }
}

/** The same in this thread, as notmuch answers in its own process. */
function inThisThread(store: Store, query: SearchNode): number {
  let hits = 0
  for (let before: number | null = null; ;) {
    const steps = searchMessages(store.read, { query, before, limit: FIRST_HITS - hits, nowMs: Date.now() })
    let step = steps.next()
    while (step.done !== true) step = steps.next()
    hits += step.value.rows.length
    before = step.value.before
    if (before === null || hits >= FIRST_HITS) return hits
  }
}

/**
 * Ten queries, the first page of a large folder and the size of the index, beside notmuch on the same messages. `kept`: where its
 * index is kept for the next run.
 */
export async function measureSearch(options: {
  readonly work: string
  readonly kept: string
  readonly corpus: number
  readonly peers: boolean
}): Promise<void> {
  const work = join(options.work, 'search')
  mkdirSync(work, { recursive: true })
  const notmuch =
    options.peers && has('notmuch') ? await indexWithNotmuch(options.kept, options.corpus, SEED) : undefined
  console.log(`\nimport and search, ${options.corpus} messages, first ${FIRST_HITS} hits, ms p50 / p95 of ${RUNS}`)
  await quiet()
  const filled = await importCorpus(work, options.corpus, SEED)
  console.log(
    `  imported ${filled.perSecond.toFixed(0)} messages/s, indexed; at most ${mib(filled.peakBytes)} of memory`,
  )
  if (notmuch !== undefined) {
    const ratio = (filled.perSecond / notmuch.perSecond).toFixed(1)
    const when = new Date(notmuch.madeMs).toISOString().slice(0, 16)
    console.log(`  notmuch indexed ${notmuch.perSecond.toFixed(0)} messages/s, at ${when}: ${ratio}× in the import`)
    console.log(`  its index is kept in ${dirname(dirname(notmuch.folder))}`)
  } else console.log('  without notmuch, which is not here or not wanted')
  const store = await openStore({ folder: filled.folder, key: filled.key, clock: systemClock })
  try {
    await quiet()
    const theirs = notmuch === undefined ? [] : canBindPython() ? inProcess(notmuch.env) : await byCommand(notmuch.env)
    if (notmuch !== undefined && !canBindPython()) console.log('  notmuch by its command, less what it takes to start')
    console.log('  in one thread, as notmuch answers, and in brackets through the reader thread, as the window asks')
    for (const [i, asked] of QUERIES.entries()) {
      const { query } = parseSearch(asked.ours)
      if (query === null) throw new Error(`${asked.ours} is no query`)
      const ours = await timed(() => inThisThread(store, query))
      const asWindow = await timed(() => throughThread(store, query))
      const their = theirs[i]
      const times = (one: Times) => (their === undefined ? '' : `${(their.p50 / one.p50).toFixed(1)}×`)
      const ratio =
        their === undefined ? '' : `  notmuch ${ms(their)} (${their.hits})  ${times(ours)} [${times(asWindow)}]`
      console.log(`  ${asked.what.padEnd(22)} ${ms(ours).padStart(15)} [${ms(asWindow)}] (${ours.hits})${ratio}`)
    }
    await measureList(store)
    const bytes = store.read.prepare<[], { bytes: number }>(INDEX_BYTES).get()?.bytes ?? Number.NaN
    const their = notmuch === undefined ? Number.NaN : folderBytes(notmuch.folder)
    const ratio = notmuch === undefined ? '' : `, notmuch's ${mib(their)}: ${(bytes / their).toFixed(2)} of it`
    const whole = folderBytes(filled.folder)
    console.log(
      `  index ${mib(bytes)}${ratio}; the whole store ${mib(whole)}, ${(whole / options.corpus / 1024).toFixed(1)} KiB a message`,
    )
  } finally {
    await store.close()
  }
}

/** The first page of a folder, and the one in its middle. */
async function measureList(store: Store): Promise<void> {
  const folder = store.read.prepare<[], { id: number; total: number }>(
    `SELECT id, total FROM folder WHERE role = 'inbox' AND account_id IS NULL AND user_id IS NULL`,
  )
  const { id = 0, total = 0 } = folder.get() ?? {}
  const middle = store.read
    .prepare<[number, number], Cursor>(
      'SELECT date_ms AS dateMs, id FROM message WHERE folder_id = ? ORDER BY date_ms DESC, id DESC LIMIT 1 OFFSET ?',
    )
    .get(id, Math.floor(total / 2))
  for (const [what, after] of [
    ['first page', null],
    ['page in the middle', middle ?? null],
  ] as const) {
    const times = await timed(() => listPage(store.read, id, after, FIRST_HITS).rows.length)
    console.log(`  ${what.padEnd(22)} ${ms(times).padStart(15)} (${times.hits} of ${total})`)
  }
}
