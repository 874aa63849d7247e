import { app, clipboard, dialog, ipcMain, Menu, net, protocol, session, type Event, type WebContents } from 'electron'
import { join } from 'node:path'
import { noteCrash } from '../core/base/crash-notes.ts'
import { reasonOf } from '../core/base/fault.ts'
import { readSettingsFile } from '../core/base/settings-file.ts'
import { startLockable, type Lockable } from '../core/engine-lock.ts'
import type { Engine } from '../core/engine.ts'
import { COMMANDS, isCommandId, keysOf, type CommandId } from '../core/model/command-table.ts'
import { spokenLocale, t } from '../core/model/words.ts'
import { lockedRouter } from '../core/rpc/locked.ts'
import { servePort, type EngineRouter } from '../core/rpc/serve.ts'
import { contextTemplate } from './context-menu.ts'
import { Desk } from './desk.ts'
import { apiOf } from './engine-api.ts'
import { CONNECT } from './handshake.ts'
import { hardenSession } from './harden.ts'
import { systemKeychain } from './keychain.ts'
import { speakAs } from './language.ts'
import { parseLaunchArguments, type LaunchArguments, type Opened } from './launch-arguments.ts'
import { isAnywhere, menuTemplate } from './menu.ts'
import { notify } from './notifier.ts'
import { isOurs, SCHEME } from './origin.ts'
import { servePages } from './pages.ts'
import { watchPower } from './power.ts'
import { closingQuestion, onLastClosed, quitQuestion, type Question } from './quitting.ts'
import { print, savePdf, shellHandlers } from './shell-handlers.ts'
import { startAtLogin } from './start-at-login.ts'
import { startUpdates } from './start-updates.ts'
import { hasTrayHost } from './tray-host.ts'
import { DesktopIcon } from './tray.ts'
import type { Updates } from './updates.ts'
import { Windows, type OpenWindow } from './windows.ts'

/** What the desktop application is started with. */
export interface ShellOptions {
  readonly launch: LaunchArguments
  readonly dataFolder: string
  /** SQLite's addon. */
  readonly nativeBinding: string
  readonly platform: NodeJS.Platform
}

/** Commands that mean something whatever a window shows. */
const ANYWHERE: ReadonlySet<string> = new Set(Object.keys(COMMANDS).filter(isCommandId).filter(isAnywhere))
/** A page that ends again and again is not loaded for ever. */
const RELOADS = { most: 3, withinMs: 300_000 }

/** The desktop application while it runs: one engine, its windows, and what the desktop shows of them. */
export class Shell {
  readonly #options: ShellOptions
  readonly #windows: Windows
  readonly #desk: Desk
  #lockable: Lockable | undefined
  #icon: DesktopIcon | undefined
  #updates: Updates | undefined
  /** Answers the windows; those that come before it is known wait. */
  #router: EngineRouter | undefined
  #connecting: (() => void)[] = []
  #startsAtLogin = false
  #isAsking = false
  /** The person agreed to the end, or nobody is to be asked. */
  #mayQuit = false
  #closed: Promise<void> | undefined
  readonly #reloads: number[] = []

