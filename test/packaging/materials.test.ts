import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { build } from '../../scripts/build.mjs'
import { packageFolderOf } from '../../scripts/bundled-packages.mjs'
import { APPLE_SIZES, drawIcons, LINUX_SIZES, WINDOWS_SIZES } from '../../scripts/icons.mjs'
import { bomOf, bundledIn, mayBeBundled, noticesOf } from '../../scripts/package-metadata.mjs'
import { needs } from '../support/peers.ts'

/*
 * What packages hold besides the program: icons, the licences of others, and the bill of materials.
 */
const root = fileURLToPath(new URL('../..', import.meta.url))

needs('chromium').describe('icons', () => {
  beforeAll(drawIcons)
  const folder = join(root, 'dist/package/icons')
  const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  /** Width and height as a PNG says them. */
  const sizeOf = (png: Buffer) => {
    expect(png.subarray(0, 8)).toEqual(SIGNATURE)
    expect(png[25]).toBe(6) // colours with transparency
    return [png.readUInt32BE(16), png.readUInt32BE(20)]
  }

  test('Linux has one of each size of its theme', () => {
    for (const size of LINUX_SIZES)
      expect(sizeOf(readFileSync(join(folder, `linux/${size}x${size}.png`)))).toEqual([size, size])
    expect(readFileSync(join(folder, 'linux/icon.svg'), 'utf8')).toContain('<svg')
  })

  test('that of Windows holds all sizes, each where its directory says', () => {
    const ico = readFileSync(join(folder, 'icon.ico'))
    expect([ico.readUInt16LE(0), ico.readUInt16LE(2), ico.readUInt16LE(4)]).toEqual([0, 1, WINDOWS_SIZES.length])
    const found = WINDOWS_SIZES.map((_, n) => {
      const entry = 6 + 16 * n
      const at = ico.readUInt32LE(entry + 12)
      const [width, height] = sizeOf(ico.subarray(at, at + ico.readUInt32LE(entry + 8)))
      expect([ico[entry] || 256, ico[entry + 1] || 256]).toEqual([width, height])
      return width
    })
    expect(found).toEqual(WINDOWS_SIZES)
  })

  test('that of macOS holds the sizes its names stand for, and ends where it says', () => {
    const icns = readFileSync(join(folder, 'icon.icns'))
    expect(icns.toString('latin1', 0, 4)).toBe('icns')
    expect(icns.readUInt32BE(4)).toBe(icns.length)
    const found: Record<string, number> = {}
    for (let at = 8; at < icns.length; at += icns.readUInt32BE(at + 4)) {
      const [width = 0] = sizeOf(icns.subarray(at + 8, at + icns.readUInt32BE(at + 4)))
      found[icns.toString('latin1', at, at + 4)] = width
    }
    expect(found).toEqual(APPLE_SIZES)
  })
})

describe.each(['electron', 'headless'] as const)('of others in the %s package', (host) => {
  beforeAll(() => build('renderer', host === 'electron' ? 'shell' : 'headless'))

  test('all is known, permissive, and has the text of its licence in the notices', () => {
    const bundled = bundledIn(host)
    const names = bundled.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['zod', 'imapflow', 'react-dom', 'better-sqlite3-multiple-ciphers']))
    expect(names).not.toContain('vitest')
    expect(names.includes('electron')).toBe(false) // only the framework itself, never its package's code
    const notices = noticesOf(bundled, host)
    for (const { name, version, texts } of bundled) {
      expect(notices).toContain(`${name} ${version} (`)
      for (const text of texts) expect(notices).toContain(text.replaceAll('\r', '').trim())
    }
    expect(notices).toMatch(/Ulrich Telle[^]*License: +MIT/) // the ciphers inside of SQLite's addon
    expect(notices.includes('LICENSES.chromium.html')).toBe(host === 'electron')
  })

  test('the bill of materials names each once, with what it needs, and is the same at the next build', () => {
    const bundled = bundledIn(host)
    const about = { host, version: '1.2.3', electronVersion: '4.5.6' }
    const bom = bomOf(bundled, about)
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' })
    expect(bom.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
    const refs = bom.components.map((one) => one['bom-ref'])
    expect(new Set(refs).size).toBe(refs.length)
    expect(refs.length).toBe(bundled.length + (host === 'electron' ? 1 : 0))
    for (const { purl } of bom.components) expect(purl).toMatch(/^pkg:npm\/(%40[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+/)
    const known = [bom.metadata.component['bom-ref'], ...refs]
    for (const { ref, dependsOn } of bom.dependencies)
      for (const one of [ref, ...dependsOn]) expect(known).toContain(one)
    const imapflow = bom.dependencies.find(({ ref }) => ref.startsWith('pkg:npm/imapflow@'))
    expect(imapflow?.dependsOn.map((ref) => ref.replace(/@[^@]*$/, ''))).toContain('pkg:npm/libbase64')
    expect(JSON.stringify(bomOf(bundledIn(host), about))).toBe(JSON.stringify(bom))
  })
})

test.each([
  ['MIT', true],
  ['(MIT OR EUPL-1.1+)', true],
  ['(MPL-2.0 OR Apache-2.0)', true],
  ['MIT AND ISC', true],
  ['MIT AND GPL-3.0', false],
  ['GPL-3.0', false],
  ['MPL-2.0', false],
  ['SEE LICENSE IN LICENSE', false],
  [undefined, false],
])('whether a bundle may hold what is under %s: %s', (license, may) => {
  expect(mayBeBundled(license)).toBe(may)
})

test.each([
  ['/x/node_modules/zod/v4/core.js', 'node_modules/zod'],
  ['/x/node_modules/@orpc/client/dist/index.mjs?commonjs', 'node_modules/@orpc/client'],
  ['/x/node_modules/a/node_modules/@b/c/d.js', 'node_modules/a/node_modules/@b/c'],
  ['\0/x/node_modules/ws/lib/a.js', 'node_modules/ws'],
  ['C:\\x\\node_modules\\ws\\lib\\a.js', 'node_modules/ws'],
  ['/x/core/engine.ts', undefined],
])('the module %j is of the package %s', (id, folder) => {
  expect(packageFolderOf(id)).toBe(folder)
})

test('where Electron cannot be had, packing says so and makes nothing', () => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [join(root, 'scripts/package.mjs'), '--dir'], {
    env: { ...process.env, ELECTRON_MIRROR: 'http://127.0.0.1:9/' },
    encoding: 'utf8',
  })
  expect(stderr).toMatch(/nothing was packed: Electron cannot be had here: http:\/\/127\.0\.0\.1:9\/v\d+\.\d+\.\d+\//)
  expect(stdout).toBe('')
  expect(status).toBe(69)
})

test('an option that packing does not know is refused', () => {
  const script = join(root, 'scripts/package.mjs')
  const { status, stderr } = spawnSync(process.execPath, [script, '--solaris'], { encoding: 'utf8' })
  expect(stderr).toContain('there is no option "--solaris"; there are --linux, --mac, --win')
  expect(status).toBe(69)
})
