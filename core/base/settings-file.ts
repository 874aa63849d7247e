import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, fileWords } from './fault.ts'

/**
 * The JSON of the settings file: the one named, else `settings.json` in the data folder, else nothing. Throws
 * `settings.unreadable`; what it says is checked by `parseSettings`.
 */
export function readSettingsFile(named: string | undefined, dataFolder: string): unknown {
  const path = named ?? join(dataFolder, 'settings.json')
  if (named === undefined && !existsSync(path)) return {}
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const reason = fileWords(error)
    throw new Fault('settings.unreadable', `read the settings file "${path}": ${reason}`, { path, reason }, error)
  }
}
