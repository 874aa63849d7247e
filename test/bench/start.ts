/** What a start costs: what is read before the window paints, and when an engine with much mail has its first list. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { systemClock } from '../../core/base/clock.ts'
import { ensurePersonFolders } from '../../core/mailbox/person.ts'
import { readFields } from '../../core/message/read.ts'
import { PERSON } from '../../core/store/folder.ts'
import { openStore } from '../../core/store/open.ts'
import { openVault } from '../../core/vault/key.ts'
import { corpus } from './corpus.ts'

const SEED = 20_260_115
const AT_ONCE = 500
/** From the process's start to the first page of the unified inbox. */
const NEEDED_MS = 500
/** What the shell's own process and its page may read before the first paint, as files; a megabyte is some ten milliseconds of parsing. */
const BUDGET_KIB = { 'dist/electron (shell and engine)': 2600, 'dist/renderer (scripts and styles)': 2400 } as const

const root = fileURLToPath(new URL('../..', import.meta.url))
const kib = (bytes: number) => Math.round(bytes / 1024)

/** The files that a module's static imports reach: all of them are read before its first line runs. */
function readAtStart(entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry) || !existsSync(entry)) return seen
  seen.add(entry)
  const text = readFileSync(entry, 'utf8')
  const imports = text.matchAll(/^\s*(?:import|export)\b[^;'"]*?(?:from\s*)?["'](\.\/[^"']+)["']/gm)
  for (const [, name = ''] of imports) readAtStart(join(entry, '..', name), seen)
  return seen
}

/** Sizes of what is built, and of what of it is read before the window paints. */
function measureBundles(): void {
  const electron = join(root, 'dist/electron')
  const main = join(electron, 'main.js')
  const renderer = join(root, 'dist/renderer')
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), 'renderer', 'shell'], {
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) throw new Error('nothing is built')
  // main.js, then the shell, which it waits for.
  const shell = globSync(join(electron, 'shell-*.js'))
  const first = new Set([main, ...shell].flatMap((entry) => [...readAtStart(entry)]))
  const commandLine = new Set(globSync(join(electron, 'command-line-*.js')).flatMap((entry) => [...readAtStart(entry)]))
  const page = globSync(join(renderer, '**/*.{js,css}'))
  const html = readFileSync(join(renderer, 'index.html'), 'utf8')
  const early = page.filter((path) => html.includes(path.slice(path.lastIndexOf('/') + 1)))
  const row = (what: string, files: Iterable<string>, budget?: number) => {
    const list = [...files]
    const bytes = list.reduce((sum, path) => sum + statSync(path).size, 0)
    const packed = list.reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0)
    const verdict = budget === undefined ? '' : `, budget ${budget}: ${kib(bytes) <= budget ? 'kept' : 'MISSED'}`
    console.log(
      `  ${what.padEnd(44)} ${String(list.length).padStart(3)} files ${String(kib(bytes)).padStart(6)} KiB, ${kib(packed)} gzipped${verdict}`,
    )
  }
  row('shell: all of dist/electron', globSync(join(electron, '*.{js,cjs}')))
  row('shell: read before the first paint', first, BUDGET_KIB['dist/electron (shell and engine)'])
  row('command line (--cli): read before it runs', commandLine)
  row('window: all scripts and styles', page)
  row('window: read before the first paint', early, BUDGET_KIB['dist/renderer (scripts and styles)'])
}

async function fill(folder: string, keyFile: string, messages: number): Promise<void> {
  const key = openVault({ folder, keyFile, create: true })
  const store = await openStore({ folder, key, clock: systemClock })
  await ensurePersonFolders(store)
  const waiting: Promise<unknown>[] = []
  for (const { raw, dateMs } of corpus(messages, SEED)) {
    const message = { body: { raw }, prefix: '', removed: [], fields: readFields(raw), receivedMs: dateMs, seen: true }
    waiting.push(store.write('message.deliver', { owner: PERSON, role: 'inbox', message }))
    if (waiting.length >= AT_ONCE) await Promise.all(waiting.splice(0))
  }
  await Promise.all(waiting)
  await store.close()
}

interface Started {
  /** Since the process began, ms: the engine's code was read, it runs, and its first list is there. */
  readonly loadedMs: number
  readonly openMs: number
  readonly listMs: number
  /** The same of its own processor time, ms: a busy machine changes less of it. */
  readonly cpuMs: number
  readonly rows: number
}

/** The engine as it is packed: one file, its threads beside it. Returns that file. */
async function bundleEngine(folder: string): Promise<string> {
  const { build } = await import('vite')
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    build: {
      ssr: join(import.meta.dirname, 'start-engine.ts'),
      outDir: folder,
      emptyOutDir: true,
      target: 'node24',
      minify: false,
      rolldownOptions: {
        output: { format: 'es', entryFileNames: 'start-engine.mjs', chunkFileNames: '[name]-[hash].js' },
      },
    },
    ssr: { noExternal: true },
  })
  for (const thread of globSync(join(root, 'dist/electron/*-thread.js')))
    copyFileSync(thread, join(folder, thread.slice(thread.lastIndexOf('/') + 1)))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  return join(folder, 'start-engine.mjs')
}

/** Starts an engine in a process of its own and hears when its first list was there. */
async function startOnce(engine: string, folder: string, keyFile: string): Promise<Started> {
  const name = `${process.platform}-${process.arch}.node`
  const native = join(root, 'node_modules/better-sqlite3/prebuilds', name)
  const child = spawn(process.execPath, [engine, folder, keyFile, native], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const [line] = (await once(lines, 'line')) as [string]
  await once(child, 'exit')
  return JSON.parse(line) as Started
}

/** How long a start takes with so many messages in the store, and how much is read for it. */
export async function measureStart({
  work,
  messages,
  rounds,
}: {
  readonly work: string
  readonly messages: number
  readonly rounds: number
}): Promise<void> {
  console.log('\nstart, what is built')
  measureBundles()
  console.log(`\nstart, an engine with ${messages} messages to its first list; needed ${NEEDED_MS} ms`)
  const home = mkdtempSync(join(work, 'start-'))
  const folder = join(home, 'data')
  const keyFile = join(home, 'start.key')
  try {
    await fill(folder, keyFile, messages)
    const engine = await bundleEngine(join(home, 'bundle'))
    const runs: Started[] = []
    for (let round = 0; round <= rounds; round++) runs.push(await startOnce(engine, folder, keyFile))
    const say = (what: string, { loadedMs, openMs, listMs, cpuMs, rows }: Started) =>
      console.log(
        `  ${what.padEnd(14)} code read ${loadedMs.toFixed(0)}, engine open ${openMs.toFixed(0)}, first list of ${rows} at ${listMs.toFixed(0)} ms; ${cpuMs.toFixed(0)} ms of processor time`,
      )
    const [first, ...warm] = runs
    if (first !== undefined) say('the first time', first)
    const middle = warm.toSorted((a, b) => a.listMs - b.listMs)[Math.floor(warm.length / 2)]
    if (middle !== undefined) {
      say('median', middle)
      const engineMs = middle.listMs - middle.loadedMs
      console.log(
        `  the engine itself ${engineMs.toFixed(0)} ms: ${engineMs < NEEDED_MS ? 'kept' : 'MISSED'}; with reading its code ${middle.listMs.toFixed(0)} ms: ${middle.listMs < NEEDED_MS ? 'kept' : 'MISSED'}`,
      )
    }
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
