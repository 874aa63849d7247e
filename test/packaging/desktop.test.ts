import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Arch, build as pack, Platform, type CliOptions } from 'electron-builder'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { APP_ID, configurationFor } from '../../electron-builder.config.ts'
import { build } from '../../scripts/build.mjs'
import { drawIcons, LINUX_SIZES } from '../../scripts/icons.mjs'
import { writeMetadata } from '../../scripts/package-metadata.mjs'
import { whyNot } from '../../scripts/programs.mjs'
import { makePlaceholder } from '../support/placeholder-electron.ts'
import { needs, pathOf } from '../support/peers.ts'

/*
 * What electron-builder packs, by electron-builder itself: around a placeholder where Electron's own files would be. The result
 * cannot run; fuses, signatures and the installers' own formats are the workflow's to prove (test/shell/README.md).
 */
const root = fileURLToPath(new URL('../..', import.meta.url))
const out = mkdtempSync(join(tmpdir(), 'posthorn-pack-'))
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

beforeAll(async () => {
  if (whyNot('chromium') === undefined) await drawIcons()
  await build('renderer', 'shell')
  writeMetadata('electron', join(root, 'dist/package'))
})
afterAll(() => rmSync(out, { recursive: true, force: true }))

type System = 'linux' | 'darwin' | 'win32'
const PLATFORM = { linux: Platform.LINUX, darwin: Platform.MAC, win32: Platform.WINDOWS }

/** Packs for one system, as far as that goes without Electron, and returns the folder of what was packed. */
async function packed(system: System, arch: Arch, target = 'dir', computed?: (options: unknown) => void) {
  const folder = join(out, `${system}-${arch}-${target}`)
  const config = configurationFor({ env: {}, unfused: true })
  const options: CliOptions & { effectiveOptionComputed?: (options: unknown) => Promise<boolean> } = {
    projectDir: root,
    publish: 'never',
    targets: PLATFORM[system].createTarget(target, arch),
    config: {
      ...config,
      directories: { ...config.directories, output: folder },
      electronDist: makePlaceholder(join(out, `electron-${system}`), system),
      // What writes into Electron's own programs has nothing to write into.
      disableAsarIntegrity: true,
      win: { ...config.win, signAndEditExecutable: false },
      mac: { ...config.mac, identity: null },
    },
    effectiveOptionComputed: async (options) => {
      computed?.(options)
      return true
    },
  }
  await pack(options)
  return folder
}

/** Paths below a folder, files only. */
const filesIn = (folder: string): string[] =>
  globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .toSorted()

interface AsarFolder {
  readonly files: Readonly<Record<string, AsarFolder | { readonly size: number }>>
}
/** What an asar archive lists: its header is JSON behind four lengths. */
function filesInAsar(path: string): string[] {
  const file = openSync(path, 'r')
  const lengths = Buffer.alloc(16)
  readSync(file, lengths, 0, 16, 0)
  const header = Buffer.alloc(lengths.readUInt32LE(12))
  readSync(file, header, 0, header.length, 16)
  const walk = ({ files }: AsarFolder, below: string): string[] =>
    Object.entries(files).flatMap(([name, entry]) =>
      'files' in entry ? walk(entry, `${below}${name}/`) : [`${below}${name}`],
    )
  return walk(JSON.parse(header.toString()) as AsarFolder, '').toSorted()
}

const EXTRA = ['LICENSE.txt', 'THIRD-PARTY-NOTICES.txt', 'sbom.cdx.json']

