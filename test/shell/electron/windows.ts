/// <reference types="electron" />
/* Windows and their pages. */
import { EventEmitter } from 'node:events'
import { session } from './web.ts'
import { note, sendStoppable } from './world.ts'

/** What gives windows a page; without one they stay empty. */
export interface PageHost {
  open(contents: WebContents, url: string): Promise<void>
  reload(contents: WebContents): void
  close(contents: WebContents): void
}
let pages: PageHost | undefined
export const setPages = (host: PageHost | undefined): void => void (pages = host)

/** `created` with the contents of a new window, `closed` when one has gone: the application tells of both. */
export const windowEvents = new EventEmitter()

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
  title = 'Mail – Posthorn'
  #isMaximized = false
  constructor(options: Electron.BrowserWindowConstructorOptions) {
    super()
    this.options = options
    const { x = 100, y = 100, width = 800, height = 600 } = options
    this.bounds = { x, y, width, height }
    BrowserWindow.#all.add(this)
    windowEvents.emit('created', this.webContents)
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
    return this.title
  }
  close(): void {
    if (this.isDestroyed() || sendStoppable(this, 'close', {})) return
    BrowserWindow.#all.delete(this)
    pages?.close(this.webContents)
    this.emit('closed')
    windowEvents.emit('closed')
  }
}
