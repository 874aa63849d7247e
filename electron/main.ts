import { app, BrowserWindow, protocol } from 'electron'
import { join, resolve } from 'node:path'
import { noteCrash } from '../core/base/crash-notes.ts'
import { reasonOf } from '../core/base/fault.ts'
import { defaultDataFolder } from '../core/base/paths.ts'
import { hardenContents } from './harden.ts'
import { commandLineOf, openedBy, parseLaunchArguments } from './launch-arguments.ts'
import { SCHEME } from './origin.ts'

/*
 * Where Electron begins. Started with `--cli` the program is the command line and nothing of the desktop; else it is the desktop
 * application, one for each data folder. Electron is ready only after this file has been evaluated, imports included: waiting for
 * that here would wait for ever.
 */
const commandLine = commandLineOf(process.argv)
if (commandLine !== undefined) {
  const { runCommandLine } = await import('./command-line.ts')
  app.exit(await runCommandLine(commandLine))
} else await startDesktop()

async function startDesktop(): Promise<void> {
  const argv = [...process.argv]
  const launch = parseLaunchArguments(argv, process.cwd())
  const dataFolder = resolve(launch.data ?? defaultDataFolder())
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
  ])
  app.enableSandbox()
  // Names of hosts in a mail's links are looked up by nobody.
  app.commandLine.appendSwitch('dns-prefetch-disable')
  // Chromium's own files go with the mail they belong to, and one application runs for each data folder.
  app.setPath('userData', join(dataFolder, 'window'))
  if (!app.requestSingleInstanceLock({ argv: process.argv, cwd: process.cwd() })) return app.quit()

  const { Shell } = await import('./shell.ts')
  const shell = new Shell({ launch, dataFolder, argv, nativeBinding: nativeBinding(), platform: process.platform })
  const { ending } = shell
  const giveUp = (error: unknown) => ending.giveUp(error)
  process.on('uncaughtException', giveUp)
  process.on('unhandledRejection', (error) => {
    noteCrash(dataFolder, 'engine, which went on', error)
    console.error(`posthorn: ${reasonOf(error)}`)
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void ending.end())

  hardenContents(app, {
    windowOf: (contents) => BrowserWindow.fromWebContents(contents),
    onMailto: (mail) => shell.open([{ kind: 'mailto', mail }]),
  })
  // On a Mac the system says what to open.
  const onOpen = (event: { preventDefault(): void }, word: string) => {
    event.preventDefault()
    shell.open(openedBy(word, '/') ?? [])
  }
  app.on('open-url', onOpen)
  app.on('open-file', onOpen)
  app.on('second-instance', (_event, argv, cwd, handed) => {
    const said = startOf(handed)
    shell.onSecondStart(said?.argv ?? argv, said?.cwd ?? cwd)
  })
  app.on('activate', () => shell.open([]))
  app.on('window-all-closed', () => ending.onAllClosed())
  app.on('before-quit', (event) => ending.onBeforeQuit(event))
  app.on('will-quit', (event) => ending.onWillQuit(event))
  void app
    .whenReady()
    .then(() => shell.start())
    .catch(giveUp)
}

/** The arguments of another start as it handed them over: Chromium changes the order of those it passes on itself. */
function startOf(handed: unknown): { readonly argv: readonly string[]; readonly cwd: string } | undefined {
  if (typeof handed !== 'object' || handed === null || !('argv' in handed) || !('cwd' in handed)) return undefined
  const { argv, cwd } = handed
  if (!Array.isArray(argv) || argv.length > 1000 || typeof cwd !== 'string') return undefined
  return argv.every((one) => typeof one === 'string') ? { argv, cwd } : undefined
}

/** SQLite's addon: beside the application where it is packaged, in node_modules of a clone. */
function nativeBinding(): string {
  const name = `${process.platform}-${process.arch}.node`
  return app.isPackaged
    ? join(process.resourcesPath, 'native', name)
    : join(import.meta.dirname, '../../node_modules/better-sqlite3/prebuilds', name)
}
