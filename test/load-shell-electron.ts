import { EventEmitter } from 'node:events'

/**
 * Stands in for Electron where the built bundle is loaded without it: records what the shell asks for and lets
 * `load-shell.ts` play the system's part. It proves what is called, not that a window opens.
 */
type Handler = (...args: never[]) => unknown

/** What the shell has set, by the name of the call. */
export const recorded = new Map<string, readonly unknown[]>()
const record =
  (name: string) =>
  (...args: readonly unknown[]): void =>
    void recorded.set(name, args)

/** The handler given to a call, to be called as Electron would. */
export function handlerOf<T extends Handler>(name: string, position = 0): T {
  const handler = recorded.get(name)?.[position]
  if (typeof handler !== 'function') throw new Error(`the shell never called ${name} with a handler`)
  return handler as T
}

const ready = Promise.withResolvers<void>()
/** Electron is ready only once the main file has been evaluated. */
export const becomeReady = (): void => ready.resolve()

export const app = Object.assign(new EventEmitter(), {
  isPackaged: false,
  whenReady: () => ready.promise,
  requestSingleInstanceLock: () => true,
  enableSandbox: record('app.enableSandbox'),
  setPath: record('app.setPath'),
  quit: record('app.quit'),
  exit: record('app.exit'),
})

export class WebContents extends EventEmitter {
  readonly mainFrame = { url: 'app://posthorn/' }
  readonly setWindowOpenHandler = record('webContents.setWindowOpenHandler')
  readonly reload = () => this.emit('reloaded')
}

export class BrowserWindow extends EventEmitter {
  static readonly all: BrowserWindow[] = []
  static getAllWindows = () => BrowserWindow.all
  static fromWebContents = (contents: WebContents) =>
    BrowserWindow.all.find((window) => window.webContents === contents) ?? null
  readonly webContents = new WebContents()
  readonly options: { readonly webPreferences: Readonly<Record<string, unknown>> }
  readonly show = record('window.show')
  readonly focus = record('window.focus')
  readonly isMinimized = () => false
  readonly loadURL = async (url: string) => record('window.loadURL')(url)

  constructor(options: BrowserWindow['options']) {
    super()
    this.options = options
    BrowserWindow.all.push(this)
    app.emit('web-contents-created', {}, this.webContents)
  }
}

export const protocol = {
  registerSchemesAsPrivileged: record('protocol.registerSchemesAsPrivileged'),
  handle: record('protocol.handle'),
}
export const session = {
  defaultSession: {
    setPermissionRequestHandler: record('session.setPermissionRequestHandler'),
    setPermissionCheckHandler: record('session.setPermissionCheckHandler'),
    setDevicePermissionHandler: record('session.setDevicePermissionHandler'),
    webRequest: { onBeforeRequest: record('session.webRequest.onBeforeRequest') },
  },
}
export const ipcMain = new EventEmitter()
export const Menu = {
  setApplicationMenu: record('Menu.setApplicationMenu'),
  buildFromTemplate: (template: unknown) => template,
}
export const nativeTheme = { shouldUseDarkColors: false }
export const shell = { openExternal: record('shell.openExternal') }
export const dialog = {
  showErrorBox: record('dialog.showErrorBox'),
  showMessageBox: async () => ({ response: 0 }),
}

// What the preload script uses.
export const contextBridge = { exposeInMainWorld: record('contextBridge.exposeInMainWorld') }
export const ipcRenderer = { postMessage: record('ipcRenderer.postMessage') }
