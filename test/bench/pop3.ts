/** Mail fetched by POP3, beside mpop, fetchmail and getmail, from one Dovecot: on this computer, and over a slow line. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { reasonOf } from '../../core/base/fault.ts'
import { callEngine } from '../../core/host/local-socket.ts'
import { chance } from '../support/chance.ts'
import { startDovecot, type Dovecot } from '../support/dovecot.ts'
import { listenOnLoopback, type LoopbackServer } from '../support/loopback-server.ts'
import { Home } from '../support/posthorn.ts'
import { cpuMs, has, memoryMib, quiet, threadCpuMs } from './machine.ts'
import { serveShipped } from './shipped.ts'
import type { Figure, Table } from './table.ts'

const PASSWORD = 'bench'
const NOBODY = 65534
/** The word that only the last message of a maildrop has. */
const LAST_WORD = 'quendelwort'
const LARGE_BYTES = 1024 * 1024
const USUAL_BYTES = 8000

/** One load: whose maildrop, how many messages, and how long a way there and back takes. */
export interface Pop3Cell {
  /** How the command line of the bench calls it. */
  readonly word: 'here' | 'line'
  readonly name: string
  readonly user: string
  readonly messages: number
  readonly large: number
  readonly roundTripMs: number
}
const POP3_CELLS: readonly Pop3Cell[] = [
  { word: 'here', name: '10,000 here', user: 'many', messages: 10_000, large: 20, roundTripMs: 0 },
  { word: 'line', name: '500 at 20 ms', user: 'few', messages: 500, large: 0, roundTripMs: 20 },
]

/** How many words there are; the nth is used as often as 1/n (Zipf's law). */
const WORDS = 60_000

/** Text of so many bytes, made of words. */
function textOf(random: () => number, bytes: number): string {
  const lines: string[] = []
  for (let left = bytes; left > 0;) {
    let line = ''
    while (line.length < 66) line += `${Math.floor(WORDS ** random()).toString(36)}en `
    lines.push(line)
    left -= line.length + 2
  }
  return lines.join('\r\n')
}

/** Fills a maildrop. */
function fill(dovecot: Dovecot, { user, messages, large }: Pick<Pop3Cell, 'user' | 'messages' | 'large'>): void {
  const random = chance(7)
  const every = large === 0 ? 0 : Math.floor(messages / large)
  for (let n = 1; n <= messages; n++) {
    const bytes = every > 0 && n % every === 1 ? LARGE_BYTES : USUAL_BYTES
    const last = n === messages ? `${LAST_WORD}\r\n` : ''
    dovecot.deliver(
      user,
      Buffer.from(
        `Received: from a.example by b.example; Tue, 1 Jul 2025 10:00:05 +0000\r\nFrom: Ada Author <ada${n % 50}@author.example>\r\n` +
          `To: ${user}@bench.example\r\nSubject: letter ${n}\r\nDate: Tue, 1 Jul 2025 10:00:00 +0000\r\n` +
          `Message-ID: <${n}.${user}@author.example>\r\n\r\n${textOf(random, bytes)}\r\n${last}`,
      ),
    )
  }
}

/** A line to a server on which every byte takes its time, half of it each way. */
async function slowLine(to: number, roundTripMs: number): Promise<LoopbackServer> {
  return listenOnLoopback((near) => {
    const far = connect({ host: '127.0.0.1', port: to, noDelay: true })
    const carry = (from: Socket, into: Socket) => {
      // Timers of one length end in the order in which they began.
      const later = (what: () => void) => setTimeout(what, roundTripMs / 2)
      from.on('data', (bytes: Buffer) => later(() => into.writable && into.write(bytes)))
      from.on('end', () => later(() => into.end())).on('error', () => into.destroy())
    }
    carry(near, far)
    carry(far, near)
  })
}

