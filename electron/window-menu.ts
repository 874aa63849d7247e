import { app, clipboard, dialog, Menu, type ContextMenuParams, type WebContents } from 'electron'
import { reasonOf } from '../core/base/fault.ts'
import { COMMANDS, isCommandId, keysOf, type CommandId } from '../core/model/command-table.ts'
import { t } from '../core/model/words.ts'
import { contextTemplate } from './context-menu.ts'
import type { Desk } from './desk.ts'
import { isAnywhere, menuTemplate } from './menu.ts'
import { print, savePdf } from './shell-handlers.ts'
import type { OpenWindow, Windows } from './windows.ts'

/** What the menus are wired to. */
export interface WindowMenuDeps {
  readonly platform: NodeJS.Platform
  readonly windows: Windows
  readonly desk: Desk
  readonly lookForUpdates: () => void
}

/** Commands that mean something whatever a window shows. */
const ANYWHERE: ReadonlySet<string> = new Set(Object.keys(COMMANDS).filter(isCommandId).filter(isAnywhere))

/** The application's menu and those of the second button, as the windows can do things now. */
export class WindowMenu {
  readonly #deps: WindowMenuDeps
  #shown = ''

  constructor(deps: WindowMenuDeps) {
    this.#deps = deps
  }

  /** Shows what the window in front can do. A menu that would be the same stays: one that is open would close. */
  show(): void {
    const { windows } = this.#deps
    const { front } = windows
    const parts = { ...this.#parts(front), offers: this.#offered(front), isPackaged: app.isPackaged }
    const template = menuTemplate(parts, {
      run: (id) => this.#run(id),
      print: () => this.#inFront((open) => void print(open)),
      savePdf: () => this.#inFront((open) => void this.#savePdf(open)),
      show: (page) => windows.ask({ what: 'show', hash: `#/settings/${page}` }),
      lookForUpdates: this.#deps.lookForUpdates,
    })
    // Its words, keys and what is grey: what its items do looks up the window in front by itself.
    const shown = JSON.stringify(template)
    if (shown === this.#shown) return
    this.#shown = shown
    Menu.setApplicationMenu(Menu.buildFromTemplate(template))
  }

  /** Opens the menu of what was clicked, where there is something to say. */
  popup(contents: WebContents, clicked: ContextMenuParams): void {
    const open = this.#deps.windows.of(contents)
    if (open === undefined) return
    const items = contextTemplate(clicked, this.#parts(open), {
      run: (id) => open.asks.push({ what: 'run', id }),
      copyText: (text) => void clipboard.writeText(text),
      copyImage: () => contents.copyImageAt(clicked.x, clicked.y),
      replaceWord: (word) => contents.replaceMisspelling(word),
      learnWord: (word) => void contents.session.addWordToSpellCheckerDictionary(word),
    })
    if (items.length > 0) Menu.buildFromTemplate(items).popup({ window: open.window })
  }

  #parts(open: OpenWindow | undefined) {
    const { 'keys.scheme': scheme, 'keys.own': own } = this.#deps.desk.settings
    return { platform: this.#deps.platform, keys: keysOf(scheme, own), offers: open?.offers }
  }

  /** What can be chosen in the menu: what the window in front can do, and what opens something in the main one. */
  #offered(front: OpenWindow | undefined): ReadonlySet<string> | undefined {
    if (front === undefined || front.kind === 'main') return front?.offers
    const main = this.#deps.windows.all.find(({ kind }) => kind === 'main')?.offers ?? ANYWHERE
    return new Set([...front.offers, ...ANYWHERE.intersection(main)])
  }

  /** A command is for the window that can do it; what none can do is for the main one. */
  #run(id: CommandId): void {
    const { windows } = this.#deps
    if (windows.front?.offers.has(id) === true) windows.front.asks.push({ what: 'run', id })
    else windows.ask({ what: 'run', id })
  }

  #inFront(act: (open: OpenWindow) => void): void {
    const { front } = this.#deps.windows
    if (front !== undefined) act(front)
  }

  #savePdf(open: OpenWindow): Promise<unknown> {
    return savePdf(open, open.window.getTitle()).catch((error: unknown) =>
      dialog.showErrorBox(t('The file could not be saved'), reasonOf(error)),
    )
  }
}
