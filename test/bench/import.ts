import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromLine } from '../../core/mailbox/export-text.ts'
import { openVault } from '../../core/vault/key.ts'
import { corpus } from './corpus.ts'
import { quiet } from './machine.ts'
import { output } from './processes.ts'

const CLI = fileURLToPath(new URL('../../core/host/cli.ts', import.meta.url))
const ASK_EVERY_MS = 100

/** What filling a store took. */
export interface Filled {
  readonly folder: string
  readonly key: Uint8Array
  readonly perSecond: number
  /** The most the process held at once; NaN where the system does not say. */
  readonly peakBytes: number
}

/** The corpus as one mbox file. */
function writeMbox(path: string, count: number, seed: number): void {
  const file = openSync(path, 'w')
  const said = { authorAddress: '', seen: true, starred: false, answered: false, forwarded: false, tags: [] }
  for (const { raw, dateMs } of corpus(count, seed)) {
    const text = raw
      .toString('latin1')
      .replaceAll('\r\n', '\n')
      .replaceAll(/^>*From /gm, '>$&')
    writeSync(file, Buffer.from(`${fromLine({ ...said, receivedMs: dateMs })}${text}\n`, 'latin1'))
  }
  closeSync(file)
}

/** The most memory a process had, by Linux. */
function peakOf(pid: number | undefined): number {
  try {
    const kib = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kib) * 1024
  } catch {
    return Number.NaN
  }
}

/** Imports the corpus as a person does: `posthorn import` of an mbox file into a new store, to the end of its index. */
export async function importCorpus(work: string, count: number, seed: number): Promise<Filled> {
  const folder = join(work, 'posthorn')
  const keyFile = join(work, 'key')
  const mbox = join(work, 'all.mbox')
  writeMbox(mbox, count, seed)
  const startedMs = performance.now()
  const args = [CLI, 'import', mbox, '--folder', 'Inbox', '--data', folder, '--key-file', keyFile, '--json']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let peakBytes = Number.NaN
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const timer = setInterval(() => {
    const peak = peakOf(child.pid)
    if (!Number.isNaN(peak)) peakBytes = peak
  }, ASK_EVERY_MS)
  const [code] = (await once(child, 'close')) as [number | null]
  clearInterval(timer)
  const tookMs = performance.now() - startedMs
  const { imported } = JSON.parse(said) as { imported: number }
  if (code !== 0 || imported !== count) throw new Error(`the import ended with ${code} and ${imported} messages`)
  return { folder, key: openVault({ folder, keyFile, create: false }), perSecond: (count / tookMs) * 1000, peakBytes }
}

/** notmuch's index of the same messages. */
export interface NotmuchIndex {
  readonly env: NodeJS.ProcessEnv
  readonly folder: string
  /** When it was made, and how fast, which is told of the machine as it was then. */
  readonly madeMs: number
  readonly perSecond: number
}

/** Where notmuch's index of a corpus is kept: another corpus or notmuch has another. */
function placeOfIndex(work: string, count: number, seed: number): string {
  const version = execFileSync('notmuch', ['--version']).toString()
  const maker = readFileSync(new URL('./corpus.ts', import.meta.url))
  const name = createHash('sha256').update(maker).update(`${version}${count} ${seed}`).digest('hex').slice(0, 12)
  return join(work, `posthorn-bench-notmuch-${name}`)
}

/**
 * Has notmuch index the same messages, or takes the index that it made of them in an earlier run: it takes many minutes, and its
 * queries do not depend on when.
 */
export async function indexWithNotmuch(work: string, count: number, seed: number): Promise<NotmuchIndex> {
  const home = placeOfIndex(work, count, seed)
  const mail = join(home, 'maildir')
  const config = join(home, 'notmuch.conf')
  const made = join(home, 'made.json')
  const found = { env: { ...process.env, NOTMUCH_CONFIG: config }, folder: join(mail, '.notmuch') }
  if (existsSync(made))
    return { ...found, ...(JSON.parse(readFileSync(made, 'utf8')) as Pick<NotmuchIndex, 'madeMs' | 'perSecond'>) }
  rmSync(home, { recursive: true, force: true })
  for (const name of ['cur', 'new', 'tmp']) mkdirSync(join(mail, name), { recursive: true })
  let n = 0
  for (const { raw } of corpus(count, seed)) writeFileSync(join(mail, 'cur', `${n++}.bench:2,S`), raw)
  writeFileSync(
    config,
    `[database]\npath=${mail}\n[user]\nname=bench\nprimary_email=bench@here.example\n[new]\ntags=inbox\n`,
  )
  await quiet()
  const { ms } = await output('notmuch', ['new', '--quiet'], { env: found.env })
  const facts = { madeMs: Date.now(), perSecond: (count / ms) * 1000 }
  writeFileSync(made, JSON.stringify(facts))
  return { ...found, ...facts }
}
