/// <reference types="electron" />
/*
 * A stand-in for Electron's main process: what the shell uses of it, checked against Electron's own declarations, with the order of
 * events that its documentation promises. It shows nothing; `application.ts` gives each window a page in Chromium.
 */
import { EventEmitter } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Everything that was asked of the system, in order. */
export const calls: { readonly what: string; readonly args: readonly unknown[] }[] = []
const note = (what: string, ...args: readonly unknown[]): void => void calls.push({ what, args })
/** The arguments of the latest call of that name; undefined where there was none. */
export const lastOf = (what: string): readonly unknown[] | undefined =>
  calls.findLast((call) => call.what === what)?.args

/** What a test decides beforehand: how the system is, and what its person answers. */
export const world = {
  isFirst: true,
  isPackaged: false,
  languages: ['en-GB'],
  online: true,
  trayIsSeen: true,
  notifications: true,
  /** The answers of dialogs to come, by the number of the button; without one Escape is pressed. */
  answers: [] as number[],
  /** What the web answers; nothing is there until a test says so. */
  web: (address: string): Promise<Response> => Promise.reject(new Error(`nothing answers at ${address}`)),
  /** The paths that file dialogs to come give. */
  paths: [] as string[][],
  keyring: 'gnome_libsecret' as ReturnType<Electron.SafeStorage['getSelectedStorageBackend']>,
  /** Another keyring than the one that sealed: it opens nothing. */
  keyringNumber: 1,
  displays: [{ x: 0, y: 0, width: 1920, height: 1080 }],
}

/** An event whose way on can be stopped. */
export class StandInEvent {
  defaultPrevented = false
  preventDefault(): void {
    this.defaultPrevented = true
  }
}
/** Sends an event that can be stopped; true where somebody did. */
export function sendStoppable(to: EventEmitter, name: string, facts: object, ...more: readonly unknown[]): boolean {
  const event = Object.assign(new StandInEvent(), facts)
  to.emit(name, event, ...more)
  return event.defaultPrevented
}

/** What gives windows a page; without one they stay empty. */
export interface PageHost {
  open(contents: WebContents, url: string): Promise<void>
  reload(contents: WebContents): void
  close(contents: WebContents): void
}
let pages: PageHost | undefined
export const setPages = (host: PageHost | undefined): void => void (pages = host)

const ready = Promise.withResolvers<void>()
const ended = Promise.withResolvers<number>()
/** Electron is ready only once the main file has been evaluated. */
export const becomeReady = (): void => ready.resolve()
// What is required, and not imported, gets this file without the mark of its application: it comes later than that.
if (!import.meta.url.includes('?')) becomeReady()
/** Resolves to the exit status when the application has ended. */
export const hasEnded: Promise<number> = ended.promise