// Packages for Linux are made on Linux and macOS.
describe.skipIf(process.platform === 'win32')('Linux', () => {
  let unpacked = ''
  let args: string[] = []
  let desktop = ''
  beforeAll(async () => {
    const folder = await packed('linux', Arch.x64, 'deb', (options) => {
      const [given, file] = options as [string[], string]
      args = given
      desktop = readFileSync(file, 'utf8')
      scripts = ['--after-install', '--after-remove'].map((name) =>
        readFileSync(given[given.indexOf(name) + 1] ?? '', 'utf8'),
      )
    })
    unpacked = join(folder, 'linux-unpacked')
  })
  let scripts: string[] = []

  test('holds the bundles, the window, its own addon and its launcher, and nothing else of ours', () => {
    const resources = filesIn(join(unpacked, 'resources')).filter(
      (path) => !/^(app-update\.yml|package-type|apparmor-profile)$/.test(path),
    )
    expect(resources).toEqual([...EXTRA, 'app.asar', 'cli/posthorn', 'native/linux-x64.node'].toSorted())
    const inside = filesInAsar(join(unpacked, 'resources/app.asar'))
    expect(inside).toEqual(
      expect.arrayContaining(['dist/electron/main.js', 'dist/electron/preload.cjs', 'package.json']),
    )
    expect(inside).toEqual(expect.arrayContaining(['dist/electron/writer-thread.js', 'dist/renderer/index.html']))
    expect(inside.filter((path) => !/^(package\.json|dist\/(electron|renderer)\/)/.test(path))).toEqual([])
    expect(inside.filter((path) => /\.(map|ts|tsx|node)$/.test(path))).toEqual([])
  })

  test('leaves out the words of Chromium that the window has no language for', () => {
    expect(filesIn(join(unpacked, 'locales'))).toEqual(['ar.pak', 'de.pak', 'en-US.pak', 'fr.pak', 'ja.pak'])
  })

  test('adds at most 19 MB to Electron itself', () => {
    const bytes = filesIn(join(unpacked, 'resources')).reduce(
      (sum, path) => sum + statSync(join(unpacked, 'resources', path)).size,
      0,
    )
    expect(bytes).toBeLessThan(19e6) // 17 MB when this was written, 4 of them for the pages of PDF files
  })

  test('installs an entry of the menu and AppStream’s description', () => {
    expect(args).toContain(
      `${join(root, 'resources/linux')}/${APP_ID}.metainfo.xml=/usr/share/metainfo/${APP_ID}.metainfo.xml`,
    )
    expect(args.some((arg) => arg.endsWith(`=/usr/share/applications/${APP_ID}.desktop`))).toBe(true)
    expect(desktop).toContain('\nExec=/opt/Posthorn/posthorn %U\n')
    expect(desktop).toContain(`\nStartupWMClass=${APP_ID}\n`)
    expect(/^MimeType=(.*)$/m.exec(desktop)?.[1]?.split(';').filter(Boolean).toSorted()).toEqual([
      'application/mbox',
      'message/rfc822',
      'x-scheme-handler/mailto',
    ])
    expect(desktop).toContain('[Desktop Action compose]\nName=Write a message\nExec=/opt/Posthorn/posthorn mailto:\n')
  })

  needs('chromium').test('installs its icon in every size', () => {
    const installed = args.flatMap(
      (arg) => /=\/usr\/share\/icons\/hicolor\/(\d+)x\d+\/apps\/posthorn\.png$/.exec(arg)?.[1] ?? [],
    )
    expect(installed.map(Number)).toEqual(LINUX_SIZES)
  })

  needs('desktop-file-validate').test('its entry of the menu is valid', async () => {
    const { writeFileSync } = await import('node:fs')
    const file = join(out, `${APP_ID}.desktop`)
    writeFileSync(file, desktop)
    const ours = join(root, `resources/linux/${APP_ID}.desktop`)
    for (const path of [file, ours])
      expect(execFileSync(pathOf('desktop-file-validate'), ['--no-hints', path], { encoding: 'utf8' })).toBe('')
  })

  test('its installer puts the command on the PATH and takes it away again', () => {
    const [install = '', remove = ''] = scripts
    expect(install).toContain('ln -sf "$app/resources/cli/posthorn" /usr/bin/posthorn')
    expect(install).not.toContain('${') // nothing the builder did not fill in
    expect(remove).toContain('rm -f /usr/bin/posthorn')
    if (process.platform !== 'win32') for (const script of scripts) execFileSync('bash', ['-n'], { input: script })
  })

  test.runIf(process.platform !== 'win32')(
    'its launcher starts the application without a screen, from any link',
    async () => {
      const { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } = await import('node:fs')
      const app = join(out, 'opt/Posthorn')
      mkdirSync(join(app, 'resources/cli'), { recursive: true })
      cpSync(join(unpacked, 'resources/cli/posthorn'), join(app, 'resources/cli/posthorn'))
      writeFileSync(join(app, 'posthorn'), '#!/bin/sh\nprintf "%s|" "$@"\n')
      for (const path of ['posthorn', 'resources/cli/posthorn']) chmodSync(join(app, path), 0o755)
      mkdirSync(join(out, 'bin'))
      symlinkSync(join(app, 'resources/cli/posthorn'), join(out, 'bin/posthorn'))
      const said = execFileSync(join(out, 'bin/posthorn'), ['search', 'a "b"', ''], { encoding: 'utf8' })
      const root = process.getuid?.() === 0 ? '--no-sandbox|' : ''
      expect(said).toBe(`--ozone-platform=headless|--disable-gpu|${root}--cli|search|a "b"||`)
    },
  )
})

