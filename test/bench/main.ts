/**
 * Messages a second, durably accepted and handed on, beside Postfix and Haraka in the same run. Posthorn runs as shipped, by what
 * is in its headless archive: protocol log, checks, encryption and `synchronous=FULL` on. Figures move with the machine; quote the ratios.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { reasonOf } from '../../core/base/fault.ts'
import { findProgram } from '../../scripts/programs.mjs'
import { startDnsServer, type Zone } from '../support/dns-server.ts'
import { measureAccept } from './accept.ts'
import { measureDeliver } from './deliver.ts'
import { measureFolder } from './folder.ts'
import { installHaraka, startHaraka } from './haraka.ts'
import { measureLog } from './log.ts'
import { measureLogFrames } from './log-frames.ts'
import { has } from './machine.ts'
import { parseOptions, type Options } from './options.ts'
import { measurePop3 } from './pop3.ts'
import { measureSearch } from './search.ts'
import { buildShipped } from './shipped.ts'
import { Sinks } from './sinks.ts'
import { slowFlush } from './slow-flush.ts'
import { measureStart } from './start.ts'
import {
  domainOf,
  ONE_DOMAIN,
  settingsFor,
  sinkAddress,
  startPosthorn,
  startPostfixPeer,
  type System,
} from './systems.ts'
import { Table, WITHOUT_LOG } from './table.ts'
import { measurePasses, measureWaiting } from './waiting.ts'
import { measureWindow } from './window.ts'

const OURS = 'Posthorn'
/** The same without the protocol log, to see what that costs. */
const LOG_OFF = { log: { protocols: [] } }
const DOMAINS = 200

let options: Options
try {
  options = parseOptions(process.argv.slice(2))
} catch (error) {
  console.error(reasonOf(error))
  process.exit(2)
}
if (!has('smtp-source') || process.getuid?.() !== 0) {
  console.error(
    'posthorn: the bench needs smtp-source and smtp-sink (Debian package postfix) and root, for Postfix changes users',
  )
  process.exit(1)
}

/** Where each domain of the load has its sink, for Posthorn's own resolver: the peers are told without one. */
function zone(): Zone {
  const entries = Array.from({ length: DOMAINS }, (_, i) => [domainOf(i + 1), sinkAddress(i + 1)] as const)
  return Object.fromEntries(
    [...entries, [ONE_DOMAIN, '127.0.0.1'] as const].flatMap(([domain, address]) => [
      [domain, { MX: [{ preference: 10, exchange: `mx.${domain}` }] }],
      [`mx.${domain}`, { A: [address] }],
    ]),
  )
}

if ((['accept', 'deliver', 'waiting', 'pop3'] as const).some((area) => options.areas.has(area))) buildShipped()
const work = mkdtempSync(join(options.work, 'posthorn-bench-'))
chmodSync(work, 0o755)
if (options.profile !== undefined) mkdirSync(options.profile, { recursive: true })
const dns = await startDnsServer(zone())
const sinks = await Sinks.start(['127.0.0.1', ...Array.from({ length: DOMAINS }, (_, i) => sinkAddress(i + 1))], work)
const running = new Set<System>()
const started = async (starting: Promise<System>): Promise<System> => {
  const system = await starting
  running.add(system)
  return system
}
const base = { work, sinkPort: sinks.port, dnsPort: dns.port, profile: options.profile }

let haraka: string | undefined
if (options.peers.has('haraka') && (options.areas.has('accept') || options.areas.has('deliver')))
  haraka = await installHaraka(options.work).catch((error: unknown) => {
    console.log(`Haraka cannot be had from the npm registry, so the figures go without it: ${reasonOf(error)}`)
    return undefined
  })

async function startPeers(env: Readonly<Record<string, string>>): Promise<System[]> {
  const peers: System[] = []
  if (options.peers.has('postfix')) peers.push(await started(startPostfixPeer({ ...base, env })))
  if (haraka !== undefined) peers.push(await started(startHaraka(haraka, { ...base, env })))
  return peers
}
async function stopAll(): Promise<void> {
  for (const system of running) await system.stop()
  running.clear()
}

/** Leaves nothing running and nothing lying about, also when somebody has had enough of it. */
async function tidy(): Promise<void> {
  await stopAll()
  await sinks.stop()
  await dns.close()
  rmSync(work, { recursive: true, force: true, maxRetries: 3 })
}
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void tidy().finally(() => process.exit(1)))

/** Every cell on every system, round by round; each round begins with another system. */
async function accept(isSlow: boolean, env: Readonly<Record<string, string>>): Promise<void> {
  const cells = options.acceptCells.filter((cell) => cell.slowFlush === isSlow)
  if (cells.length === 0) return
  const systems = [await started(startPosthorn(OURS, { ...base, env })), ...(await startPeers(env))]
  if (!isSlow) systems.push(await started(startPosthorn(WITHOUT_LOG, { ...base, env, settings: LOG_OFF })))
  const table = new Table(OURS)
  console.log(`\naccept${isSlow ? ', every flush 5 ms slower' : ''}`)
  for (let round = 0; round < options.rounds; round++)
    for (const cell of cells)
      for (let i = 0; i < systems.length; i++) {
        const system = systems[(i + round) % systems.length]
        if (system) await measureAccept(cell, system, table)
      }
  table.print(`accept${isSlow ? ', every flush 5 ms slower' : ''}`)
  await stopAll()
}

async function deliver(): Promise<void> {
  const systems = [await started(startPosthorn(OURS, { ...base, env: {} })), ...(await startPeers({}))]
  const table = new Table(OURS)
  console.log('\ndeliver')
  for (let round = 0; round < options.rounds; round++)
    for (const domains of options.deliverCells)
      for (const system of systems) await measureDeliver(domains, options.messages, system, sinks, table)
  table.print('deliver')
  await stopAll()
}

try {
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, ${options.rounds} rounds, at ${options.work}`,
  )
  console.log(`Posthorn's settings that differ from the defaults: ${JSON.stringify(settingsFor(sinks.port, dns.port))}`)
  if (options.areas.has('accept')) {
    await accept(false, {})
    const env = await slowFlush(work)
    if (env !== undefined) await accept(true, env)
    else console.log('There is no C compiler, so the cells with a slow flush are left out.')
  }
  if (options.areas.has('deliver')) await deliver()
  if (options.areas.has('search'))
    await measureSearch({ work, kept: options.work, corpus: options.corpus, peers: options.peers.has('notmuch') })
  if (options.areas.has('folder')) await measureFolder({ work, messages: options.corpus })
  if (options.areas.has('start')) await measureStart({ work, messages: options.corpus, rounds: options.rounds })
  if (options.areas.has('log')) {
    await measureLog({ work, lines: options.lines })
    if (findProgram('chromium') === undefined) console.log('There is no Chromium, so the window is left out.')
    else await measureLogFrames(options.lines)
  }
  if (options.areas.has('pop3')) {
    const table = new Table(OURS)
    console.log('\npop3')
    const { rounds, peers, profile, pop3Cells: cells } = options
    await measurePop3(table, { work, cells, rounds, peers, profile })
    table.print('pop3')
  }
  if (options.areas.has('window'))
    await measureWindow({ work, messages: options.corpus, minutes: options.minutes, mailbox: options.mailbox })
  if (options.areas.has('waiting')) {
    await measureWaiting(base, sinks)
    await measurePasses()
  }
} finally {
  await tidy()
}
