import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/*
 * Where the files lie that are no code: in a clone, in the headless archive, and inside the desktop application.
 */

const folder = dirname(fileURLToPath(import.meta.url))
const isClone = import.meta.url.endsWith('.ts')

/** The folder of the built window. */
export function windowFolder(): string {
  if (isClone) return join(folder, '../../dist/renderer')
  const beside = join(folder, 'renderer')
  return existsSync(beside) ? beside : join(folder, '../renderer')
}

/** SQLite's addon of this system where it lies apart from its package, as it does wherever that is in a bundle. */
export function nativeBinding(): string | undefined {
  if (isClone) return undefined
  // Electron says where a packaged application's files are.
  const resources = 'resourcesPath' in process && typeof process.resourcesPath === 'string' ? process.resourcesPath : ''
  const folders = [
    join(folder, 'native'),
    join(resources, 'native'),
    join(folder, '../../node_modules/better-sqlite3/prebuilds'),
  ]
  const names = [process.platform, ...(process.platform === 'linux' ? ['linuxmusl'] : [])]
  return folders
    .flatMap((at) => names.map((system) => join(at, `${system}-${process.arch}.node`)))
    .find((path) => existsSync(path))
}

/** How Posthorn is started where this runs, to follow "with": what a person can type or do there. */
export const HOW_TO_START = isClone
  ? 'npm start or posthorn serve'
  : process.versions['electron'] === undefined
    ? 'posthorn serve'
    : 'the desktop application'

/** `nativeBinding` as the option that hosts hand to what opens the store. */
export function withNativeBinding(): { readonly nativeBinding?: string } {
  const path = nativeBinding()
  return path === undefined ? {} : { nativeBinding: path }
}
