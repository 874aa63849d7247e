import type { Cancel, Clock } from '../core/base/clock.ts'
import { reasonOf } from '../core/base/fault.ts'
import { t } from '../core/model/words.ts'
import type { Question } from './quitting.ts'
import { isConfigured, type FeedPlace, type Installed, type Release } from './update-feed.ts'

/** What finds, fetches and installs a newer version. */
export interface Updater {
  /** The newest version where it is newer than this one. Throws where the feed cannot be read or is not signed by the key. */
  check(): Promise<Release | undefined>
  /** Fetches it. Throws where a file is not the one the feed tells of. */
  download(): Promise<void>
  /** Starts the new version in place of this one, which ends. */
  install(): void
}

/** What a person said of a version, kept between starts. */
export interface UpdateMemory {
  readonly skipped: string
  /** Unix ms; nothing is asked before. */
  readonly laterUntilMs: number
}
export const NOTHING_SAID: UpdateMemory = { skipped: '', laterUntilMs: 0 }

/** What updates need of the desktop and of the engine. */
export interface UpdateDeps {
  readonly clock: Pick<Clock, 'nowMs' | 'after'>
  readonly installed: Installed
  readonly version: string
  place(): FeedPlace
  open(place: FeedPlace): Promise<Updater>
  /** The index of the button that was pressed. */
  ask(question: Question): Promise<number>
  /** Resolves when no mail is on the wire any more and the store is closed. */
  closeEngine(): Promise<void>
  readonly memory: { read(): UpdateMemory; write(memory: UpdateMemory): void }
  log(line: string): void
}

/** Nobody is in a hurry when the application starts. */
const FIRST_MS = 5 * 60_000
const EVERY_MS = 24 * 3_600_000
const LATER_MS = 24 * 3_600_000

/** Looks once a day whether there is a newer version, where a feed and its key are set; nothing is fetched before a person agrees. */
export class Updates {
  readonly #deps: UpdateDeps
  #timer: Cancel = () => {}
  #busy: Promise<void> | undefined
  #isClosed = false

  constructor(deps: UpdateDeps) {
    this.#deps = deps
    this.#wait(FIRST_MS)
  }

  /** Looks now, also for what was put off or skipped, and says so where there is nothing. */
  checkNow(): Promise<void> {
    return this.#turn(true)
  }

  close(): void {
    this.#isClosed = true
    this.#timer()
  }

  #wait(delayMs: number): void {
    this.#timer()
    if (this.#isClosed) return
    this.#timer = this.#deps.clock.after(delayMs, () => void this.#turn(false).finally(() => this.#wait(EVERY_MS)))
  }

  /** One look at a time: a second one joins the first. */
  #turn(isAsked: boolean): Promise<void> {
    this.#busy ??= this.#look(isAsked)
      .catch(async (error: unknown) => {
        this.#deps.log(`look for a newer version: ${reasonOf(error)}`)
        if (isAsked) await this.#deps.ask(failed(error))
      })
      .finally(() => (this.#busy = undefined))
    return this.#busy
  }

  async #look(isAsked: boolean): Promise<void> {
    const { clock, memory, version } = this.#deps
    const place = this.#deps.place()
    if (!isConfigured(place)) {
      if (isAsked) await this.#deps.ask(notConfigured())
      return
    }
    const said = memory.read()
    if (!isAsked && clock.nowMs() < said.laterUntilMs) return
    const updater = await this.#deps.open(place)
    const release = await updater.check()
    if (release === undefined) {
      if (isAsked) await this.#deps.ask(newest(version))
      return
    }
    if (!isAsked && release.version === said.skipped) return
    await this.#offer(updater, release)
  }

  async #offer(updater: Updater, release: Release): Promise<void> {
    const { clock, memory, installed } = this.#deps
    const answers =
      installed === 'by-installer' ? (['install', 'later', 'skip'] as const) : (['later', 'skip'] as const)
    const answer = answers[await this.#deps.ask(found(release, this.#deps.version, installed))] ?? 'later'
    if (answer === 'skip') return memory.write({ skipped: release.version, laterUntilMs: 0 })
    if (answer === 'later') return memory.write({ skipped: '', laterUntilMs: clock.nowMs() + LATER_MS })
    await updater.download()
    // Whoever quits in the meantime has it installed then: that comes after the engine is closed, too.
    if ((await this.#deps.ask(ready(release))) !== 0) return
    await this.#deps.closeEngine()
    updater.install()
  }
}

function found({ version, notes }: Release, own: string, installed: Installed): Question {
  const why = {
    'by-installer': '',
    'by-packages': t('Your package manager installs it.'),
    'by-hand': t('You put this copy here by hand: replace it by the new one.'),
  }[installed]
  const detail = [t('This is Posthorn {own}.', { own }), why, notes].filter((text) => text !== '').join('\n\n')
  const buttons = [t('Remind me later'), t('Skip this version')]
  return {
    message: t('Posthorn {version} is here', { version }),
    detail,
    buttons: installed === 'by-installer' ? [t('Download'), ...buttons] : buttons,
    cancelId: installed === 'by-installer' ? 1 : 0,
  }
}
const ready = ({ version }: Release): Question => ({
  message: t('Posthorn {version} is ready', { version }),
  detail: t('Posthorn ends, once the mail that is on its way has arrived, and starts again as the new version.'),
  buttons: [t('Restart now'), t('When I quit')],
  cancelId: 1,
})
const newest = (version: string): Question => ({
  message: t('There is no newer version'),
  detail: t('This is Posthorn {own}.', { own: version }),
  buttons: [t('Close')],
  cancelId: 0,
})
const notConfigured = (): Question => ({
  message: t('Posthorn looks nowhere for newer versions'),
  detail: t('The settings “updates.feed” and “updates.key” say where, and whose signature is believed.'),
  buttons: [t('Close')],
  cancelId: 0,
})
const failed = (error: unknown): Question => ({
  message: t('It is not known whether there is a newer version'),
  detail: reasonOf(error),
  buttons: [t('Close')],
  cancelId: 0,
})
