import { Fault } from './base/fault.ts'
import { defaultSettings, parseSetting, parseSettings, SETTINGS, type SettingKey, type Settings } from './settings.ts'

/** Settings that are read at each use; all others are read once, when the engine starts. */
const LIVE: ReadonlySet<string> = new Set<SettingKey>([
  'updates.feed',
  'updates.key',
  'queue.paused',
  'queue.mode',
  'queue.intervalSeconds',
  'queue.undoSeconds',
  'queue.retireAfterDays',
  'pace.profile',
  'pace.connections',
  'pace.connectionsPerDestination',
  'pace.gapSeconds',
  'pace.messagesPerConnection',
  'pace.messagesPerMinute',
  'pace.messagesPerHour',
  'pace.messagesPerDay',
  'pace.warnPerDay',
  'retry.profile',
  'retry.reportGiveUpAfterSeconds',
  'retry.scheduleSeconds',
  'retry.warnAfterSeconds',
  'retry.giveUpAfterSeconds',
  'retry.minTries',
  'retry.minOnlineSeconds',
  'retry.unknownAfterSeconds',
  'local.domains',
  'log.protocols',
  'console.idleSeconds',
  'lab.domain',
  'lab.retrySeconds',
  'local.quotaBytes',
  'inbound.maxConnections',
  'inbound.maxPerClient',
  'inbound.connectionsPerMinute',
  'inbound.messagesPerMinute',
  'inbound.delaySeconds',
  'inbound.greylist',
  'pop3.maxConnections',
  'pop3.maxPerClient',
  'tls.name',
  'tls.certificateFile',
  'tls.keyFile',
  'relay.allowPrivateAddresses',
  'relay.ehloName',
  'relay.port',
  'relay.mtaSts',
  'relay.tlsRatchetSeconds',
  'desktop.closing',
  'desktop.startAtLogin',
  'desktop.notify',
  'desktop.notifyWords',
  'desktop.quietHours',
  'desktop.badge',
  'desktop.spellLanguages',
])

export interface SettingView {
  readonly key: string
  readonly about: string
  readonly value: unknown
  readonly default: unknown
  readonly allowed: string
  readonly unit: string | null
  readonly choices: readonly string[] | null
  readonly needsRestart: boolean
  readonly fromFile: boolean
}

/** The settings in force: what the file says, else what the window changed, else the default. */
export class EngineSettings {
  /** Always the values in force: rooms keep this one object and read it at each use. */
  readonly values: Settings
  readonly #fromFile: ReadonlySet<string>
  /** What the window changed, in this run or an earlier one. */
  readonly #chosen = new Map<string, unknown>()
  #put: (key: string, value: unknown) => Promise<void> = () => Promise.resolve()

  /** Throws `settings.invalid`. */
  constructor(fileJson: unknown) {
    const inFile = parseSettings(fileJson)
    this.#fromFile = new Set(keysOf(fileJson))
    this.values = { ...defaultSettings(), ...inFile }
  }

  /** Takes what the window changed earlier; a value of another version that is no longer allowed is left out and named. */
  load(
    stored: Readonly<Record<string, unknown>>,
    put: (key: string, value: unknown) => Promise<void>,
    log: (line: string) => void,
  ): void {
    this.#put = put
    for (const [key, value] of Object.entries(stored)) {
      if (this.#fromFile.has(key)) continue
      try {
        Object.assign(this.values, { [key]: parseSetting(key, value) })
        this.#chosen.set(key, value)
      } catch (error) {
        log(`settings: ${error instanceof Error ? error.message : String(error)}; the default is used`)
      }
    }
  }

  /** Changes one setting for good. Throws `settings.invalid`, or `conflict` where the file decides. */
  async set(key: string, value: unknown): Promise<void> {
    const parsed = parseSetting(key, value)
    if (this.#fromFile.has(key))
      throw new Fault('conflict', `change the setting "${key}": the settings file decides it; change it there`, {
        what: key,
        reason: 'set by the settings file',
      })
    await this.#put(key, parsed)
    this.#chosen.set(key, parsed)
    if (LIVE.has(key)) Object.assign(this.values, { [key]: parsed })
  }

  /** As they will be in force from the next start on. */
  get atNextStart(): Settings {
    return { ...this.values, ...Object.fromEntries(this.#chosen) }
  }

  /** All settings as a page shows them: what was changed and is read at the next start only is shown as changed. */
  list(): SettingView[] {
    return Object.entries(SETTINGS).map(([key, setting]) => ({
      key,
      about: setting.about,
      value: this.#chosen.has(key) ? this.#chosen.get(key) : this.values[key as SettingKey],
      default: setting.default,
      allowed: setting.allowed,
      unit: setting.unit ?? null,
      choices: setting.choices ?? null,
      needsRestart: !LIVE.has(key),
      fromFile: this.#fromFile.has(key),
    }))
  }
}

/** The dotted keys that a settings file says something about. */
function keysOf(json: unknown, path = ''): string[] {
  if (Object.hasOwn(SETTINGS, path)) return [path]
  if (json === null || typeof json !== 'object') return []
  return Object.entries(json).flatMap(([key, inner]) => keysOf(inner, path === '' ? key : `${path}.${key}`))
}
