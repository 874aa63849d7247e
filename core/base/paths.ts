import { createHash } from 'node:crypto'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** What the default folders depend on; handed in by tests, the process's own otherwise. */
export interface Surroundings {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}
const own: Surroundings = { platform: process.platform, env: process.env, home: homedir() }

/** The data folder of every host when none is named: the place each system keeps an application's data in. */
export function defaultDataFolder(at: Surroundings = own): string {
  if (at.platform === 'win32') return join(at.env['LOCALAPPDATA'] ?? join(at.home, 'AppData', 'Local'), 'Posthorn')
  if (at.platform === 'darwin') return join(at.home, 'Library', 'Application Support', 'Posthorn')
  return join(at.env['XDG_DATA_HOME'] || join(at.home, '.local', 'share'), 'posthorn')
}

/**
 * The key file of a data folder when none is named: outside that folder, so that a copy of the folder is worth nothing
 * without it. The name carries a hash of the folder, for more than one folder may be in use.
 */
export function defaultKeyFile(dataFolder: string, at: Surroundings = own): string {
  const name = `${createHash('sha256').update(resolve(dataFolder)).digest('hex').slice(0, 16)}.key`
  if (at.platform === 'win32')
    return join(at.env['APPDATA'] ?? join(at.home, 'AppData', 'Roaming'), 'Posthorn Keys', name)
  if (at.platform === 'darwin') return join(at.home, 'Library', 'Preferences', 'Posthorn Keys', name)
  return join(at.env['XDG_CONFIG_HOME'] || join(at.home, '.config'), 'posthorn', 'keys', name)
}

/** Where the local socket of a data folder lies; short, for Unix socket paths end at 107 bytes. */
export function localSocketPath(dataFolder: string, at: Surroundings = own): { folder: string; path: string } {
  const name = createHash('sha256').update(resolve(dataFolder)).digest('hex').slice(0, 24)
  if (at.platform === 'win32') return { folder: '', path: `\\\\.\\pipe\\posthorn-${name}` }
  const folder = at.env['XDG_RUNTIME_DIR']
    ? join(at.env['XDG_RUNTIME_DIR'], 'posthorn')
    : join(tmpdir(), `posthorn-${process.getuid?.() ?? 0}`)
  return { folder, path: join(folder, `${name}.sock`) }
}
