import { spawn } from 'node:child_process'
import { isFault, reasonOf } from '../base/fault.ts'
import { parseSettings } from '../settings.ts'
import { lockedRouter } from '../rpc/locked.ts'
import type { Engine } from '../engine.ts'
import { takeLock, type Lock } from '../store/lock.ts'
import { EXIT, usage } from './command.ts'
import { runCommand } from './commands.ts'
import { parseArguments, type CommandLine } from './arguments.ts'
import { windowFolder, withNativeBinding } from './installed.ts'
import { openLogFile } from './log-file.ts'
import { callEngine, listenLocal, type CommandIo } from './local-socket.ts'
import { startLockable, type Lockable } from '../engine-lock.ts'
import { patiently } from './patience.ts'
import { readSettingsFile } from '../base/settings-file.ts'
import { runLocked } from './unlock-command.ts'
import { onUsualPort } from './window-port.ts'
import { serveWindow, type WindowServer } from './window-server.ts'

const SERVE = 'posthorn serve'

/**
 * The headless host: the engine as a plain process, its window served to browsers of this computer. Prints one JSON line on
 * standard output when ready. Ends with 0 after SIGTERM or SIGINT, once what was under way is committed.
 */
export async function serve(at: CommandLine, io: CommandIo): Promise<number> {
  const args = parseArguments(at.argv.slice(1), { '--open': 'flag', '--human': 'flag', '--log-file': 'value' })
  if (args.words.length > 0) throw usage('serve [--settings FILE] [--key-file FILE] [--open] [--log-file FILE]')
  const fileSettings = readSettingsFile(at.settings, at.data)
  const { 'ui.port': uiPort } = parseSettings(fileSettings)
  const logFile = args.value('--log-file')
  const write = logFile === undefined ? (line: string) => void io.stderr(`${line}\n`) : openLogFile(logFile)
  const log = (line: string) => write(`${new Date().toISOString()} ${line}`)
  const stopped = new Promise<string>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal))
  })
  // Held here, not in the engine, so that a folder whose key is out of reach is served, locked, by one host only.
  let lock: Lock
  try {
    lock = await patiently(() => takeLock(at.data, SERVE, withNativeBinding()), isServing)
  } catch (error) {
    const running = isFault(error, 'store.locked') && isServing(error.details.holder ?? '')
    const address = running && args.has('--human') ? await addressOfRunning(at.data, io) : undefined
    if (address === undefined) throw error
    await io.stdout(`Posthorn runs already; its window is at ${address}\n`)
    if (args.has('--open')) openInBrowser(address)
    return EXIT.ok
  }
  let status: number = EXIT.ok
  let stop: () => void = () => {}
  const failed = new Promise<void>((resolve) => (stop = resolve))
  const watch = (engine: Engine) => {
    void engine.failed.then(() => {
      status = EXIT.software
      stop()
    })
  }
  let window: WindowServer | undefined
  let lockable: Lockable
  try {
    lockable = await startLockable(
      {
        dataFolder: at.data,
        ...(at.keyFile === undefined ? {} : { keyFile: at.keyFile }),
        fileSettings,
        lock,
        ...withNativeBinding(),
        log,
      },
      (engine) => {
        watch(engine)
        window?.serve(engine)
      },
    )
  } catch (error) {
    lock.release()
    throw error
  }
  const { engine } = lockable
  if (engine) watch(engine)
  const opened: { close(): Promise<void> }[] = []
  try {
    const served = await onUsualPort(at.data, uiPort, (port) =>
      serveWindow({
        folder: windowFolder(),
        port,
        router: engine?.router ?? lockedRouter(at.data, lockable.why, (passphrase) => lockable.unlock(passphrase)),
        bytes: engine?.bytes ?? { open: () => undefined },
      }),
    )
    window = served
    opened.push(served)
    const local = await listenLocal(at.data, (argv, caller) => {
      const newAddress = () => served.newAddress()
      return lockable.engine
        ? runCommand(lockable.engine, argv, caller, newAddress)
        : runLocked(lockable, argv, caller, newAddress)
    })
    opened.push(local)
    const address = served.newAddress()
    const submission = engine?.submission ?? null
    const submissionTls = engine?.submissionTls ?? null
    const inbound = engine?.inbound ?? null
    const pop3 = engine?.pop3 ?? null
    const pop3Tls = engine?.pop3Tls ?? null
    if (args.has('--human')) await io.stdout(`Posthorn is at ${address}\n`)
    else
      await io.stdout(
        `${JSON.stringify({ ready: true, locked: engine === undefined, pid: process.pid, ui: address, submission, submissionTls, inbound, pop3, pop3Tls })}\n`,
      )
    if (args.has('--open')) openInBrowser(address)
    await Promise.race([stopped.then((signal) => log(`stopping: ${signal}`)), failed])
  } finally {
    for (const one of opened.reverse()) await one.close().catch((error: unknown) => log(`close: ${reasonOf(error)}`))
    await lockable.close()
    lock.release()
  }
  return status
}

const isServing = (holder: string) => holder.startsWith(`${SERVE} `)

/** A new address of the window that the running engine serves; undefined when it gives none. */
async function addressOfRunning(dataFolder: string, io: CommandIo): Promise<string | undefined> {
  let said = ''
  const stdout = (bytes: string | Uint8Array) => {
    said += Buffer.from(bytes).toString()
    return Promise.resolve()
  }
  const status = await callEngine(dataFolder, ['ui'], { ...io, stdout }).catch(() => undefined)
  return status === EXIT.ok ? said.trim() : undefined
}

/** Hands the address to the desktop's browser, where there is a desktop. */
function openInBrowser(address: string): void {
  const [command, args] =
    process.platform === 'darwin'
      ? ['open', [address]]
      : process.platform === 'win32'
        ? ['rundll32', ['url.dll,FileProtocolHandler', address]]
        : ['xdg-open', [address]]
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return
  const child = spawn(command as string, args as string[], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}