describe('Windows and macOS', () => {
  test('Windows holds the addon of its own processor alone', async () => {
    const resources = join(await packed('win32', Arch.arm64), 'win-arm64-unpacked/resources')
    const files = filesIn(resources).filter((path) => path !== 'cli/posthorn.exe' && path !== 'app-update.yml')
    expect(files).toEqual([...EXTRA, 'app.asar', 'cli/posthorn-path.ps1', 'native/win32-arm64.node'].toSorted())
  })

  // electron-builder packs for macOS on every system but Windows.
  needs(...(process.platform === 'win32' ? [] : ['python' as const])).test(
    'macOS is told of mail addresses and mail files, and holds both addons, for both halves are joined',
    async () => {
      if (process.platform === 'win32') return
      const contents = join(await packed('darwin', Arch.x64), 'mac/Posthorn.app/Contents')
      const files = filesIn(join(contents, 'Resources')).filter(
        (path) => !/\.lproj\/|^icon\.icns$|^app-update\.yml$/.test(path),
      )
      expect(files).toEqual(
        [...EXTRA, 'app.asar', 'cli/posthorn-mac', 'native/darwin-arm64.node', 'native/darwin-x64.node'].toSorted(),
      )
      const info = plistOf(join(contents, 'Info.plist'))
      expect(info).toMatchObject({ CFBundleIdentifier: APP_ID, CFBundleShortVersionString: version })
      expect(info['CFBundleURLTypes']).toMatchObject([{ CFBundleURLSchemes: ['mailto'] }])
      expect(info['CFBundleDocumentTypes']).toMatchObject([
        { CFBundleTypeExtensions: ['eml'], CFBundleTypeRole: 'Viewer' },
        { CFBundleTypeExtensions: ['mbox'], CFBundleTypeRole: 'Viewer' },
      ])
    },
  )

  needs('python').test('the hardened runtime of macOS gives up nothing but the ban on compiling', () => {
    expect(plistOf(join(root, 'resources/mac/entitlements.plist'))).toEqual({
      'com.apple.security.cs.allow-jit': true,
    })
    const signed = configurationFor({ env: { CSC_LINK: 'file://certificate.p12' } }).mac
    expect(signed).toMatchObject({ hardenedRuntime: true, entitlements: 'resources/mac/entitlements.plist' })
    expect(signed).not.toHaveProperty('identity')
    expect(configurationFor({ env: {} }).mac).toMatchObject({ hardenedRuntime: false, identity: '-' })
  })
})

/** A property list as Python reads it. */
const plistOf = (path: string): Record<string, unknown> =>
  JSON.parse(
    execFileSync(
      pathOf('python'),
      ['-c', 'import json,plistlib,sys;print(json.dumps(plistlib.load(open(sys.argv[1],"rb"))))', path],
      {
        encoding: 'utf8',
      },
    ),
  ) as Record<string, unknown>

describe('the configuration', () => {
  test('makes every kind of package for both processors', () => {
    const { linux, mac, win } = configurationFor({ env: {} })
    const of = (targets: unknown) =>
      (targets as { target: string; arch: string[] }[]).map(({ target, arch }) => `${target} ${arch.join(' ')}`)
    expect(of(linux?.target)).toEqual(['AppImage x64 arm64', 'deb x64 arm64', 'rpm x64 arm64'])
    expect(of(mac?.target)).toEqual(['dmg universal', 'zip universal'])
    expect(of(win?.target)).toEqual(['nsis x64 arm64', 'portable x64 arm64'])
  })

  test('sets every fuse that keeps other code out, and none in the twin that tests drive', () => {
    expect(configurationFor({ env: {} }).electronFuses).toEqual({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableCookieEncryption: true,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
    })
    expect(configurationFor({ env: {}, unfused: true })).not.toHaveProperty('electronFuses')
  })

  test('is checked by electron-builder: a key it does not know is refused', async () => {
    const config = { ...configurationFor({ env: {} }), bogusKey: true }
    const options = { projectDir: root, targets: Platform.LINUX.createTarget('dir'), publish: 'never', config }
    await expect(pack(options as CliOptions)).rejects.toThrow(/unknown property 'bogusKey'/)
  })

  test('names only files that are there', () => {
    const { deb, rpm, nsis, mac, linux } = configurationFor({ env: {} })
    const named = [deb?.afterInstall, deb?.afterRemove, rpm?.afterInstall, nsis?.include, mac?.entitlements]
    const resources = [linux?.extraResources, mac?.extraResources].flat() as { from: string }[]
    for (const path of [...named, ...resources.map(({ from }) => from)])
      if (!path?.startsWith('dist/')) expect(existsSync(join(root, path ?? '?')), String(path)).toBe(true)
  })
})

describe('descriptions', () => {
  const metainfo = join(root, `resources/linux/${APP_ID}.metainfo.xml`)
  needs('appstreamcli').test('AppStream’s is valid, and tells of this version', () => {
    execFileSync(pathOf('appstreamcli'), ['validate', '--no-net', '--strict', metainfo])
    const text = readFileSync(metainfo, 'utf8')
    expect(text).toContain(`<id>${APP_ID}</id>`)
    expect(text).toContain(`<launchable type="desktop-id">${APP_ID}.desktop</launchable>`)
    expect(/<release version="([^"]+)"/.exec(text)?.[1]).toBe(version)
  })

  test('Flatpak’s installs what is packed, and opens no folder of the person to it', () => {
    const manifest = parse(readFileSync(join(root, `resources/linux/${APP_ID}.flatpak.yml`), 'utf8')) as {
      readonly 'id': string
      readonly 'finish-args': readonly string[]
      readonly 'modules': readonly { readonly sources: readonly { readonly path?: string; readonly type: string }[] }[]
    }
    expect(manifest.id).toBe(APP_ID)
    expect(manifest['finish-args'].filter((arg) => /filesystem|=host|session-bus|system-bus/.test(arg))).toEqual([])
    const paths = manifest.modules.flatMap(({ sources }) => sources).flatMap(({ path }) => path ?? [])
    expect(paths.filter((path) => !path.startsWith('../../')).toSorted()).toEqual([
      `${APP_ID}.desktop`,
      `${APP_ID}.metainfo.xml`,
    ])
  })
})
