import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { constants, Script } from 'node:vm'
import { MessageChannel } from 'node:worker_threads'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll } from 'vitest'
import type { Contract } from '../../core/rpc/contract.ts'
import type { ShellContract } from '../../core/rpc/shell-contract.ts'
import { callEngine } from '../../core/host/local-socket.ts'
import { openBrowser } from '../support/browser.ts'
import { heardIo } from '../support/heard-io.ts'
import { eventually } from '../support/posthorn.ts'
import type * as StandIn from './electron.ts'
import { Pages } from './pages.ts'

/** Loads a file as Node does, and not as the test runner does: the built bundles and what they share are the real ones. */
const load = new Script('(url) => import(url)', {
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
}).runInThisContext() as (url: string) => Promise<unknown>
const main = new URL('../../dist/electron/main.js', import.meta.url).href
const standIn = new URL('electron.ts', import.meta.url).href

let started = 0
/** One Chromium for the applications of a file: each has a context of its own in it, as if nobody else were there. */
let browser: Promise<Browser> | undefined
afterAll(async () => {
  await (await browser)?.close()
})

/** A data folder with its key file and settings, gone when the test is. */
export class ShellHome {
  readonly root = mkdtempSync(join(tmpdir(), 'posthorn-shell-'))
  readonly data = join(this.root, 'data')
  readonly keyFile = join(this.root, 'shell.key')
  readonly settingsFile = join(this.root, 'settings.json')
  constructor(settings: object = {}) {
    writeFileSync(this.settingsFile, JSON.stringify({ submission: { port: 0, tlsPort: null }, ...settings }))
  }
  get argv(): string[] {
    return ['--data', this.data, '--key-file', this.keyFile, '--settings', this.settingsFile]
  }
  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** The built application beside its own stand-in for Electron. */
export class Application {
  readonly electron: typeof StandIn
  readonly pages: Pages | undefined
  readonly #context: BrowserContext | undefined

  private constructor(electron: typeof StandIn, context?: BrowserContext) {
    this.electron = electron
    this.#context = context
    this.pages = context === undefined ? undefined : new Pages(electron, context)
  }

  /**
   * Starts it with arguments. `prepare` sets the world before it begins; with `pages` its windows have pages in Chromium. Several in
   * one process do not know of each other.
   */
  static async start(
    argv: readonly string[],
    { prepare, pages = false }: { prepare?: (world: typeof StandIn.world) => void; pages?: boolean } = {},
  ): Promise<Application> {
    const mark = `?application=${++started}`
    const isMarked = (url: string | undefined) => url?.endsWith(mark) === true
    registerHooks({
      resolve(specifier, context, next) {
        if (!isMarked(context.parentURL)) return next(specifier, context)
        if (specifier === 'electron') return { url: standIn + mark, format: 'module-typescript', shortCircuit: true }
        const found = next(specifier, context)
        return specifier.startsWith('.') && /\/(?:dist|test\/shell)\/electron\//.test(found.url)
          ? { ...found, url: found.url + mark }
          : found
      },
    })
    const electron = (await load(standIn + mark)) as typeof StandIn
    prepare?.(electron.world)
    showTray(electron.world.trayIsSeen)
    if (pages) browser ??= openBrowser()
    const context = pages
      ? await (await browser)?.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' })
      : undefined
    const application = new Application(electron, context)
    const before = process.argv
    process.argv = ['/usr/bin/electron', '/clone', ...argv]
    try {
      await load(main + mark)
    } finally {
      process.argv = before
    }
    electron.becomeReady()
    return application
  }

  get windows(): StandIn.BrowserWindow[] {
    return this.electron.BrowserWindow.getAllWindows()
  }
  /** The page of the window that was opened as the `number`th. */
  async page(number = 0): Promise<Page> {
    const window = await eventually(() => this.windows[number], 'a window')
    if (this.pages === undefined) throw new Error('this application has no pages')
    return this.pages.of(window)
  }

  /** A line to the shell and the engine as the page of a window has it, without a page. */
  line(number = 0): ContractRouterClient<Contract & { shell: ShellContract }> {
    const { ipcMain, MessagePortMain } = this.electron
    const { webContents } = this.windows[number]!
    const { port1, port2 } = new MessageChannel()
    const port = new MessagePortMain(
      (data) => port1.postMessage(data),
      () => port1.close(),
    )
    port1.on('message', (data) => port.hear(data))
    port1.unref()
    port2.unref()
    ipcMain.emit('posthorn:connect', { sender: webContents, senderFrame: webContents.mainFrame, ports: [port] }, null)
    return createORPCClient(new RPCLink({ port: port2 }))
  }

  /** Chooses an item of the application menu by its id, as a person does: what is grey is not chosen. */
  choose(id: string): void {
    const [menu] = this.electron.lastOf('Menu.setApplicationMenu') as [StandIn.StandInMenu]
    press(menu, id)
  }
  /** Whether an item of the application menu can be chosen. */
  offers(id: string): boolean {
    const [menu] = this.electron.lastOf('Menu.setApplicationMenu') as [StandIn.StandInMenu]
    return find(menu.items, id)?.enabled !== false
  }

  /** Asks it to quit, as the menu does, and waits for its end. Mail that waits keeps nobody. */
  async quit(): Promise<number> {
    this.electron.world.answers.splice(0, Infinity, 0, 0)
    this.electron.app.quit()
    const status = await this.electron.hasEnded
    await this.close()
    return status
  }
  async close(): Promise<void> {
    this.electron.setPages(undefined)
    await this.#context?.close()
  }
}

/** A command of this person's, as the command line sends it to the engine of the desktop. */
export async function command(home: ShellHome, argv: readonly string[], stdin = ''): Promise<string> {
  const heard = heardIo('/', stdin)
  const status = await eventually(() => callEngine(home.data, argv, heard.io), 'the engine to answer')
  if (status !== 0) throw new Error(`posthorn ${argv.join(' ')} ended with ${status}: ${heard.stderr()}`)
  return heard.stdout().toString()
}

/** The tray's icon, once it has a menu. */
export const trayOf = ({ electron }: Application) =>
  eventually(() => (electron.Tray.all[0]?.menu === undefined ? undefined : electron.Tray.all[0]), 'the tray')

/** What a Linux desktop answers when it is asked over the bus whether somebody shows tray icons: a program of that name does. */
function showTray(isSeen: boolean): void {
  const answer = isSeen ? 'true' : 'false'
  const folder = join(bus, answer)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'busctl'), `#!/bin/sh\necho "b ${answer}"\n`, { mode: 0o755 })
  process.env['PATH'] = `${folder}${delimiter}${usualPath}`
}
const bus = mkdtempSync(join(tmpdir(), 'posthorn-bus-'))
const usualPath = process.env['PATH'] ?? ''
process.once('exit', () => rmSync(bus, { recursive: true, force: true }))

/** Chooses an item of a menu by its id. */
export function press(menu: Pick<StandIn.StandInMenu, 'items'>, id: string): void {
  const item = find(menu.items, id)
  if (item === undefined) throw new Error(`there is no "${id}" in the menu`)
  if (item.enabled === false) throw new Error(`"${id}" is grey`)
  const click = item.click as (() => void) | undefined
  click?.()
}

function find(
  items: readonly Electron.MenuItemConstructorOptions[],
  id: string,
): Electron.MenuItemConstructorOptions | undefined {
  for (const item of items) {
    if (item.id === id) return item
    const inner = Array.isArray(item.submenu) ? find(item.submenu, id) : undefined
    if (inner !== undefined) return inner
  }
  return undefined
}
