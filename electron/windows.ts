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
  /** What stands behind the page's own address. */
  readonly address: string
  /** The commands it offers now; none before its page has said so. */
  offers: ReadonlySet<string>
  /** The languages it has checked, out of those of the settings; null for all. */
  spelling: readonly string[] | null
  /** Told when its page has kept what is written in it, while that is waited for. */
  onKept: (() => void) | undefined
  /** What is written in it is kept: it may end. */
  isKept: boolean
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

/** A page that does not answer keeps no window open for longer. */
const KEEP_MS = 2000

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

  /** Brings the window to the front that shows what stands at an address; opens it where there is none. */
  show(kind: WindowKind, address: string): OpenWindow {
    // A page may write its own address anew, as when what is written becomes a draft.
    const shows = ({ address: first, window }: OpenWindow) =>
      first === address || URL.parse(window.webContents.mainFrame.url)?.search === address
    const open = this.all.find((one) => one.kind === kind && shows(one))
    if (open === undefined) return this.open(kind, address)
    if (open.window.isMinimized()) open.window.restore()
    open.window.show()
    open.window.focus()
    return open
  }

  /** Has every window keep what is written in it. Resolves when all have, or do not answer; then they may end. */
  async keepAll(): Promise<void> {
    await Promise.all(this.all.map((open) => this.#keepWritten(open)))
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
    const open: OpenWindow = {
      kind,
      window,
      asks: new Asks(),
      address,
      offers: new Set(),
      spelling: null,
      onKept: undefined,
      isKept: false,
    }
    this.#open.add(open)
    window.once('ready-to-show', () => {
      if (maximized) window.maximize()
      window.show()
    })
    window.on('focus', () => this.#deps.onChanged())
    window.on('close', (event) => {
      this.#keep(open)
      const mayClose = this.#deps.mayClose(open)
      if (mayClose && (open.isKept || !open.asks.isHeard)) return
      event.preventDefault()
      if (mayClose && open.onKept === undefined)
        void this.#keepWritten(open).then(() => (window.isDestroyed() ? undefined : window.close()))
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

  /** Has the page of a window keep what is written in it; a page that nobody hears from has nothing. */
  async #keepWritten(open: OpenWindow): Promise<void> {
    if (open.isKept || !open.asks.isHeard) return
    const kept = Promise.withResolvers<void>()
    open.onKept = kept.resolve
    open.asks.push({ what: 'keep' })
    const timer = setTimeout(kept.resolve, KEEP_MS)
    await kept.promise
    clearTimeout(timer)
    open.onKept = undefined
    open.isKept = true
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
