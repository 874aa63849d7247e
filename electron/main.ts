import { app, BrowserWindow, dialog, ipcMain, Menu, nativeTheme, protocol, session } from 'electron'
import { join, resolve } from 'node:path'
import { reasonOf } from '../core/base/fault.ts'
import { defaultDataFolder } from '../core/base/paths.ts'
import { readSettingsFile } from '../core/base/settings-file.ts'
import { startLockable, type Lockable } from '../core/engine-lock.ts'
import type { Engine } from '../core/engine.ts'
import { lockedRouter } from '../core/rpc/locked.ts'
import { servePort } from '../core/rpc/serve.ts'
import { CONNECT } from './handshake.ts'
import { hardenContents, hardenSession } from './harden.ts'
import { parseLaunchArguments } from './launch-arguments.ts'
import { menuTemplate } from './menu.ts'
import { isOurs, ORIGIN, SCHEME } from './origin.ts'
import { servePages, type Bytes } from './pages.ts'
import { windowOptions } from './window-options.ts'

/** The desktop shell: starts the engine, shows it in a window, and closes it before the application ends. */
const launch = parseLaunchArguments(process.argv)
const dataFolder = resolve(launch.data ?? defaultDataFolder())

protocol.registerSchemesAsPrivileged([
  { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
])
app.enableSandbox()
hardenContents(app, (contents) => BrowserWindow.fromWebContents(contents))
// Chromium's own files go with the mail they belong to, and one application runs for each data folder.
app.setPath('userData', join(dataFolder, 'window'))

// Electron is ready only after this file has been evaluated: a top-level await on it would wait for ever.
if (app.requestSingleInstanceLock()) void app.whenReady().then(run).catch(giveUp)
else app.quit()

async function run(): Promise<void> {
  let serve: ReturnType<typeof servePort> = () => {}
  const lockable = await start((engine) => {
    void engine.failed.then(giveUp)
    serve = servePort(engine.router)
    for (const window of BrowserWindow.getAllWindows()) window.webContents.reload() // it connects to the engine then
  })
  closeWithTheApplication(lockable)
  const { engine } = lockable
  void engine?.failed.then(giveUp)

  hardenSession(session.defaultSession)
  const bytes: Bytes = { open: (handle) => lockable.engine?.bytes.open(handle) }
  protocol.handle(SCHEME, servePages(join(import.meta.dirname, '../renderer'), bytes))
  serve = servePort(
    engine?.router ?? lockedRouter(dataFolder, lockable.why, (passphrase) => lockable.unlock(passphrase)),
  )
  ipcMain.on(CONNECT, (event) => {
    const [port] = event.ports
    if (port === undefined) return
    // Only the page of our own window, and no frame in it, talks to the engine.
    if (event.senderFrame !== event.sender.mainFrame || !isOurs(event.senderFrame?.url)) return port.close()
    serve(port)
    port.start()
  })

  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(process.platform, app.isPackaged)))
  app.on('second-instance', showWindow)
  app.on('activate', showWindow)
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  showWindow()
}

/** Starts the engine. Where the key is out of reach the window opens all the same, says so, and takes the passphrase. */
function start(onUnlocked: (engine: Engine) => void): Promise<Lockable> {
  return startLockable(
    {
      dataFolder,
      ...(launch.keyFile === undefined ? {} : { keyFile: launch.keyFile }),
      fileSettings: readSettingsFile(launch.settings, dataFolder),
      nativeBinding: nativeBinding(),
      log: (line) => console.error(`${new Date().toISOString()} ${line}`),
    },
    onUnlocked,
  )
}

/** What is under way comes to its end before the application does. */
function closeWithTheApplication(engine: Lockable): void {
  let isClosed = false
  app.on('will-quit', (event) => {
    if (isClosed) return
    event.preventDefault()
    void engine
      .close()
      .catch((error: unknown) => console.error(`posthorn: close the engine: ${reasonOf(error)}`))
      .finally(() => {
        isClosed = true
        app.quit()
      })
  })
}

/** Brings the window to the front; makes it where there is none. */
function showWindow(): void {
  const [open] = BrowserWindow.getAllWindows()
  if (open !== undefined) {
    if (open.isMinimized()) open.restore()
    return open.focus()
  }
  const window = new BrowserWindow(
    windowOptions(join(import.meta.dirname, 'preload.cjs'), nativeTheme.shouldUseDarkColors),
  )
  window.once('ready-to-show', () => window.show())
  void window.loadURL(`${ORIGIN}/`)
}

/** SQLite's addon: beside the application where it is packaged, in node_modules of a clone. */
function nativeBinding(): string {
  const name = `${process.platform}-${process.arch}.node`
  return app.isPackaged
    ? join(process.resourcesPath, 'native', name)
    : join(import.meta.dirname, '../../node_modules/better-sqlite3/prebuilds', name)
}

/** The engine would not start, or can't go on: says why, and ends. */
function giveUp(error: unknown): void {
  console.error(`posthorn: ${reasonOf(error)}`)
  dialog.showErrorBox('Posthorn has to stop', reasonOf(error))
  app.exit(1)
}
