import { execFile } from 'node:child_process'

/** One way to ask the session's bus whether somebody shows tray icons, and how its answer reads. */
const ASKED: readonly { readonly program: string; readonly args: readonly string[] }[] = [
  {
    program: 'busctl',
    args: [
      '--user',
      'call',
      'org.freedesktop.DBus',
      '/org/freedesktop/DBus',
      'org.freedesktop.DBus',
      'NameHasOwner',
      's',
    ],
  },
  {
    program: 'gdbus',
    args: [
      'call',
      '--session',
      '-d',
      'org.freedesktop.DBus',
      '-o',
      '/org/freedesktop/DBus',
      '-m',
      'org.freedesktop.DBus.NameHasOwner',
    ],
  },
  {
    program: 'dbus-send',
    args: [
      '--session',
      '--print-reply',
      '--dest=org.freedesktop.DBus',
      '/org/freedesktop/DBus',
      'org.freedesktop.DBus.NameHasOwner',
    ],
  },
]
const WATCHER = 'org.kde.StatusNotifierWatcher'
const PATIENCE_MS = 2000

/** Runs a program and resolves to what it printed; rejects where it is not there or fails. */
export type Ask = (program: string, args: readonly string[]) => Promise<string>

const askBus: Ask = (program, args) =>
  new Promise((resolve, reject) => {
    execFile(program, [...args], { timeout: PATIENCE_MS }, (error, stdout) => (error ? reject(error) : resolve(stdout)))
  })

/**
 * Whether a tray icon would be seen. Windows and macOS always show them; on Linux a desktop has to offer it (GNOME without an
 * extension does not), and says so on the session's bus. Who can't be asked is taken to show none.
 */
export async function hasTrayHost(platform: NodeJS.Platform, ask: Ask = askBus): Promise<boolean> {
  if (platform !== 'linux') return true
  for (const { program, args } of ASKED) {
    const name = program === 'dbus-send' ? `string:${WATCHER}` : WATCHER
    const answer = await ask(program, [...args, name]).catch(() => undefined)
    if (answer !== undefined) return /\btrue\b/.test(answer)
  }
  return false
}
