/// <reference types="electron" />
/* The application: when it is ready, how it ends, and what it asks of the system. */
import { EventEmitter } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BrowserWindow, windowEvents, type WebContents } from './windows.ts'
import { lastOf, note, sendStoppable, world } from './world.ts'

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
    return join(import.meta.dirname, '../../..')
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
  relaunch(options?: Electron.RelaunchOptions): void {
    note('app.relaunch', options)
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
  constructor() {
    super()
    windowEvents.on('created', (contents: WebContents) => this.emit('web-contents-created', {}, contents))
    windowEvents.on('closed', () => this.#windowClosed())
  }
  #windowClosed(): void {
    if (BrowserWindow.getAllWindows().length === 0 && !this.#isQuitting) this.emit('window-all-closed')
  }
}
export const app = new App()
