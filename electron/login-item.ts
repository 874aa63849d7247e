import { join } from 'node:path'

/** How the program is started by the system. */
export interface Program {
  readonly path: string
  /** Before our own arguments: the application's folder, where it runs from a clone. */
  readonly args: readonly string[]
}

/** Where a Linux desktop looks for what to start when somebody signs in (XDG autostart). */
export const autostartFile = (configHome: string) => join(configHome, 'autostart', 'org.posthorn.Posthorn.desktop')

/** The entry that starts the program at sign-in, without a window. */
export function autostartEntry({ path, args }: Program): string {
  const words = [path, ...args, '--hidden'].map(quoted).join(' ')
  return `[Desktop Entry]\nType=Application\nName=Posthorn\nExec=${words}\nTerminal=false\nX-GNOME-Autostart-enabled=true\n`
}

/** One word of an Exec line: quoted, its own quoting characters escaped twice over, and no field code in it (Desktop Entry §Exec). */
function quoted(word: string): string {
  const inner = word.replaceAll(/[\\"`$]/g, (one) => `\\${one}`).replaceAll('\\', '\\\\')
  return `"${inner.replaceAll('%', '%%').replaceAll(/[\n\r\t]/g, ' ')}"`
}
