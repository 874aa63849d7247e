import { app, dialog } from 'electron'
import { crashNotes, noteCrash } from '../core/base/crash-notes.ts'
import { reasonOf } from '../core/base/fault.ts'
import { spokenLocale, t } from '../core/model/words.ts'
import type { Desk } from './desk.ts'
import { argumentsAgain } from './launch-arguments.ts'
import { log } from './log.ts'
import { closingQuestion, onLastClosed, quitQuestion, type Question } from './quitting.ts'
import type { OpenWindow, Windows } from './windows.ts'

/** What the end of the application is wired to. */
export interface EndingDeps {
  readonly platform: NodeJS.Platform
  readonly dataFolder: string
  /** What it was started with, the program itself first. */
  readonly argv: readonly string[]
  readonly windows: () => Windows
  readonly desk: () => Desk
  /** Whether Posthorn can be found again while no window is open. */
  readonly isSeen: () => boolean
  /** Closes all there is. Never rejects. */
  readonly close: () => Promise<void>
}

/** So often within an hour it is started again by itself. */
const MOST_STARTS = 3
const WITHIN_MS = 3_600_000

/** How the application ends: what is asked before, and what comes to its end first. */
export class Ending {
  readonly #deps: EndingDeps
  #isAsking = false
  /** The person agreed to the end, or nobody is to be asked. */
  #mayQuit = false
  #closing: Promise<void> | undefined
  #isClosed = false
  #hasBegun = false

  constructor(deps: EndingDeps) {
    this.#deps = deps
  }

  /** Asks in front of a window, or by itself. Resolves to the number of the answer. */
  async ask({ message, detail, buttons, cancelId }: Question, open?: OpenWindow): Promise<number> {
    this.#isAsking = true
    const options = { type: 'question' as const, message, detail, buttons: [...buttons], defaultId: cancelId, cancelId }
    try {
      const asked = open === undefined ? dialog.showMessageBox(options) : dialog.showMessageBox(open.window, options)
      return (await asked).response
    } finally {
      this.#isAsking = false
    }
  }

  #lastClosed() {
    const { platform, isSeen, desk } = this.#deps
    return onLastClosed(desk().settings['desktop.closing'], { platform, hasTray: isSeen() })
  }

  /** The last window may be closed, unless its person has still to say what that means. */
  mayClose(open: OpenWindow): boolean {
    if (this.#mayQuit || this.#deps.windows().all.length > 1 || this.#lastClosed() !== 'ask') return true
    if (!this.#isAsking) void this.#askAtClosing(open)
    return false
  }

  async #askAtClosing(open: OpenWindow): Promise<void> {
    const stays = (await this.ask(closingQuestion(), open)) === 0
    const setting = stays ? 'tray' : 'quit'
    await this.#deps
      .desk()
      .set('desktop.closing', setting)
      .catch((error: unknown) => log(`keep what closing means: ${reasonOf(error)}`))
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
    const { windows, desk, isSeen } = this.#deps
    // An engine that does not answer keeps nobody from ending.
    const waiting = await desk()
      .waiting()
      .catch(() => desk().running)
    const question = quitQuestion(waiting, Date.now(), spokenLocale())
    if (question !== undefined && (await this.ask(question, windows().front)) !== 0) {
      // Nothing shows that it runs: then its window does.
      if (!isSeen()) windows().showMain()
      return
    }
    this.#mayQuit = true
    await windows().keepAll()
    app.quit()
  }

  /** What is under way comes to its end before the application does. */
  onWillQuit(event: { preventDefault(): void }): void {
    if (this.#isClosed) return
    event.preventDefault()
    void this.close().then(() => app.quit())
  }

  /** Ends without a question: the computer is switched off, or the process is told to. */
  async end(): Promise<void> {
    this.#mayQuit = true
    await this.close()
    app.quit()
  }

  /** Closes all there is, once, for an end that nobody is asked about any more. */
  close(): Promise<void> {
    this.#mayQuit = true
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    await this.#deps.windows().keepAll()
    await this.#deps.close()
    this.#isClosed = true
  }

  /** The engine runs: what ends it from now on is no fault of its start. */
  began(): void {
    this.#hasBegun = true
  }

  /**
   * The engine would not start, or can't go on. One that ran is started again by itself, for nobody may be there to be asked, and
   * mail comes and goes at night, too; where that happens again and again, or at the start, or where no note of it can be kept by
   * which that would be known, its person is told why. One that was about to end ends.
   */
  giveUp(error: unknown): void {
    log(reasonOf(error))
    const { argv, dataFolder, windows } = this.#deps
    noteCrash(dataFolder, 'engine', error)
    if (this.#mayQuit) return app.exit(1)
    const ofLate = crashNotes(dataFolder).filter(({ what, atMs }) => what === 'engine' && Date.now() - atMs < WITHIN_MS)
    if (this.#hasBegun && ofLate.length > 0 && ofLate.length <= MOST_STARTS) {
      app.relaunch({ args: argumentsAgain(argv, process.cwd(), windows().all.length === 0) })
      return app.exit(1)
    }
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
