import { BrowserWindow, nativeTheme, screen, type WebContents } from 'electron'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Ask } from '../core/rpc/shell-contract.ts'
import { Asks } from './asks.ts'
import { ORIGIN } from './origin.ts'
import { windowOptions } from './window-options.ts'
import { parseStates, placeOf, type WindowKind, type WindowState } from './window-state.ts'

/** A window that is open, with what is asked of it and what it can do. */
export interface OpenWindow {
  readonly kind: WindowKind
  readonly window: BrowserWindow
  readonly asks: Asks
  /** The commands it offers now; none before its page has said so. */
  offers: ReadonlySet<string>
}

/** What the windows are wired to. */
export interface WindowsDeps {
  readonly preload: string
  /** Where the windows' places are kept. */
  readonly statesFile: string
  readonly checksSpelling: () => boolean
  /** A window was opened, came to the front, or went; or what it offers changed. */
  readonly onChanged: () => void
  /** Whether a window may close now. */
  readonly mayClose: (open: OpenWindow) => boolean
  /** The person signs out or switches off (Windows). */
  readonly onSessionEnd: () => void
  readonly log: (line: string) => void
}

/** The windows of the application: one main window, and any number of others. Each opens where the last of its kind was. */
export class Windows {
  readonly #deps: WindowsDeps
  readonly #open = new Set<OpenWindow>()
  #states: Partial<Record<WindowKind, WindowState>>

  constructor(deps: WindowsDeps) {
    this.#deps = deps
    this.#states = { ...parseStates(readOr(deps.statesFile)) }
  }

  get all(): readonly OpenWindow[] {
    return [...this.#open]
  }
  /** The window of a page; undefined for a page of nobody's. */
  of(contents: WebContents): OpenWindow | undefined {
    return this.all.find(({ window }) => window.webContents === contents)
  }
  /** The window in front; else the main one, else any. */
  get front(): OpenWindow | undefined {
    return this.all.find(({ window }) => window.isFocused()) ?? this.#main() ?? this.all[0]
  }

  /** Brings the main window to the front; makes it where there is none. */
  showMain(): OpenWindow {
    const open = this.#main()
    if (open === undefined) return this.open('main')
    if (open.window.isMinimized()) open.window.restore()
    open.window.show()
    open.window.focus()
    return open
  }

  /** Asks something of the main window, which comes to the front for it. */
  ask(ask: Ask): void {
    this.showMain().asks.push(ask)
  }

  /** Opens a window; `address` is what stands behind the page's own address. */
  open(kind: WindowKind, address = ''): OpenWindow {
    const screens = [screen.getPrimaryDisplay(), ...screen.getAllDisplays()].map(({ workArea }) => workArea)
    const others = this.all.filter((one) => one.kind === kind).length
    const { maximized, ...place } = placeOf(kind, this.#states[kind], screens, others)
    const window = new BrowserWindow({
      ...windowOptions(kind, {
        preload: this.#deps.preload,
        isDark: nativeTheme.shouldUseDarkColors,
        checksSpelling: this.#deps.checksSpelling(),
      }),
      ...place,
    })
    const open: OpenWindow = { kind, window, asks: new Asks(), offers: new Set() }
    this.#open.add(open)
    window.once('ready-to-show', () => {
      if (maximized) window.maximize()
      window.show()
    })
    window.on('focus', () => this.#deps.onChanged())
    window.on('close', (event) => {
      this.#keep(open)
      if (!this.#deps.mayClose(open)) event.preventDefault()
    })
    window.on('query-session-end', (event) => {
      event.preventDefault()
      this.#deps.onSessionEnd()
    })
    window.on('closed', () => {
      this.#open.delete(open)
      this.#deps.onChanged()
    })
    void window.loadURL(`${ORIGIN}/${address}`)
    this.#deps.onChanged()
    return open
  }

  /** Loads every page anew: they find another engine then. */
  reload(): void {
    for (const { window } of this.#open) window.webContents.reload()
  }

  #main(): OpenWindow | undefined {
    return this.all.find(({ kind }) => kind === 'main')
  }

  /** Keeps where a window was; of a maximized one where it would go back to. */
  #keep({ kind, window }: OpenWindow): void {
    const { x, y, width, height } = window.getNormalBounds()
    this.#states = { ...this.#states, [kind]: { x, y, width, height, maximized: window.isMaximized() } }
    const { statesFile, log } = this.#deps
    try {
      mkdirSync(dirname(statesFile), { recursive: true })
      writeFileSync(`${statesFile}.new`, JSON.stringify(this.#states))
      renameSync(`${statesFile}.new`, statesFile)
    } catch (error) {
      log(`keep where the windows are: ${String(error)}`) // such as on a full disk
    }
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
