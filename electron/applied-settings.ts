import { app, session } from 'electron'
import { reasonOf } from '../core/base/fault.ts'
import type { Settings } from '../core/settings.ts'
import { speakAs } from './language.ts'
import { log } from './log.ts'
import { startAtLogin } from './start-at-login.ts'

/** Carries the settings of the desktop out where the system has to know of them, each when it is another than before. */
export class AppliedSettings {
  readonly #platform: NodeJS.Platform
  /** The system is as it is: what nobody has set changes nothing there. */
  #startsAtLogin = false
  #languages = ''
  #language: string | undefined

  constructor(platform: NodeJS.Platform) {
    this.#platform = platform
  }

  /** Resolves when another language is spoken, with true where it is another. */
  async apply(settings: Settings): Promise<boolean> {
    if (this.#startsAtLogin !== settings['desktop.startAtLogin']) {
      this.#startsAtLogin = settings['desktop.startAtLogin']
      try {
        startAtLogin(this.#platform, this.#startsAtLogin)
      } catch (error) {
        log(`start at login: ${reasonOf(error)}`)
      }
    }
    const { 'look.language': language } = settings
    if (this.#language === language) return false
    this.#language = language
    await speakAs(language, app.getPreferredSystemLanguages())
    return true
  }

  /** Checks spelling in the languages of the settings; `wanted` of them where a window asks for less. */
  checkSpelling(set: readonly string[], wanted: readonly string[] | null): void {
    const languages = set.filter((one) => wanted?.includes(one) ?? true)
    if (this.#languages === languages.join()) return
    this.#languages = languages.join()
    const { defaultSession } = session
    defaultSession.setSpellCheckerEnabled(languages.length > 0)
    // On a Mac the system knows the languages by itself.
    if (languages.length === 0 || this.#platform === 'darwin') return
    const known = defaultSession.availableSpellCheckerLanguages
    defaultSession.setSpellCheckerLanguages(languages.filter((one) => known.includes(one)))
  }
}