  constructor(options: ShellOptions) {
    this.#options = options
    this.#windows = new Windows({
      preload: join(import.meta.dirname, 'preload.cjs'),
      statesFile: join(options.dataFolder, 'window', 'windows.json'),
      checksSpelling: () => this.#desk.settings['desktop.spellLanguages'].length > 0,
      onChanged: () => this.#showMenu(),
      mayClose: (open) => this.#mayClose(open),
      onSessionEnd: () => void this.end(),
      log,
    })
    this.#desk = new Desk(
      {
        onChanged: () => this.#onChanged(),
        onNotices: (notices) =>
          notify(notices, {
            show: (id) => this.#windows.ask(id === null ? { what: 'run', id: 'inbox' } : showMessage(id)),
            reply: (id) => this.#windows.ask({ what: 'reply', id }),
            archive: (id) => this.#try('archive', (api) => api.mail.move({ ids: [id], to: { role: 'archive' } })),
            markRead: (id) => this.#try('mark as read', (api) => api.mail.setSeen({ ids: [id], seen: true })),
          }),
      },
      { nowMs: () => Date.now() },
      log,
    )
  }

  get windows(): Windows {
    return this.#windows
  }

  /** Starts what the desktop sees, and the engine beside it: a window need not wait for the other to begin. */
  async start(): Promise<void> {
    const { platform, launch, dataFolder } = this.#options
    await speakAs('system', app.getPreferredSystemLanguages())
    hardenSession(session.defaultSession)
    session.defaultSession.setSpellCheckerEnabled(false)
    protocol.handle(
      SCHEME,
      servePages(join(import.meta.dirname, '../renderer'), {
        open: (handle) => this.#lockable?.engine?.bytes.open(handle),
      }),
    )
    ipcMain.on(CONNECT, (event) => {
      const [port] = event.ports
      if (port === undefined) return
      // Only the page of our own window, and no frame in it, talks to the engine.
      const isPage = event.senderFrame !== null && event.senderFrame === event.sender.mainFrame
      const open = this.#windows.of(event.sender)
      if (!isPage || !isOurs(event.senderFrame.url) || open === undefined) return port.close()
      this.#whenAnswered((router) => {
        servePort({ ...router, shell: shellHandlers(open, this.#shellDeps()) })(port)
        port.start()
      })
    })
    this.#watchPages()
    const hasTray = await hasTrayHost(platform)
    this.#icon = new DesktopIcon({ platform, hasTray, acts: this.#trayActs() })
    if (!launch.hidden || !this.#icon.isSeen) this.#windows.showMain()
    this.#showMenu()
    this.#openAll(launch.opens)

    const lockable = await startLockable(
      {
        dataFolder,
        ...(launch.keyFile === undefined ? {} : { keyFile: launch.keyFile }),
        fileSettings: readSettingsFile(launch.settings, dataFolder),
        nativeBinding: this.#options.nativeBinding,
        keychain: await systemKeychain(platform),
        log,
      },
      (engine) => void this.#serve(engine, 'anew').catch((error: unknown) => this.giveUp(error)),
    )
    this.#lockable = lockable
    if (lockable.engine !== undefined) await this.#serve(lockable.engine, 'at first')
    else {
      this.#answer(lockedRouter(dataFolder, lockable.why, (passphrase) => lockable.unlock(passphrase)))
      this.#onChanged()
    }
    this.#watchComputer()
    const { serveCommands } = await import('./serve-commands.ts')
    const commands = await serveCommands(dataFolder, lockable, () => this.#windows.showMain())
    this.#closing.push(() => commands.close())
    this.#lookForUpdates()
  }

  #lookForUpdates(): void {
    const updates = startUpdates({
      dataFolder: this.#options.dataFolder,
      platform: this.#options.platform,
      settings: () => this.#desk.settings,
      ask: (question) => this.#ask(question, this.#windows.front),
      prepareToEnd: () => {
        this.#mayQuit = true
        return this.close()
      },
      log,
    })
    this.#updates = updates
    this.#closing.push(async () => updates.close())
  }

  readonly #closing: (() => Promise<void>)[] = []

  /** Opens what another start of the program, or the system, asks for; the main window where that is nothing. */
  open(opens: readonly Opened[]): void {
    if (opens.length === 0) this.#windows.showMain()
    this.#openAll(opens)
  }

  /** What a second start hands over; nothing of it is taken for granted. */
  onSecondStart(argv: readonly string[], cwd: string): void {
    const { opens, hidden } = parseLaunchArguments(argv, cwd)
    if (!hidden || opens.length > 0) this.open(opens)
  }

  #openAll(opens: readonly Opened[]): void {
    for (const one of opens) {
      if (one.kind === 'mailto') this.#windows.ask({ what: 'compose', mail: one.mail })
      else if (one.kind === 'file') this.#windows.ask({ what: 'import', path: one.path })
      else this.#windows.ask({ what: 'run', id: one.kind })
    }
  }

  async #serve(engine: Engine, when: 'at first' | 'anew'): Promise<void> {
    void engine.failed.then((reason) => this.giveUp(reason))
    this.#answer(engine.router)
    if (when === 'anew') this.#windows.reload() // the pages connect to the engine then
    await this.#desk.open(apiOf(engine.router))
  }

  #answer(router: EngineRouter): void {
    this.#router = router
    for (const connect of this.#connecting.splice(0)) connect()
  }

  #whenAnswered(connect: (router: EngineRouter) => void): void {
    const run = () => (this.#router === undefined ? undefined : connect(this.#router))
    if (this.#router === undefined) this.#connecting.push(run)
    else run()
  }

  #try(what: string, run: (api: NonNullable<Desk['api']>) => Promise<unknown>): void {
    const { api } = this.#desk
    if (api !== undefined) run(api).catch((error: unknown) => log(`${what}: ${reasonOf(error)}`))
  }

  #shellDeps() {
    return {
      windows: this.#windows,
      platform: this.#options.platform,
      hasTray: () => this.#icon?.isSeen === true,
      spellLanguages: () =>
        this.#options.platform === 'darwin' ? [] : session.defaultSession.availableSpellCheckerLanguages,
      onOffers: () => this.#showMenu(),
      onNetwork: (online: boolean) => {
        if (online && net.isOnline()) this.#lockable?.engine?.resumed('network')
      },
    }
  }

  #trayActs() {
    return {
      open: () => void this.#windows.showMain(),
      compose: () => this.#windows.ask({ what: 'run', id: 'compose' }),
      getMail: () => this.#try('get mail', (api) => api.account.fetch({ id: null })),
      setPaused: (paused: boolean) => this.#try('pause', (api) => api.queue.pause({ paused, by: 'window' })),
      quit: () => app.quit(),
    }
  }

  /** What the menu shows depends on the window in front, the keys somebody set, and the language. */
  #showMenu(): void {
    const front = this.#windows.front
    Menu.setApplicationMenu(
      Menu.buildFromTemplate(
        menuTemplate(
          { ...this.#menuParts(front), offers: this.#offered(front), isPackaged: app.isPackaged },
          {
            run: (id) => this.#run(id),
            print: () => (front === undefined ? undefined : void print(front)),
            savePdf: () => (front === undefined ? undefined : this.#savePdf(front)),
            show: (page) => this.#windows.ask({ what: 'show', hash: `#/settings/${page}` }),
            lookForUpdates: () => void this.#updates?.checkNow(),
          },
        ),
      ),
    )
  }

  #menuParts(open: OpenWindow | undefined) {
    const { 'keys.scheme': scheme, 'keys.own': own } = this.#desk.settings
    return { platform: this.#options.platform, keys: keysOf(scheme, own), offers: open?.offers }
  }

  /** What can be chosen in the menu: what the window in front can do, and what opens something in the main one. */
  #offered(front: OpenWindow | undefined): ReadonlySet<string> | undefined {
    if (front === undefined || front.kind === 'main') return front?.offers
    const main = this.#windows.all.find(({ kind }) => kind === 'main')?.offers ?? ANYWHERE
    return new Set([...front.offers, ...ANYWHERE.intersection(main)])
  }

  /** A command is for the window that can do it; what none can do is for the main one. */
  #run(id: CommandId): void {
    const { front } = this.#windows
    if (front !== undefined && front.offers.has(id)) front.asks.push({ what: 'run', id })
    else this.#windows.ask({ what: 'run', id })
  }

  #savePdf(open: OpenWindow): void {
    savePdf(open, open.window.getTitle()).catch((error: unknown) =>
      dialog.showErrorBox(t('The file could not be saved'), reasonOf(error)),
    )
  }

  #onChanged(): void {
    const { settings, running } = this.#desk
    this.#icon?.show(running, { badge: settings['desktop.badge'], nowMs: Date.now() })
    const { defaultSession } = session
    const languages = settings['desktop.spellLanguages']
    defaultSession.setSpellCheckerEnabled(languages.length > 0)
    const known = defaultSession.availableSpellCheckerLanguages
    if (languages.length > 0) defaultSession.setSpellCheckerLanguages(languages.filter((one) => known.includes(one)))
    if (this.#startsAtLogin !== settings['desktop.startAtLogin']) {
      this.#startsAtLogin = settings['desktop.startAtLogin']
      try {
        startAtLogin(this.#options.platform, this.#startsAtLogin)
      } catch (error) {
        log(`start at login: ${reasonOf(error)}`)
      }
    }
    speakAs(settings['look.language'], app.getPreferredSystemLanguages()).then(
      () => this.#showMenu(),
      (error: unknown) => log(`speak another language: ${reasonOf(error)}`),
    )
  }

  #watchPages(): void {
    app.on('web-contents-created', (_event: Event, contents: WebContents) => {
      contents.on('context-menu', (_event, params) => {
        const open = this.#windows.of(contents)
        if (open === undefined) return
        const items = contextTemplate(params, this.#menuParts(open), {
          run: (id) => open.asks.push({ what: 'run', id }),
          copyText: (text) => clipboard.writeText(text),
          copyImage: () => contents.copyImageAt(params.x, params.y),
          replaceWord: (word) => contents.replaceMisspelling(word),
          learnWord: (word) => void contents.session.addWordToSpellCheckerDictionary(word),
        })
        if (items.length > 0) Menu.buildFromTemplate(items).popup({ window: open.window })
      })
      contents.on('render-process-gone', (_event, { reason, exitCode }) => {
        if (reason === 'clean-exit') return
        noteCrash(this.#options.dataFolder, 'window', `${reason}, exit code ${exitCode}`)
        const nowMs = Date.now()
        this.#reloads.push(nowMs)
        if (this.#reloads.filter((atMs) => nowMs - atMs < RELOADS.withinMs).length <= RELOADS.most) contents.reload()
        else
          dialog.showErrorBox(
            t('A window of Posthorn ends again and again'),
            t('Mail goes on being sent and fetched. Close the window and open it again.'),
          )
      })
    })
    app.on('child-process-gone', (_event, { type, reason }) => {
      if (!['clean-exit', 'killed'].includes(reason)) noteCrash(this.#options.dataFolder, type, reason)
    })
  }

  #watchComputer(): void {
    watchPower({
      onSuspend: () => void this.#lockable?.engine?.suspending().catch((error: unknown) => log(reasonOf(error))),
      onResume: () => this.#lockable?.engine?.resumed('sleep'),
      onShutdown: () => this.end(),
    })
  }

  #lastClosed() {
    return onLastClosed(this.#desk.settings['desktop.closing'], {
      platform: this.#options.platform,
      hasTray: this.#icon?.isSeen === true,
    })
  }

  /** The last window may be closed, unless its person has still to say what that means. */
  #mayClose(open: OpenWindow): boolean {
    if (this.#mayQuit || this.#windows.all.length > 1 || this.#lastClosed() !== 'ask') return true
    void this.#askAtClosing(open)
    return false
  }

  async #askAtClosing(open: OpenWindow): Promise<void> {
    if (this.#isAsking) return
    const stays = (await this.#ask(closingQuestion(), open)) === 0
    await this.#desk.set('desktop.closing', stays ? 'tray' : 'quit').catch((error: unknown) => log(reasonOf(error)))
    open.window.close()
  }

  onAllClosed(): void {
    if (this.#lastClosed() === 'quit') app.quit()
  }

  /** Before the end: whoever has mail waiting is asked, once. */
  onBeforeQuit(event: { preventDefault(): void }): void {
    if (this.#mayQuit) return
    event.preventDefault()
    if (!this.#isAsking) void this.#askAtQuitting()
  }

  async #askAtQuitting(): Promise<void> {
    const question = quitQuestion(await this.#desk.waiting(), Date.now(), spokenLocale())
    if (question !== undefined && (await this.#ask(question, this.#windows.front)) !== 0) {
      // Nothing shows that it runs: then its window does.
      if (this.#icon?.isSeen !== true) this.#windows.showMain()
      return
    }
    this.#mayQuit = true
    app.quit()
  }

  async #ask({ message, detail, buttons, cancelId }: Question, open: OpenWindow | undefined): Promise<number> {
    this.#isAsking = true
    const options = { type: 'question' as const, message, detail, buttons: [...buttons], defaultId: cancelId, cancelId }
    try {
      const asked = open === undefined ? dialog.showMessageBox(options) : dialog.showMessageBox(open.window, options)
      return (await asked).response
    } finally {
      this.#isAsking = false
    }
  }

  /** What is under way comes to its end before the application does. */
  onWillQuit(event: { preventDefault(): void }): void {
    if (this.#isClosed) return
    event.preventDefault()
    void this.close().finally(() => {
      this.#isClosed = true
      app.quit()
    })
  }
  #isClosed = false

  /** Ends without a question: the computer is switched off, or the process is told to. */
  async end(): Promise<void> {
    this.#mayQuit = true
    await this.close()
    app.quit()
  }

  /** Closes the engine, once. What fails is said and keeps nobody from ending. */
  close(): Promise<void> {
    this.#closed ??= (async () => {
      this.#desk.close()
      this.#icon?.close()
      for (const close of [...this.#closing, async () => this.#lockable?.close()])
        await close().catch((error: unknown) => log(`close: ${reasonOf(error)}`))
    })()
    return this.#closed
  }

  /** The engine would not start, or can't go on: says why, and starts anew or ends. */
  giveUp(error: unknown): void {
    log(reasonOf(error))
    noteCrash(this.#options.dataFolder, 'engine', error)
    const again = dialog.showMessageBoxSync({
      type: 'error',
      message: t('Posthorn has to stop'),
      detail: reasonOf(error),
      buttons: [t('Quit'), t('Start again')],
      defaultId: 0,
      cancelId: 0,
    })
    if (again === 1) app.relaunch()
    app.exit(1)
  }
}

const showMessage = (id: number) => ({ what: 'show', hash: `#/mail/all/${id}` }) as const

/** The program's own log: to whoever started it from a terminal. */
function log(line: string): void {
  console.error(`${new Date().toISOString()} ${line}`)
}
