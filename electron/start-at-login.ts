import { app } from 'electron'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { autostartEntry, autostartFile } from './login-item.ts'

/** Starts the application, without a window, whenever its person signs in; or no more. Throws what keeps it from that. */
export function startAtLogin(platform: NodeJS.Platform, isOn: boolean): void {
  if (platform !== 'linux') return app.setLoginItemSettings({ openAtLogin: isOn, args: ['--hidden'] })
  const file = autostartFile(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'))
  if (!isOn) return rmSync(file, { force: true })
  mkdirSync(dirname(file), { recursive: true })
  // An AppImage is unpacked anew at each start: what stays is the file itself.
  const path = process.env['APPIMAGE'] || process.execPath
  writeFileSync(file, autostartEntry({ path, args: app.isPackaged ? [] : [app.getAppPath()] }))
}
