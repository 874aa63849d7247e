import { AppImageUpdater, MacUpdater, NsisUpdater, Provider, type AppUpdater, type UpdateInfo } from 'electron-updater'
import type { AppAdapter } from 'electron-updater/out/AppAdapter.js'
import { parseUpdateInfo, resolveFiles, type ProviderRuntimeOptions } from 'electron-updater/out/providers/Provider.js'
import { Fault } from '../core/base/fault.ts'
import { isSignedBy, notesOf, type FeedPlace, type Installed } from './update-feed.ts'
import type { Updater } from './updates.ts'

/** Fetches as the browser does; Electron's own goes the way the system's proxy says. */
export type Fetch = (address: string, init: RequestInit) => Promise<Response>

const MOST_FEED_BYTES = 256 * 1024
const FEED_MS = 30_000

/** What an updater needs. */
export interface UpdaterOptions {
  readonly place: FeedPlace
  readonly fetch: Fetch
  readonly platform: NodeJS.Platform
  readonly installed: Installed
  log(line: string): void
  /** The new version could not be put in place: what runs has no engine any more. */
  onInstallFailed(): void
  /** The application as electron-updater sees it; Electron's own where it is left out. */
  readonly app?: AppAdapter
}

/** electron-updater with a feed of ours: nothing of it is read before its signature is known to be right. */
export function openUpdater(options: UpdaterOptions): Updater & { readonly engine: AppUpdater } {
  const { place, fetch, platform, installed, log, app } = options
  const Kind = platform === 'darwin' ? MacUpdater : platform === 'win32' ? NsisUpdater : AppImageUpdater
  const engine: AppUpdater = new Kind(undefined, app)
  engine.setFeedURL({ provider: 'custom', updateProvider: SignedFeed as never, place, fetch })
  engine.logger = { info: () => {}, warn: log, error: log }
  engine.autoDownload = false
  // What a package manager installed is only told of: without this nothing would be asked at all.
  engine.forceDevUpdateConfig = installed !== 'by-installer'
  engine.autoInstallOnAppQuit = true // on `quit`, which comes after the engine is closed
  engine.allowDowngrade = false
  engine.disableWebInstaller = true
  // It has a listener of its own that says what failed; what is thrown reaches whoever asked.
  return {
    engine,
    async check() {
      const result = await engine.checkForUpdates()
      if (result === null || !result.isUpdateAvailable) return undefined
      const { version, releaseNotes } = result.updateInfo
      return { version, notes: notesOf(releaseNotes) }
    },
    async download() {
      await engine.downloadUpdate()
    },
    install() {
      engine.once('error', () => options.onInstallFailed())
      engine.quitAndInstall(false, true)
    },
  }
}

/** `latest*.yml` with its signature beside it, and files of the same place alone. */
class SignedFeed extends Provider<UpdateInfo> {
  readonly #place: FeedPlace
  readonly #fetch: Fetch
  readonly #base: URL

  constructor(
    options: { readonly place: FeedPlace; readonly fetch: Fetch },
    _updater: AppUpdater,
    runtime: ProviderRuntimeOptions,
  ) {
    super({ ...runtime, isUseMultipleRangeRequest: false })
    this.#place = options.place
    this.#fetch = options.fetch
    this.#base = new URL(options.place.feed.endsWith('/') ? options.place.feed : `${options.place.feed}/`)
  }

  /** Of the headers that electron-updater would send, its number for this one computer is none of a server's business. */
  override get fileExtraDownloadHeaders() {
    return { accept: '*/*' }
  }

  override async getLatestVersion(): Promise<UpdateInfo> {
    const name = `${this.getDefaultChannelName()}.yml`
    const [bytes, signature] = await Promise.all([this.#read(name), this.#read(`${name}.sig`)])
    if (!isSignedBy(bytes, signature.toString('latin1'), this.#place.key))
      throw refused(`${this.#base.href}${name}`, 'it is not signed by the key of updates.key')
    const info = parseUpdateInfo(bytes.toString('utf8'), name, new URL(name, this.#base))
    if (info === null || typeof info !== 'object' || typeof info.version !== 'string')
      throw refused(`${this.#base.href}${name}`, 'it names no version')
    return info
  }

  override resolveFiles(info: UpdateInfo) {
    const files = resolveFiles(info, this.#base)
    const stranger = files.find(({ url }) => url.origin !== this.#base.origin)
    if (stranger !== undefined) throw refused(stranger.url.href, 'it is of another place than the feed')
    return files
  }

  async #read(name: string): Promise<Buffer> {
    const address = new URL(name, this.#base).href
    const answer = await this.#fetch(address, {
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout(FEED_MS),
    })
    if (!answer.ok) throw refused(address, `the server answers ${answer.status}`)
    const chunks: Uint8Array[] = []
    let total = 0
    for await (const chunk of answer.body ?? []) {
      chunks.push(chunk as Uint8Array)
      total += (chunk as Uint8Array).length
      if (total > MOST_FEED_BYTES) throw refused(address, `it is longer than ${MOST_FEED_BYTES} bytes`)
    }
    return Buffer.concat(chunks)
  }
}

const refused = (address: string, reason: string) =>
  new Fault('update.refused', `read the feed of updates at "${address}": ${reason}`, { address, reason })
