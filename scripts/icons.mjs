// Draws the application's icon in every size that systems ask for, from resources/icon.svg, with the browser that the tests
// use. Into dist/package/icons: linux/NxN.png and linux/icon.svg, icon.ico, icon.icns.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exclusively } from './exclusively.mjs'
import { findProgram, whyNot } from './programs.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'dist/package/icons')

/** Sizes of Linux's icon theme, in pixels. */
export const LINUX_SIZES = [16, 22, 24, 32, 48, 64, 96, 128, 256, 512]
/** What Windows' task bar, lists and tiles ask for at 100 to 400 per cent. */
export const WINDOWS_SIZES = [16, 20, 24, 32, 40, 48, 64, 96, 128, 256]
/** Apple's names of an image by its size; those of 32 and more pixels also serve half the size on a fine screen. */
export const APPLE_SIZES = /** @type {const} */ ({
  icp4: 16,
  icp5: 32,
  ic11: 32,
  ic12: 64,
  ic07: 128,
  ic13: 256,
  ic08: 256,
  ic14: 512,
  ic09: 512,
  ic10: 1024,
})
/** Icons of macOS stand on a grid: the plate takes 824 of 1024 points, and what is around it stays clear. */
const APPLE_PLATE = 824 / 1024

/** Draws all of them, where they are not those of this drawing already. Throws where there is no browser to draw with. */
export async function drawIcons() {
  mkdirSync(folder, { recursive: true })
  await exclusively(join(root, 'dist/.icons.lock'), async () => {
    const stamp = join(folder, '.drawn')
    const sources = ['resources/icon.svg', 'scripts/icons.mjs'].map((path) => readFileSync(join(root, path)))
    const wanted = createHash('sha256').update(Buffer.concat(sources)).digest('hex')
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
    rmSync(stamp, { force: true })
    await drawAll()
    writeFileSync(stamp, wanted)
  })
}

async function drawAll() {
  const why = whyNot('chromium')
  if (why !== undefined) throw new Error(`draw the icons: ${why}`)
  const svg = readFileSync(join(root, 'resources/icon.svg'), 'utf8')
  const { chromium } = await import('playwright-core')
  const args = ['--disable-gpu', '--force-color-profile=srgb', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]
  const browser = await chromium.launch({ executablePath: findProgram('chromium') ?? '', args })
  try {
    const page = await browser.newPage()
    /** @type {(pixels: number, plate?: number) => Promise<Buffer>} */
    const draw = async (pixels, plate = 1) => {
      await page.setViewportSize({ width: pixels, height: pixels })
      const margin = (100 * (1 - plate)) / 2
      await page.setContent(
        `<style>* { margin: 0 } svg { position: absolute; inset: ${margin}%; width: ${100 - 2 * margin}%; height: ${100 - 2 * margin}% }</style>${svg}`,
      )
      return page.screenshot({ omitBackground: true, type: 'png' })
    }
    /** @type {Map<string, Buffer>} */
    const drawn = new Map()
    /** @type {(pixels: number, plate?: number) => Promise<Buffer>} */
    const once = async (pixels, plate = 1) => {
      const key = `${pixels} ${plate}`
      const png = drawn.get(key) ?? (await draw(pixels, plate))
      drawn.set(key, png)
      return png
    }
    mkdirSync(join(folder, 'linux'), { recursive: true })
    writeFileSync(join(folder, 'linux/icon.svg'), svg)
    for (const size of LINUX_SIZES) writeFileSync(join(folder, `linux/${size}x${size}.png`), await once(size))

    const windows = []
    for (const size of WINDOWS_SIZES) windows.push({ size, png: await once(size) })
    writeFileSync(join(folder, 'icon.ico'), icoOf(windows))

    const apple = []
    for (const [type, size] of Object.entries(APPLE_SIZES)) apple.push({ type, png: await once(size, APPLE_PLATE) })
    writeFileSync(join(folder, 'icon.icns'), icnsOf(apple))
  } finally {
    await browser.close()
  }
}

/**
 * An .ico file: a directory of sixteen bytes an image, then the images, which may be PNG since Windows Vista.
 * @param {readonly { size: number; png: Buffer }[]} images
 */
export function icoOf(images) {
  const head = Buffer.alloc(6 + 16 * images.length)
  head.writeUInt16LE(1, 2) // an icon, no cursor
  head.writeUInt16LE(images.length, 4)
  let at = head.length
  for (const [n, { size, png }] of images.entries()) {
    const entry = 6 + 16 * n
    head.writeUInt8(size % 256, entry) // 256 is written as 0
    head.writeUInt8(size % 256, entry + 1)
    head.writeUInt16LE(1, entry + 4)
    head.writeUInt16LE(32, entry + 6)
    head.writeUInt32LE(png.length, entry + 8)
    head.writeUInt32LE(at, entry + 12)
    at += png.length
  }
  return Buffer.concat([head, ...images.map(({ png }) => png)])
}

/**
 * An .icns file: `icns`, its length, and each image under its four letters with a length of its own.
 * @param {readonly { type: string; png: Buffer }[]} images
 */
export function icnsOf(images) {
  const blocks = images.flatMap(({ type, png }) => [blockHead(type, png.length), png])
  const body = Buffer.concat(blocks)
  return Buffer.concat([blockHead('icns', body.length), body])
}

/** @type {(type: string, length: number) => Buffer} */
function blockHead(type, length) {
  const head = Buffer.alloc(8)
  head.write(type, 'latin1')
  head.writeUInt32BE(length + 8, 4)
  return head
}

if (import.meta.main) await drawIcons()
