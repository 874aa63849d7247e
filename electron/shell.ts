import { app, ipcMain, net, protocol, session } from 'electron'
import { join } from 'node:path'
import { reasonOf } from '../core/base/fault.ts'
import { readSettingsFile } from '../core/base/settings-file.ts'
import { startLockable, type Lockable } from '../core/engine-lock.ts'
import type { Engine } from '../core/engine.ts'
import { lockedRouter } from '../core/rpc/locked.ts'
import { servePort, type EngineRouter } from '../core/rpc/serve.ts'
import { AppliedSettings } from './applied-settings.ts'
import { Desk } from './desk.ts'
import { Ending } from './ending.ts'
import { apiOf } from './engine-api.ts'
import { CONNECT } from './handshake.ts'
import { hardenSession } from './harden.ts'
import { systemKeychain } from './keychain.ts'
import { speakAs } from './language.ts'
import { parseLaunchArguments, type LaunchArguments, type Opened } from './launch-arguments.ts'
import { log } from './log.ts'
import { notify } from './notifier.ts'
import { isOurs, SCHEME } from './origin.ts'
import { watchPages } from './page-watch.ts'
import { servePages } from './pages.ts'
import { watchPower } from './power.ts'
import { shellHandlers, type ShellDeps } from './shell-handlers.ts'
import { startUpdates } from './start-updates.ts'
import { hasTrayHost } from './tray-host.ts'
import type { TrayActs } from './tray-menu.ts'
import { DesktopIcon } from './tray.ts'
import type { Updates } from './updates.ts'
import { WindowMenu } from './window-menu.ts'
import { Windows } from './windows.ts'

/** What the desktop application is started with. */
export interface ShellOptions {
  readonly launch: LaunchArguments
  readonly dataFolder: string
  /** What it was started with, the program itself first. */
  readonly argv: readonly string[]
  /** SQLite's addon. */
  readonly nativeBinding: string
  readonly platform: NodeJS.Platform
}

/** The desktop application while it runs: one engine, its windows, and what the desktop shows of them. */
export class Shell {
  readonly #options: ShellOptions
  readonly #windows: Windows
  readonly #desk: Desk
  readonly #menu: WindowMenu
  readonly #applied: AppliedSettings
  /** How it ends, and what is asked before. */
  readonly ending: Ending
  #lockable: Lockable | undefined
  #icon: DesktopIcon | undefined
  #updates: Updates | undefined
  /** Answers the windows; those that come before it is known wait. */
  #router: EngineRouter | undefined
  readonly #connecting: ((router: EngineRouter) => void)[] = []
  /** What is to be opened before anything can be; undefined from then on. */
  #early: Opened[] | undefined = []
  readonly #closing: (() => Promise<void>)[] = []

