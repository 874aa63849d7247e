/// <reference types="electron" />
/* What the desktop shows and asks: menus, tray, notifications, dialogs; its screens, its power, its keyring. */
import { EventEmitter } from 'node:events'
import { note, world } from './world.ts'

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
