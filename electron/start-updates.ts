import { app, session } from 'electron'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemClock } from '../core/base/clock.ts'
import { VERSION } from '../core/base/version.ts'
import type { Settings } from '../core/settings.ts'
import type { Question } from './quitting.ts'
import { installedHow } from './update-feed.ts'
import { NOTHING_SAID, Updates, type UpdateMemory } from './updates.ts'

/** What updates need of the shell. */
export interface UpdatesShell {
  readonly dataFolder: string
  readonly platform: NodeJS.Platform
  settings(): Pick<Settings, 'updates.feed' | 'updates.key'>
  /** The index of the button that was pressed. */
  ask(question: Question): Promise<number>
  /** Resolves when mail that was on the wire has arrived and the engine is closed; quitting asks nothing from then on. */
  prepareToEnd(): Promise<void>
  log(line: string): void
}

/** Looks for newer versions while the application runs. Off until a feed and its key are set. */
export function startUpdates(shell: UpdatesShell): Updates {
  const { platform, log } = shell
  const installed = installedHow({ platform, env: process.env, packageType: packageType() })
  return new Updates({
    clock: systemClock,
    installed,
    version: VERSION,
    place: () => {
      const settings = shell.settings()
      return { feed: settings['updates.feed'], key: settings['updates.key'] }
    },
    async open(place) {
      const { openUpdater } = await import('./updater.ts')
      // A session of its own: the windows' has no network at all.
      const web = session.fromPartition('updates', { cache: false })
      const fetch = (address: string, init: RequestInit) => web.fetch(address, init)
      const onInstallFailed = () => {
        app.relaunch() // as the version it is
        app.exit(1)
      }
      return openUpdater({ place, fetch, platform, installed, log, onInstallFailed })
    },
    ask: (question) => shell.ask(question),
    async closeEngine() {
      await shell.prepareToEnd()
      app.releaseSingleInstanceLock() // the new version takes it while this one still ends
    },
    memory: memoryIn(join(shell.dataFolder, 'window', 'updates.json')),
    log,
  })
}

/** What electron-builder leaves beside a deb's and an rpm's application. */
function packageType(): string {
  try {
    return readFileSync(join(process.resourcesPath, 'package-type'), 'utf8').trim()
  } catch {
    return ''
  }
}

/** What a person said of a version, in a file; what cannot be read there was never said. */
function memoryIn(path: string) {
  return {
    read(): UpdateMemory {
      try {
        const { skipped, laterUntilMs } = JSON.parse(readFileSync(path, 'utf8')) as Partial<UpdateMemory>
        return {
          skipped: typeof skipped === 'string' ? skipped : '',
          laterUntilMs: typeof laterUntilMs === 'number' ? laterUntilMs : 0,
        }
      } catch {
        return NOTHING_SAID
      }
    },
    write(memory: UpdateMemory): void {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(`${path}.new`, JSON.stringify(memory))
      renameSync(`${path}.new`, path)
    },
  }
}
