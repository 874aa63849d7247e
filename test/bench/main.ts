/**
 * Messages a second, durably accepted and delivered, beside Postfix in the same run. Posthorn runs as shipped: transcripts, checks,
 * encryption and `synchronous=FULL` on. Figures move with the machine; quote the ratios.
 */
import { mkdir } from 'node:fs/promises'
import { cpus } from 'node:os'
import { execFileSync } from 'node:child_process'
import { startDnsServer } from '../support/dns-server.ts'
import { startPostfix, type Postfix } from '../support/postfix.ts'
import { Home, type Served } from '../support/posthorn.ts'
import { output, startSink } from './processes.ts'

const ROUNDS = Number(process.env['ROUNDS'] ?? 3)
const ACCEPT = Number(process.env['MESSAGES'] ?? 5000)
const SESSIONS = 200
const SIZE_BYTES = 4096
const DOMAIN = 'dest.bench.test'
const settings = (sinkPort: number, dnsPort: number) => ({
  submission: { port: 0, trustedAddresses: ['127.0.0.0/8'], maxConnections: 500, maxPerClient: 500 },
  local: { domains: ['load.bench.test'] },
  queue: { paused: true },
  relay: { port: sinkPort, allowPrivateAddresses: true, ehloName: 'posthorn.bench.test' },
  dns: { servers: [`127.0.0.1:${dnsPort}`] },
})

/** Drives one server with smtp-source; messages a second. */
async function load(port: number, messages: number): Promise<number> {
  const args = [
    '-d',
    '-s',
    String(SESSIONS),
    '-m',
    String(messages),
    '-l',
    String(SIZE_BYTES),
    '-M',
    'client.bench.test',
    '-f',
    'from@load.bench.test',
    '-t',
    `to@${DOMAIN}`,
  ]
  const { ms } = await output('smtp-source', [...args, `127.0.0.1:${port}`])
  return (messages / ms) * 1000
}
const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
function has(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
function print(what: string, ours: readonly number[], theirs: readonly number[]): void {
  const ratios = ours.map((value, i) => value / (theirs[i] ?? Number.NaN))
  const beside =
    theirs.length === 0
      ? 'Postfix is not installed'
      : `Postfix ${median(theirs).toFixed(0)}, ratio ${median(ratios).toFixed(2)} (${ratios.map((r) => r.toFixed(2)).join(', ')})`
  console.log(`${what}: Posthorn ${median(ours).toFixed(0)} messages/s; ${beside}`)
}
interface EventLoop {
  readonly eventLoop: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number }
}
async function delays(home: Home, reset: boolean): Promise<EventLoop['eventLoop']> {
  return (await home.json<EventLoop>(['status', ...(reset ? ['--reset'] : [])])).eventLoop
}

if (!has('smtp-source') || process.getuid?.() !== 0) {
  console.error(
    'posthorn: the bench needs smtp-source and smtp-sink (Debian package postfix) and root, for Postfix changes users',
  )
  process.exit(1)
}
await mkdir('dist', { recursive: true })
const sink = await startSink('127.0.0.1')
const dns = await startDnsServer({
  [DOMAIN]: { MX: [{ preference: 10, exchange: `mx.${DOMAIN}` }] },
  [`mx.${DOMAIN}`]: { A: ['127.0.0.1'] },
})
const set = settings(sink.port, dns.port)
// On the disk of the clone, for a temporary folder may lie in memory. The queue is paused by command: a file would hold it so.
const home = new Home({ ...set, queue: {} }, 'dist')
let postfix: Postfix | undefined
let posthorn: Served | undefined
try {
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, ${SESSIONS} sessions kept, ${SIZE_BYTES} bytes a message, ${ROUNDS} rounds`,
  )
  console.log(`Posthorn's settings that differ from the defaults: ${JSON.stringify(set)}`)
  postfix = await startPostfix({
    domain: 'unused.bench.test',
    users: [],
    extra: {
      smtpd_recipient_restrictions: 'check_client_access static:HOLD, permit_mynetworks, reject',
      smtpd_relay_restrictions: 'permit_mynetworks, reject',
      default_transport: `smtp:[127.0.0.1]:${sink.port}`,
      smtp_host_lookup: 'native',
      smtp_tls_security_level: 'none',
      smtpd_tls_security_level: 'none',
      default_process_limit: '250',
    },
  })
  posthorn = await home.serve()
  await home.json(['setting', 'set', 'queue.paused', 'true'])
  await load(posthorn.submission.port, 200)
  await load(postfix.port, 200)
  const ours: number[] = []
  const theirs: number[] = []
  await delays(home, true)
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(await load(postfix.port, ACCEPT))
    ours.push(await load(posthorn.submission.port, ACCEPT))
  }
  print('accepted durably', ours, theirs)
  const whileAccepting = await delays(home, true)
  console.log(
    `main thread's delay while accepting: p50 ${whileAccepting.p50Ms.toFixed(1)} ms, p99 ${whileAccepting.p99Ms.toFixed(1)} ms, max ${whileAccepting.maxMs.toFixed(1)} ms`,
  )

  // What was accepted above, each server's whole queue, goes to the same sink: Postfix's first, then ours.
  const total = 200 + ROUNDS * ACCEPT
  const deliver = async (start: () => Promise<unknown>, already: number): Promise<number> => {
    const startedMs = performance.now()
    await start()
    await sink.until(already + total, 600_000)
    return (total / (performance.now() - startedMs)) * 1000
  }
  const theirDelivery = await deliver(() => postfix!.release(), 0)
  await delays(home, true)
  const ourDelivery = await deliver(() => home.json(['setting', 'set', 'queue.paused', 'false']), total)
  print(`delivered to a loopback sink (${total} queued, one destination)`, [ourDelivery], [theirDelivery])
  const whileDelivering = await delays(home, true)
  console.log(
    `main thread's delay while delivering: p50 ${whileDelivering.p50Ms.toFixed(1)} ms, p99 ${whileDelivering.p99Ms.toFixed(1)} ms, max ${whileDelivering.maxMs.toFixed(1)} ms`,
  )
} finally {
  await posthorn?.stop()
  await postfix?.stop()
  await sink.stop()
  await dns.close()
  home.remove()
}