class App
  extends EventEmitter
  implements
    Pick<
      Electron.App,
      | 'whenReady'
      | 'requestSingleInstanceLock'
      | 'enableSandbox'
      | 'setPath'
      | 'getPath'
      | 'getAppPath'
      | 'quit'
      | 'exit'
      | 'relaunch'
      | 'getPreferredSystemLanguages'
      | 'isDefaultProtocolClient'
      | 'setAsDefaultProtocolClient'
      | 'setBadgeCount'
      | 'setLoginItemSettings'
      | 'getLoginItemSettings'
      | 'isPackaged'
      | 'getVersion'
      | 'getName'
    >
{
  #isQuitting = false
  readonly commandLine: Pick<Electron.CommandLine, 'appendSwitch'> = {
    appendSwitch: (name, value) => note('commandLine.appendSwitch', name, value),
  }
  readonly dock: Pick<Electron.Dock, 'setMenu'> = { setMenu: (menu) => note('dock.setMenu', menu) }
  get isPackaged(): boolean {
    return world.isPackaged
  }
  whenReady(): Promise<void> {
    return ready.promise
  }
  requestSingleInstanceLock(handed?: Record<string, unknown>): boolean {
    note('app.requestSingleInstanceLock', handed)
    return world.isFirst
  }
  enableSandbox(): void {
    note('app.enableSandbox')
  }
  setPath(name: string, path: string): void {
    note('app.setPath', name, path)
  }
  getPath(): string {
    return tmpdir()
  }
  getAppPath(): string {
    return join(import.meta.dirname, '../..')
  }
  getVersion(): string {
    return '0.1.0'
  }
  getName(): string {
    return 'posthorn'
  }
  getPreferredSystemLanguages(): string[] {
    return world.languages
  }
  isDefaultProtocolClient(): boolean {
    return lastOf('app.setAsDefaultProtocolClient') !== undefined
  }
  setAsDefaultProtocolClient(protocol: string): boolean {
    note('app.setAsDefaultProtocolClient', protocol)
    return true
  }
  setBadgeCount(count?: number): boolean {
    note('app.setBadgeCount', count)
    return true
  }
  setLoginItemSettings(settings: Electron.Settings): void {
    note('app.setLoginItemSettings', settings)
  }
  getLoginItemSettings(): Electron.LoginItemSettings {
    return {
      openAtLogin: false,
      wasOpenedAtLogin: false,
      status: 'not-registered',
      executableWillLaunchAtLogin: false,
      launchItems: [],
    }
  }
  relaunch(): void {
    note('app.relaunch')
  }
  exit(status = 0): void {
    note('app.exit', status)
    ended.resolve(status)
  }
  /** https://www.electronjs.org/docs/latest/api/app: `before-quit`, then every window is closed, then `will-quit`. */
  quit(): void {
    note('app.quit')
    if (sendStoppable(this, 'before-quit', {})) return
    this.#isQuitting = true
    for (const window of BrowserWindow.getAllWindows()) {
      window.close()
      if (!window.isDestroyed()) {
        this.#isQuitting = false
        return
      }
    }
    if (sendStoppable(this, 'will-quit', {})) return
    this.emit('quit', {}, 0)
    ended.resolve(0)
  }
  /** Told of a window that has gone. */
  windowClosed(): void {
    if (BrowserWindow.getAllWindows().length === 0 && !this.#isQuitting) this.emit('window-all-closed')
  }
}
export const app = new App()

type PickedContents = Pick<
  Electron.WebContents,
  'setWindowOpenHandler' | 'reload' | 'print' | 'printToPDF' | 'copyImageAt' | 'replaceMisspelling'
>
export class WebContents extends EventEmitter implements PickedContents {
  /** The frame that the window's page is; its address as the shell knows it. */
  readonly mainFrame = { url: '' }
  readonly session = session.defaultSession
  windowOpenHandler: Parameters<Electron.WebContents['setWindowOpenHandler']>[0] | undefined
  setWindowOpenHandler(handler: Parameters<Electron.WebContents['setWindowOpenHandler']>[0]): void {
    this.windowOpenHandler = handler
  }
  reload(): void {
    note('webContents.reload')
    pages?.reload(this)
    this.emit('reloaded')
  }
  print(options: Electron.WebContentsPrintOptions, done?: (success: boolean, failure: string) => void): void {
    note('webContents.print', options)
    done?.(true, '')
  }
  printToPDF(options: Electron.PrintToPDFOptions): Promise<Buffer> {
    note('webContents.printToPDF', options)
    return Promise.resolve(Buffer.from('%PDF-1.7 of a test'))
  }
  copyImageAt(x: number, y: number): void {
    note('webContents.copyImageAt', x, y)
  }
  replaceMisspelling(word: string): void {
    note('webContents.replaceMisspelling', word)
  }
}

type PickedWindow = Pick<
  Electron.BrowserWindow,
  | 'loadURL'
  | 'show'
  | 'focus'
  | 'restore'
  | 'maximize'
  | 'close'
  | 'isMinimized'
  | 'isMaximized'
  | 'isFocused'
  | 'isDestroyed'
  | 'getNormalBounds'
  | 'getTitle'
>
export class BrowserWindow extends EventEmitter implements PickedWindow {
  static readonly #all = new Set<BrowserWindow>()
  static #focused: BrowserWindow | undefined
  static getAllWindows = (): BrowserWindow[] => [...BrowserWindow.#all]
  static fromWebContents = (contents: WebContents): BrowserWindow | null =>
    BrowserWindow.getAllWindows().find((window) => window.webContents === contents) ?? null

  readonly webContents = new WebContents()
  readonly options: Electron.BrowserWindowConstructorOptions
  bounds: Electron.Rectangle
  isVisible = false
  #isMaximized = false
  constructor(options: Electron.BrowserWindowConstructorOptions) {
    super()
    this.options = options
    const { x = 100, y = 100, width = 800, height = 600 } = options
    this.bounds = { x, y, width, height }
    BrowserWindow.#all.add(this)
    app.emit('web-contents-created', {}, this.webContents)
  }
  async loadURL(url: string): Promise<void> {
    note('window.loadURL', url)
    this.webContents.mainFrame.url = url
    await pages?.open(this.webContents, url)
    this.emit('ready-to-show')
  }
  show(): void {
    this.isVisible = true
    this.focus()
  }
  focus(): void {
    BrowserWindow.#focused = this
    this.emit('focus')
  }
  restore(): void {}
  maximize(): void {
    this.#isMaximized = true
  }
  isMinimized(): boolean {
    return false
  }
  isMaximized(): boolean {
    return this.#isMaximized
  }
  isFocused(): boolean {
    return BrowserWindow.#focused === this
  }
  isDestroyed(): boolean {
    return !BrowserWindow.#all.has(this)
  }
  getNormalBounds(): Electron.Rectangle {
    return this.bounds
  }
  getTitle(): string {
    return 'Mail – Posthorn'
  }
  close(): void {
    if (this.isDestroyed() || sendStoppable(this, 'close', {})) return
    BrowserWindow.#all.delete(this)
    pages?.close(this.webContents)
    this.emit('closed')
    app.windowClosed()
  }
}

/** One end of a channel between a page and the main process: `message` carries an event with the data. */
export class MessagePortMain
  extends EventEmitter
  implements Pick<Electron.MessagePortMain, 'postMessage' | 'start' | 'close'>
{
  readonly #send: (data: unknown) => void
  readonly #hangUp: () => void
  #early: unknown[] | undefined = []
  #isOpen = true
  constructor(send: (data: unknown) => void, hangUp: () => void) {
    super()
    this.#send = send
    this.#hangUp = hangUp
  }
  /** The page said something. */
  hear(data: unknown): void {
    if (this.#early === undefined) this.emit('message', { data, ports: [] })
    else this.#early.push(data)
  }
  /** The page has gone, or has closed its end. */
  hearEnd(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.emit('close')
  }
  postMessage(message: unknown): void {
    if (this.#isOpen) this.#send(message)
  }
  start(): void {
    const early = this.#early ?? []
    this.#early = undefined
    for (const data of early) this.emit('message', { data, ports: [] })
  }
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#hangUp()
    this.emit('close')
  }
}

class Session
  extends EventEmitter
  implements
    Pick<
      Electron.Session,
      | 'setPermissionRequestHandler'
      | 'setPermissionCheckHandler'
      | 'setDevicePermissionHandler'
      | 'setSpellCheckerEnabled'
      | 'setSpellCheckerLanguages'
      | 'addWordToSpellCheckerDictionary'
      | 'availableSpellCheckerLanguages'
    >
{
  readonly availableSpellCheckerLanguages = ['de', 'en-GB', 'en-US', 'fr']
  requestHandler: Parameters<Electron.Session['setPermissionRequestHandler']>[0] = null
  checkHandler: Parameters<Electron.Session['setPermissionCheckHandler']>[0] = null
  deviceHandler: Parameters<Electron.Session['setDevicePermissionHandler']>[0] = null
  beforeRequest:
    ((details: { readonly url: string }, answer: (verdict: { readonly cancel?: boolean }) => void) => void) | undefined
  readonly webRequest = {
    onBeforeRequest: (
      filter: { readonly urls: readonly string[] },
      listener: NonNullable<Session['beforeRequest']>,
    ) => {
      note('webRequest.onBeforeRequest', filter)
      this.beforeRequest = listener
    },
  }
  setPermissionRequestHandler(handler: Session['requestHandler']): void {
    this.requestHandler = handler
  }
  setPermissionCheckHandler(handler: Session['checkHandler']): void {
    this.checkHandler = handler
  }
  setDevicePermissionHandler(handler: Session['deviceHandler']): void {
    this.deviceHandler = handler
  }
  setSpellCheckerEnabled(isOn: boolean): void {
    note('session.setSpellCheckerEnabled', isOn)
  }
  setSpellCheckerLanguages(languages: string[]): void {
    note('session.setSpellCheckerLanguages', languages)
  }
  addWordToSpellCheckerDictionary(word: string): boolean {
    note('session.addWordToSpellCheckerDictionary', word)
    return true
  }
}
export const session = {
  defaultSession: new Session(),
  /** Sessions that no window has, each with the web that the world has. */
  fromPartition: (name: string) => {
    note('session.fromPartition', name)
    return { fetch: (address: string) => world.web(address) }
  },
}

/** What answers the application's own scheme. */
export let answerScheme: ((request: Request) => Response | Promise<Response>) | undefined
export const protocol: Pick<Electron.Protocol, 'registerSchemesAsPrivileged' | 'handle'> = {
  registerSchemesAsPrivileged: (schemes) => note('protocol.registerSchemesAsPrivileged', schemes),
  handle(scheme, handler) {
    note('protocol.handle', scheme)
    answerScheme = handler as typeof answerScheme
  },
}
export const ipcMain = new EventEmitter()

export interface StandInMenu {
  readonly items: readonly Electron.MenuItemConstructorOptions[]
  popup(options?: Electron.PopupOptions): void
}
export const Menu = {
  buildFromTemplate(items: readonly Electron.MenuItemConstructorOptions[]): StandInMenu {
    return { items, popup: (options) => note('menu.popup', items, options) }
  },
  setApplicationMenu: (menu: StandInMenu) => note('Menu.setApplicationMenu', menu),
}
export class Tray extends EventEmitter implements Pick<Electron.Tray, 'setToolTip' | 'destroy'> {
  static readonly all: Tray[] = []
  menu: StandInMenu | undefined
  tip = ''
  isThere = true
  readonly icon: unknown
  constructor(icon: unknown) {
    super()
    this.icon = icon
    Tray.all.push(this)
  }
  setToolTip(tip: string): void {
    this.tip = tip
  }
  setContextMenu(menu: StandInMenu): void {
    this.menu = menu
  }
  destroy(): void {
    this.isThere = false
  }
}
export const nativeImage = {
  createEmpty: () => {
    const representations: unknown[] = []
    return { representations, addRepresentation: (one: unknown) => void representations.push(one) }
  },
}
export class Notification extends EventEmitter implements Pick<Electron.Notification, 'show' | 'title' | 'body'> {
  static readonly all: Notification[] = []
  static isSupported = (): boolean => world.notifications
  readonly title: string
  readonly body: string
  readonly options: Electron.NotificationConstructorOptions
  constructor(options: Electron.NotificationConstructorOptions) {
    super()
    this.options = options
    this.title = options.title ?? ''
    this.body = options.body ?? ''
  }
  show(): void {
    Notification.all.push(this)
    note('notification.show', this.title, this.body)
  }
}

/** The window, where one is named, comes before the options. */
function optionsOf<T>(args: readonly unknown[]): T {
  return args.at(-1) as T
}
function answer({ cancelId = 0 }: Electron.MessageBoxOptions): number {
  return world.answers.shift() ?? cancelId
}
export const dialog = {
  showErrorBox: (title: string, content: string) => note('dialog.showErrorBox', title, content),
  showMessageBox(...args: unknown[]): Promise<Electron.MessageBoxReturnValue> {
    const options = optionsOf<Electron.MessageBoxOptions>(args)
    note('dialog.showMessageBox', options)
    return Promise.resolve({ response: answer(options), checkboxChecked: false })
  },
  showMessageBoxSync(...args: unknown[]): number {
    const options = optionsOf<Electron.MessageBoxOptions>(args)
    note('dialog.showMessageBoxSync', options)
    return answer(options)
  },
  showOpenDialog(...args: unknown[]): Promise<Electron.OpenDialogReturnValue> {
    note('dialog.showOpenDialog', optionsOf(args))
    const filePaths = world.paths.shift()
    return Promise.resolve({ canceled: filePaths === undefined, filePaths: filePaths ?? [] })
  },
  showSaveDialog(...args: unknown[]): Promise<Electron.SaveDialogReturnValue> {
    note('dialog.showSaveDialog', optionsOf(args))
    const [filePath] = world.paths.shift() ?? []
    return Promise.resolve({ canceled: filePath === undefined, filePath: filePath ?? '' })
  },
}
export const shell: Pick<Electron.Shell, 'openExternal'> = {
  async openExternal(url) {
    note('shell.openExternal', url)
  },
}
export const clipboard: Pick<Electron.Clipboard, 'writeText'> = {
  async writeText(text) {
    note('clipboard.writeText', text)
  },
}
export const nativeTheme: Pick<Electron.NativeTheme, 'shouldUseDarkColors'> = { shouldUseDarkColors: false }
export const net: Pick<Electron.Net, 'isOnline'> = { isOnline: () => world.online }
export const powerMonitor = new EventEmitter()
const display = (workArea: Electron.Rectangle) => ({ workArea }) as Electron.Display
export const screen: Pick<Electron.Screen, 'getPrimaryDisplay' | 'getAllDisplays'> = {
  getPrimaryDisplay: () => display(world.displays[0] ?? { x: 0, y: 0, width: 1024, height: 768 }),
  getAllDisplays: () => world.displays.map(display),
}
export const safeStorage: Pick<
  Electron.SafeStorage,
  'getSelectedStorageBackend' | 'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync'
> = {
  getSelectedStorageBackend: () => world.keyring,
  isAsyncEncryptionAvailable: async () => world.keyring !== 'unknown',
  encryptStringAsync: async (text) => Buffer.from(`${world.keyringNumber}:${Buffer.from(text).toString('hex')}`),
  async decryptStringAsync(sealed) {
    const [number, hex = ''] = sealed.toString().split(':')
    if (Number(number) !== world.keyringNumber || world.keyring === 'basic_text')
      throw new Error('Error while decrypting the ciphertext provided to safeStorage.decryptStringAsync.')
    return { result: Buffer.from(hex, 'hex').toString(), shouldReEncrypt: false }
  },
}