/** Runs a program to its end. Throws with what it said when it fails. */
async function run(
  program: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  uid?: number,
): Promise<number> {
  const before = cpuMs(process.pid)
  const child = spawn(program, argv, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    ...(uid !== undefined && { uid, gid: uid }),
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-2000)))
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${said}`)
  return cpuMs(process.pid) - before
}

/** What one fetch took: seconds, CPU time, and of ours what each thread had of it and how late the main one was. */
interface Fetched extends Pick<Figure, 'threadUsEach' | 'lateMs'> {
  readonly seconds: number
  readonly cpu: number
}
/** Fetches one maildrop once, from nothing. */
type Fetcher = (cell: Pop3Cell, port: number, scratch: string) => Promise<Fetched>

/** `into`: a file for each message, or one for all, which is what mpop does fastest. */
const mpop =
  (into: 'maildir' | 'mbox'): Fetcher =>
  async ({ user }, port, scratch) => {
    for (const folder of ['cur', 'new', 'tmp']) mkdirSync(join(scratch, 'mail', folder), { recursive: true })
    const file = join(scratch, 'mpoprc')
    writeFileSync(
      file,
      `account bench\nhost 127.0.0.1\nport ${port}\nuser ${user}\npassword ${PASSWORD}\nauth user\ntls off\nkeep on\n` +
        `delivery ${into} ${join(scratch, into === 'mbox' ? 'all.mbox' : 'mail')}\nuidls_file ${join(scratch, 'uidls')}\n`,
      { mode: 0o600 },
    )
    const begunMs = performance.now()
    const cpu = await run('mpop', ['-C', file, '-Q', 'bench'], {})
    return { seconds: (performance.now() - begunMs) / 1000, cpu }
  }

const fetchmail: Fetcher = async ({ user }, port, scratch) => {
  const file = join(scratch, 'fetchmailrc')
  writeFileSync(
    file,
    `poll 127.0.0.1 protocol pop3 port ${port} auth password uidl\n  user "${user}" password "${PASSWORD}" sslproto ''\n` +
      `  keep fetchall bsmtp "${join(scratch, 'mail.bsmtp')}"\n`,
    { mode: 0o600 },
  )
  const begunMs = performance.now()
  const argv = [
    '-f',
    file,
    '-s',
    '--nodetach',
    '--nosyslog',
    '-i',
    join(scratch, 'fetchids'),
    '--pidfile',
    join(scratch, 'pid'),
  ]
  const cpu = await run('fetchmail', argv, { HOME: scratch, FETCHMAILHOME: scratch })
  return { seconds: (performance.now() - begunMs) / 1000, cpu }
}

/** As nobody: as root it starts a process for each message. Of one of a megabyte it waits for that process until it gives up. */
const getmail: Fetcher = async ({ user }, port, scratch) => {
  for (const folder of ['cur', 'new', 'tmp']) mkdirSync(join(scratch, 'mail', folder), { recursive: true })
  writeFileSync(
    join(scratch, 'getmailrc'),
    `[retriever]\ntype = SimplePOP3Retriever\nserver = 127.0.0.1\nport = ${port}\nusername = ${user}\npassword = ${PASSWORD}\n` +
      `[destination]\ntype = Maildir\npath = ${join(scratch, 'mail')}/\n` +
      `[options]\nread_all = true\ndelete = false\nverbose = 0\ndelivered_to = false\nreceived = false\n`,
  )
  for (const path of ['', 'mail', 'mail/cur', 'mail/new', 'mail/tmp', 'getmailrc'])
    chownSync(join(scratch, path), NOBODY, NOBODY)
  const begunMs = performance.now()
  const argv = ['--getmaildir', scratch, '--rcfile', join(scratch, 'getmailrc')]
  const cpu = await run('getmail', argv, { HOME: scratch }, NOBODY)
  return { seconds: (performance.now() - begunMs) / 1000, cpu }
}

/** Posthorn as a user serves it, until a word of the last message is found. */
const posthorn =
  (dovecot: Dovecot, profile: string | undefined): Fetcher =>
  async (cell, port, scratch) => {
    const home = new Home({ submission: { port: 0 } }, scratch)
    const profiling = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile]
    const served = await serveShipped(home, profiling)
    try {
      /** Runs a command in the running engine, without a process of its own. */
      const command = async (argv: readonly string[], input = '') => {
        let said = ''
        const hear = async (text: string | Uint8Array) => void (said += text.toString())
        const stdin = {
          async *[Symbol.asyncIterator]() {
            yield Buffer.from(input)
          },
        }
        const io = { cwd: home.data, stdin, stdout: hear, stderr: hear, signal: new AbortController().signal }
        const status = await callEngine(home.data, argv, io)
        if (status !== 0) throw new Error(`posthorn ${argv.join(' ')} ended with ${status}: ${said}`)
        return said
      }
      const add = (user: string, at: number) => {
        const place = ['--host', '127.0.0.1', '--port', String(at), '--user', user, '--tls', 'none', '--leave']
        const argv = ['account', 'add', 'pop3', ...place, '--every', '86400', '--password-stdin']
        return command(argv, `${PASSWORD}\n`)
      }
      const late = async () => {
        const said = await command(['status', '--reset', '--json'])
        return (JSON.parse(said) as { readonly eventLoop: { readonly p99Ms: number } }).eventLoop.p99Ms
      }
      await add('warm', dovecot.port)
      await command(['fetch', 'warm'])
      await quiet()
      await late()
      const { pid } = served.ready
      const before = cpuMs(pid)
      const threadsBefore = threadCpuMs(pid)
      const begunMs = performance.now()
      // Adding it begins the first fetch; this waits for its end.
      await add(cell.user, port)
      await command(['fetch', cell.user])
      const found = await command(['search', LAST_WORD])
      if (!found.includes(`letter ${cell.messages}`)) throw new Error(`the last message is not found: ${found}`)
      const seconds = (performance.now() - begunMs) / 1000
      const cpu = cpuMs(pid) - before
      const threadUsEach = new Map(
        [...threadCpuMs(pid)].map(([name, ms]) => [
          name,
          ((ms - (threadsBefore.get(name) ?? 0)) * 1000) / cell.messages,
        ]),
      )
      console.log(`  ${cell.name.padEnd(20)} Posthorn's memory at most ${memoryMib(pid).peak.toFixed(0)} MiB`)
      return { seconds, cpu, threadUsEach, lateMs: await late() }
    } finally {
      await served.stop()
      home.remove()
    }
  }