  constructor(options: ShellOptions) {
    const { platform, dataFolder } = options
    this.#options = options
    this.#applied = new AppliedSettings(platform)
    this.ending = new Ending({
      platform,
      dataFolder,
      argv: options.argv,
      windows: () => this.#windows,
      desk: () => this.#desk,
      isSeen: () => this.#icon?.isSeen === true,
      close: () => this.#close(),
    })
    this.#windows = new Windows({
      preload: join(import.meta.dirname, 'preload.cjs'),
      statesFile: join(dataFolder, 'window', 'windows.json'),
      checksSpelling: () => this.#desk.settings['desktop.spellLanguages'].length > 0,
      onChanged: () => {
        this.#menu.show()
        this.#checkSpelling()
      },
      mayClose: (open) => this.ending.mayClose(open),
      onSessionEnd: () => void this.ending.end(),
      log,
    })
    this.#desk = new Desk(
      {
        onChanged: () => void this.#onChanged().catch((error: unknown) => log(`desktop: ${reasonOf(error)}`)),
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
    this.#menu = new WindowMenu({
      platform,
      windows: this.#windows,
      desk: this.#desk,
      lookForUpdates: () => void this.#updates?.checkNow(),
    })
  }

  /** Starts what the desktop sees, and the engine beside it: a window need not wait for the other to begin. */
  async start(): Promise<void> {
    const { platform, launch, dataFolder } = this.#options
    await speakAs('system', app.getPreferredSystemLanguages())
    this.#servePages()
    watchPages(dataFolder, (contents, clicked) => this.#menu.popup(contents, clicked))
    const hasTray = await hasTrayHost(platform)
    this.#icon = new DesktopIcon({ platform, hasTray, acts: this.#trayActs() })
    // A Mac hands no arguments over at sign-in, and says instead that it was one.
    const isHidden = launch.hidden || (platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin)
    if (!isHidden || !this.#icon.isSeen) this.#windows.showMain()
    this.#menu.show()
    const early = [...launch.opens, ...(this.#early ?? [])]
    this.#early = undefined
    this.#openAll(early)

    const lockable = await startLockable(
      {
        dataFolder,
        ...(launch.keyFile === undefined ? {} : { keyFile: launch.keyFile }),
        fileSettings: readSettingsFile(launch.settings, dataFolder),
        nativeBinding: this.#options.nativeBinding,
        keychain: await systemKeychain(platform),
        log,
      },
      (engine) => void this.#serve(engine, 'anew').catch((error: unknown) => this.ending.giveUp(error)),
    )
    this.#lockable = lockable
    if (lockable.engine !== undefined) await this.#serve(lockable.engine, 'at first')
    else {
      this.#answer(lockedRouter(dataFolder, lockable.why, (passphrase) => lockable.unlock(passphrase)))
      await this.#onChanged()
    }
    watchPower({
      onSuspend: () => void lockable.engine?.suspending().catch((error: unknown) => log(reasonOf(error))),
      onResume: () => lockable.engine?.resumed('sleep'),
      onShutdown: () => this.ending.end(),
    })
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
      ask: (question) => this.ending.ask(question, this.#windows.front),
      prepareToEnd: () => this.ending.close(),
      log,
    })
    this.#updates = updates
    this.#closing.push(async () => updates.close())
  }

  /** The page, and the ports of those who are let in. */
  #servePages(): void {
    hardenSession(session.defaultSession)
    session.defaultSession.setSpellCheckerEnabled(false)
    const bytes = { open: (handle: string) => this.#lockable?.engine?.bytes.open(handle) }
    protocol.handle(SCHEME, servePages(join(import.meta.dirname, '../renderer'), bytes))
    ipcMain.on(CONNECT, (event) => {
      const [port] = event.ports
      if (port === undefined) return
      // Only the page of our own window, and no frame in it, talks to the engine.
      const isPage = event.senderFrame !== null && event.senderFrame === event.sender.mainFrame
      const open = this.#windows.of(event.sender)
      if (!isPage || !isOurs(event.senderFrame.url) || open === undefined) return port.close()
      const connect = (router: EngineRouter) => {
        servePort({ ...router, shell: shellHandlers(open, this.#shellDeps()) })(port)
        port.start()
      }
      if (this.#router === undefined) this.#connecting.push(connect)
      else connect(this.#router)
    })
  }

  /** Opens what another start of the program, or the system, asks for; the main window where that is nothing. */
  open(opens: readonly Opened[]): void {
    if (this.#early !== undefined) return void this.#early.push(...opens)
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
    this.ending.began()
    void engine.failed.then((reason) => this.ending.giveUp(reason))
    this.#answer(engine.router)
    if (when === 'anew') this.#windows.reload() // the pages connect to the engine then
    await this.#desk.open(apiOf(engine.router))
  }

  #answer(router: EngineRouter): void {
    this.#router = router
    for (const connect of this.#connecting.splice(0)) connect(router)
  }

  #try(what: string, run: (api: NonNullable<Desk['api']>) => Promise<unknown>): void {
    const { api } = this.#desk
    if (api !== undefined) run(api).catch((error: unknown) => log(`${what}: ${reasonOf(error)}`))
  }

  #shellDeps(): ShellDeps {
    const { platform } = this.#options
    return {
      windows: this.#windows,
      platform,
      hasTray: () => this.#icon?.isSeen === true,
      spellLanguages: () => (platform === 'darwin' ? [] : session.defaultSession.availableSpellCheckerLanguages),
      onOffers: () => this.#menu.show(),
      onSpelling: () => this.#checkSpelling(),
      onNetwork: (online) => {
        if (online && net.isOnline()) this.#lockable?.engine?.resumed('network')
      },
    }
  }

  #trayActs(): TrayActs {
    return {
      open: () => void this.#windows.showMain(),
      compose: () => this.#windows.ask({ what: 'run', id: 'compose' }),
      getMail: () => this.#try('get mail', (api) => api.account.fetch({ id: null })),
      setPaused: (paused) => this.#try('pause', (api) => api.queue.pause({ paused, by: 'window' })),
      quit: () => app.quit(),
    }
  }

  /** The session is one for all windows: what is checked is what the one in front asks for. */
  #checkSpelling(): void {
    this.#applied.checkSpelling(this.#desk.settings['desktop.spellLanguages'], this.#windows.front?.spelling ?? null)
  }

  async #onChanged(): Promise<void> {
    const { settings, running } = this.#desk
    this.#icon?.show(running, { badge: settings['desktop.badge'], nowMs: Date.now() })
    this.#checkSpelling()
    await this.#applied.apply(settings)
    this.#menu.show()
  }

  /** Closes the engine. What fails is said and keeps nobody from ending. */
  async #close(): Promise<void> {
    this.#desk.close()
    this.#icon?.close()
    for (const close of [...this.#closing, async () => this.#lockable?.close()])
      await close().catch((error: unknown) => log(`close: ${reasonOf(error)}`))
  }
}

const showMessage = (id: number) => ({ what: 'show', hash: `#/mail/all/${id}` }) as const
