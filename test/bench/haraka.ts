import { spawn, type ChildProcess } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, closeSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, listening } from '../support/postfix.ts'
import { output, stop } from './processes.ts'
import type { System, SystemOptions } from './systems.ts'

const VERSION = '3.3.4'
/** A registry may lag behind what a dependency asks for. */
const MOST_OVERRIDES = 5

/**
 * Haraka from the npm registry, in a folder of its own that the next run finds again. No package of it may run code at
 * installation. Throws when it cannot be had.
 */
export async function installHaraka(work: string): Promise<string> {
  const folder = join(work, `posthorn-bench-haraka-${VERSION}`)
  const program = join(folder, 'node_modules', 'Haraka', 'bin', 'haraka')
  if (existsSync(program)) return folder
  mkdirSync(folder, { recursive: true })
  const overrides: Record<string, string> = {}
  for (let tries = 0; ; tries++) {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'peer', private: true, overrides }))
    try {
      await output('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `Haraka@${VERSION}`], {
        cwd: folder,
      })
      return folder
    } catch (error) {
      const missing = /No matching version found for (@?[^@\s]+)@/.exec(String(error))?.[1]
      if (missing === undefined || tries === MOST_OVERRIDES) throw error
      overrides[missing] = (await output('npm', ['view', missing, 'version'], { cwd: folder })).stdout.trim()
    }
  }
}

/** Takes everything from loopback, and sends it to the sink of its domain. */
const plugin = (sinkPort: number) => `
exports.hook_connect = (next, connection) => { connection.relaying = true; next() }
exports.hook_rcpt = (next, connection) => { connection.relaying = true; next(OK) }
exports.hook_get_mx = (next, mail, domain) => {
  const number = /^d(\\d+)\\./.exec(domain)
  next(OK, { priority: 0, exchange: number ? '127.0.1.' + number[1] : '127.0.0.1', port: ${sinkPort} })
}
`

/** Starts one process with its queue on disk. Released, it is started anew with its outbound side on: it has no other way. */
export async function startHaraka(installed: string, { work, sinkPort, env }: SystemOptions): Promise<System> {
  const root = mkdtempSync(join(work, 'haraka-'))
  const port = await freePort('127.0.0.1')
  for (const folder of ['config', 'plugins', 'queue']) mkdirSync(join(root, folder))
  const config = (name: string, text: string) => writeFileSync(join(root, 'config', name), text)
  config('smtp.ini', `listen=127.0.0.1:${port}\nnodes=0\n`)
  config('plugins', 'bench\n')
  config('me', 'peer.bench.test\n')
  config('host_list', '')
  config('log.ini', '[main]\nlevel=WARN\nformat=default\n')
  copyFileSync(join(installed, 'node_modules/Haraka/config/connection.ini'), join(root, 'config', 'connection.ini'))
  writeFileSync(join(root, 'plugins', 'bench.js'), plugin(sinkPort))
  writeFileSync(join(root, 'package.json'), '{"name":"haraka-bench","private":true}')
  let child: ChildProcess | undefined
  const start = async (sends: boolean) => {
    config('outbound.ini', `enable_tls=false\nlocal_mx_ok=true\nconcurrency_max=100\ndisabled=${String(!sends)}\n`)
    const log = openSync(join(root, 'log'), 'a')
    child = spawn(process.execPath, [join(installed, 'node_modules/Haraka/bin/haraka'), '-c', root], {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...env },
    })
    closeSync(log)
    await listening('127.0.0.1', port)
  }
  const restart = async (sends: boolean) => {
    if (child) await stop(child)
    await start(sends)
  }
  await start(false)
  return {
    name: 'Haraka',
    port,
    slowness: 3,
    pid: async () => child?.pid ?? 0,
    hold: () => restart(false),
    release: () => restart(true),
    stop: async () => child && (await stop(child)),
  }
}