/** Lists a maildrop once: Dovecot then knows the size of each message, which it would else find out in somebody's time. */
async function warm(dovecot: Dovecot, { user }: Pop3Cell): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port: dovecot.port })
  socket.write(`USER ${user}\r\nPASS ${PASSWORD}\r\nLIST\r\nQUIT\r\n`)
  for await (const _ of socket);
}

/** Every cell with every fetcher, round by round; each round begins with another one. */
export async function measurePop3(
  table: Table,
  {
    work,
    cells: words,
    rounds,
    peers,
    profile,
  }: {
    readonly work: string
    readonly cells: ReadonlySet<string>
    readonly rounds: number
    readonly peers: ReadonlySet<string>
    readonly profile: string | undefined
  },
): Promise<void> {
  const cells = POP3_CELLS.filter(({ word }) => words.has(word))
  const dovecot = await startDovecot({
    password: PASSWORD,
    maildir: join(work, 'maildrops', '%n'),
    mechanisms: 'plain',
  })
  try {
    mkdirSync(join(work, 'maildrops'), { recursive: true, mode: 0o777 })
    fill(dovecot, { user: 'warm', messages: 300, large: 0 })
    for (const cell of cells) fill(dovecot, cell)
    const fetchers: [string, Fetcher][] = [['Posthorn', posthorn(dovecot, profile)]]
    for (const [name, program, fetcher] of [
      ['mpop', 'mpop', mpop('maildir')],
      ['mpop into mbox', 'mpop', mpop('mbox')],
      ['fetchmail', 'fetchmail', fetchmail],
      ['getmail', 'getmail', getmail],
    ] as const)
      if (!peers.has(program)) continue
      else if (has(program)) fetchers.push([name, fetcher])
      else console.log(`There is no ${program} (a Debian package), so the figures go without it.`)
    for (const cell of cells) await warm(dovecot, cell)
    for (let round = 0; round < rounds; round++)
      for (const cell of cells)
        for (let i = 0; i < fetchers.length; i++) {
          const [system, fetch] = fetchers[(i + round) % fetchers.length]!
          // It takes its time, every time the same.
          if (system === 'getmail' && (round > 0 || cell.large > 0)) continue
          const scratch = mkdtempSync(join(work, 'fetched-'))
          chmodSync(scratch, 0o755)
          const line = cell.roundTripMs === 0 ? undefined : await slowLine(dovecot.port, cell.roundTripMs)
          const idle = await quiet()
          const fetched = await fetch(cell, line?.port ?? dovecot.port, scratch).catch((error: unknown) => {
            if (system === 'Posthorn') throw error
            console.log(`  ${cell.name.padEnd(20)} ${system} failed: ${reasonOf(error)}`)
            return undefined
          })
          await line?.close()
          rmSync(scratch, { recursive: true, force: true, maxRetries: 3 })
          if (fetched === undefined) continue
          const { seconds, cpu, ...ours } = fetched
          table.add({
            cell: cell.name,
            system,
            perSecond: cell.messages / seconds,
            cpuMsEach: cpu / cell.messages,
            idle,
            ...ours,
          })
        }
  } finally {
    await dovecot.stop()
  }
}
