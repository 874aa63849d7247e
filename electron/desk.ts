import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../core/base/clock.ts'
import { reasonOf } from '../core/base/fault.ts'
import { isQuiet, parseQuietHours } from '../core/model/quiet-hours.ts'
import { defaultSettings, parseSetting, SETTINGS, type SettingKey, type Settings } from '../core/settings.ts'
import type { Api } from './engine-api.ts'
import { arrivedMs, noticesOf, type Arrived, type Notice } from './notices.ts'
import type { Running } from './tray-menu.ts'

/** What the desk tells the desktop. */
export interface DeskEvents {
  /** What is running, or a setting, is another than before. */
  onChanged(): void
  onNotices(notices: readonly Notice[]): void
}

const LOOKED_AT = 100
/** An import changes something a hundred times a second: nobody reads a menu that fast. */
const REST_MS = 300
/** Mail that was written or moved here long ago is no news. */
const NEWS_MS = 2 * 86_400_000
/** What comes within so long of each other is told of together, and nothing waits for longer than the other. */
const GATHER_MS = 1000
const LONGEST_GATHER_MS = 8000
const LOCKED: Running = {
  locked: true,
  unread: 0,
  count: 0,
  nextAttemptMs: null,
  paused: false,
  liveSessions: 0,
  troubles: 0,
}

/** What the desktop knows of the engine: kept up to date by the engine's own streams, one question at a time. */
export class Desk {
  readonly #events: DeskEvents
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #log: (line: string) => void
  #api: Api | undefined
  #stop = new AbortController()
  #running: Running = LOCKED
  #settings: Settings = defaultSettings()
  /** Of each inbox, the messages that were seen to be there. */
  readonly #known = new Map<number, ReadonlySet<number>>()
  /** Mail that came and was not told of yet. */
  readonly #arrived: Arrived[] = []
  #arrivedSinceMs: number | undefined
  #telling: ReturnType<typeof setTimeout> | undefined

  constructor(events: DeskEvents, clock: Pick<Clock, 'nowMs'>, log: (line: string) => void) {
    this.#events = events
    this.#clock = clock
    this.#log = log
  }

  get running(): Running {
    return this.#running
  }
  get settings(): Settings {
    return this.#settings
  }
  /** The engine, while it is open. */
  get api(): Api | undefined {
    return this.#api
  }

  /** Takes up an engine that runs. Resolves when all of it is known. */
  async open(api: Api): Promise<void> {
    this.close()
    this.#api = api
    const { signal } = (this.#stop = new AbortController())
    this.#follow('status', await api.app.changes(undefined, { signal }), () => this.#lookAtStatus(api))
    this.#follow('mail', await api.mail.changes(undefined, { signal }), () => this.#lookAtMail(api))
    await this.#lookAtStatus(api)
    await this.#lookAtMail(api)
  }

  close(): void {
    this.#stop.abort()
    clearTimeout(this.#telling)
    this.#api = undefined
    this.#running = LOCKED
    this.#known.clear()
  }

  /** Asks what waits, now and not as it was at the last change. */
  async waiting(): Promise<Running> {
    if (this.#api !== undefined) await this.#lookAtStatus(this.#api)
    return this.#running
  }

  /** Changes a setting, as a window does. */
  async set<K extends SettingKey>(key: K, value: Settings[K]): Promise<void> {
    this.#settings = { ...this.#settings, [key]: value }
    await this.#api?.app.setSetting({ key, value })
  }

  /** Looks once at a time; what changes meanwhile makes one more look. */
  #follow(what: string, events: AsyncIterable<unknown>, look: () => Promise<void>): void {
    const { signal } = this.#stop
    const follow = async () => {
      for await (const _ of events) {
        await look()
        await sleep(REST_MS, undefined, { ref: false })
      }
    }
    follow().catch((error: unknown) => (signal.aborted ? undefined : this.#log(`desktop: ${what}: ${reasonOf(error)}`)))
  }

  async #lookAtStatus(api: Api): Promise<void> {
    const [status, settings] = await Promise.all([api.app.status(), api.app.settings()])
    this.#settings = settingsOf(settings)
    this.#change({
      locked: false,
      count: status.waiting,
      nextAttemptMs: status.nextAttemptMs,
      paused: status.queuePaused,
      liveSessions: status.liveSessions,
      troubles: status.warnings.filter(({ level }) => level === 'danger').length,
    })
  }

  async #lookAtMail(api: Api): Promise<void> {
    // A local user's Inbox is read by that user, elsewhere.
    const inboxes = (await api.mail.folders()).filter((one) => one.role === 'inbox' && one.owner?.kind !== 'user')
    this.#change({ unread: inboxes.reduce((sum, one) => sum + one.unread, 0) })
    const arrived: Arrived[] = []
    for (const { id } of inboxes) {
      const { rows } = await api.mail.list({ folderId: id, after: null, limit: LOOKED_AT })
      const known = this.#known.get(id)
      this.#known.set(id, new Set(rows.map((row) => row.id)))
      const since = this.#clock.nowMs() - NEWS_MS
      if (known !== undefined)
        arrived.push(...rows.filter((row) => !row.seen && !known.has(row.id) && arrivedMs(row.id) > since))
    }
    if (arrived.length > 0) await this.#gather(api, arrived)
  }

  /** Keeps what came until nothing more comes: an account that is fetched for the first time is told of once. */
  async #gather(api: Api, arrived: readonly Arrived[]): Promise<void> {
    // As they are now: somebody may have asked for quiet a moment ago.
    this.#settings = settingsOf(await api.app.settings())
    const { 'desktop.notify': tells, 'desktop.quietHours': quiet } = this.#settings
    const nowMs = this.#clock.nowMs()
    const hours = parseQuietHours(quiet)
    if (!tells || (hours !== undefined && isQuiet(hours, new Date(nowMs)))) return
    this.#arrived.push(...arrived)
    this.#arrivedSinceMs ??= nowMs
    clearTimeout(this.#telling)
    const waitMs = Math.max(0, Math.min(GATHER_MS, this.#arrivedSinceMs + LONGEST_GATHER_MS - nowMs))
    this.#telling = setTimeout(() => this.#tell(), waitMs).unref()
  }

  #tell(): void {
    const arrived = this.#arrived.splice(0).toSorted((a, b) => b.id - a.id)
    this.#arrivedSinceMs = undefined
    const notices = noticesOf(arrived, this.#settings['desktop.notifyWords'])
    if (notices.length > 0) this.#events.onNotices(notices)
  }

  #change(some: Partial<Running>): void {
    this.#running = { ...this.#running, ...some }
    this.#events.onChanged()
  }
}

/** The settings as they stand, each checked: the engine may be of a later version than this file knows. */
function settingsOf(list: readonly { readonly key: string; readonly value: unknown }[]): Settings {
  const known = list.filter(({ key }) => Object.hasOwn(SETTINGS, key))
  const found = known.map(({ key, value }) => [key, parseSetting(key, value)] as const)
  return { ...defaultSettings(), ...Object.fromEntries(found) }
}
