import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Languages Chromium has words of; a few of many. */
const LANGUAGES = ['ar', 'de', 'en-GB', 'en-US', 'fr', 'ja', 'pl', 'zh-CN']

/**
 * A folder that looks to electron-builder like Electron's own for a system: its file names with nothing in them. What is packed
 * of it cannot run, but the builder collects, filters and writes as it does for a real one.
 */
export function makePlaceholder(folder: string, system: 'linux' | 'darwin' | 'win32'): string {
  const put = (path: string, text = 'placeholder') => {
    const whole = join(folder, path)
    mkdirSync(dirname(whole), { recursive: true })
    writeFileSync(whole, text)
    chmodSync(whole, 0o755)
  }
  if (system === 'darwin') {
    put('Electron.app/Contents/MacOS/Electron')
    put('Electron.app/Contents/Info.plist', infoPlist('Electron', 'com.github.Electron'))
    const frameworks = 'Electron.app/Contents/Frameworks'
    for (const suffix of ['', ' (GPU)', ' (Plugin)', ' (Renderer)']) {
      const helper = `Electron Helper${suffix}`
      put(`${frameworks}/${helper}.app/Contents/MacOS/${helper}`)
      put(`${frameworks}/${helper}.app/Contents/Info.plist`, infoPlist(helper, 'com.github.Electron.helper'))
    }
    for (const language of LANGUAGES) {
      const name = `${language.replace('-', '_').replace('en_US', 'en')}.lproj`
      put(`Electron.app/Contents/Resources/${name}/.gitkeep`)
      put(`${frameworks}/Electron Framework.framework/Versions/A/Resources/${name}/locale.pak`)
    }
    return folder
  }
  put(system === 'win32' ? 'electron.exe' : 'electron')
  put('version', '0')
  put('LICENSE')
  put('LICENSES.chromium.html')
  mkdirSync(join(folder, 'resources'), { recursive: true })
  if (system === 'linux') put('chrome-sandbox')
  for (const language of LANGUAGES) put(`locales/${language}.pak`)
  return folder
}

const infoPlist = (name: string, id: string) => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>CFBundleExecutable</key><string>${name}</string>
<key>CFBundleIdentifier</key><string>${id}</string>
<key>CFBundleName</key><string>${name}</string>
</dict></plist>
`
