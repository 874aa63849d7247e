import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const BLOCK = 512

/**
 * A folder as the bytes of a .tar.gz (POSIX ustar). The same files give the same bytes on every system: in the order of their
 * names, owned by nobody, dated `seconds` after 1970, and executable where they stand in a `bin` folder.
 * @param {string} folder
 * @param {string} prefix the folder that all of it is unpacked into
 * @param {number} seconds
 */
export function tarOf(folder, prefix, seconds) {
  const blocks = [...entriesOf(folder)].flatMap(({ path, isFolder }) => {
    const bytes = isFolder ? Buffer.alloc(0) : readFileSync(join(folder, path))
    const mode = isFolder || /(^|\/)bin\//.test(path) ? 0o755 : 0o644
    const name = `${prefix}/${path}${isFolder ? '/' : ''}`
    const padding = Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)
    return [headerOf({ name, mode, seconds, size: bytes.length, type: isFolder ? '5' : '0' }), bytes, padding]
  })
  const zipped = gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), { level: 9 })
  zipped[9] = 255 // which system zipped it is nobody's business
  return zipped
}

/**
 * @param {string} folder
 * @param {string} [below]
 * @returns {Generator<{ path: string, isFolder: boolean }>}
 */
function* entriesOf(folder, below = '') {
  for (const name of readdirSync(join(folder, below)).toSorted()) {
    const path = below === '' ? name : `${below}/${name}`
    const isFolder = statSync(join(folder, path)).isDirectory()
    yield { path, isFolder }
    if (isFolder) yield* entriesOf(folder, path)
  }
}

/** @param {{ name: string, mode: number, seconds: number, size: number, type: '0' | '5' }} entry */
function headerOf({ name, mode, seconds, size, type }) {
  const header = Buffer.alloc(BLOCK)
  // A name of up to 256 bytes is written in two parts, which are joined by a slash.
  const cut = Buffer.byteLength(name) <= 100 ? -1 : name.indexOf('/', Math.max(0, name.length - 101))
  const [before, after] = cut === -1 ? ['', name] : [name.slice(0, cut), name.slice(cut + 1)]
  if (Buffer.byteLength(after) > 100 || Buffer.byteLength(before) > 155)
    throw new Error(`"${name}" is too long for tar`)
  header.write(after, 0)
  header.write(octal(mode, 7), 100)
  header.write(octal(0, 7), 108)
  header.write(octal(0, 7), 116)
  header.write(octal(size, 11), 124)
  header.write(octal(seconds, 11), 136)
  header.write('        ', 148) // the checksum counts itself as spaces
  header.write(type, 156)
  header.write('ustar\x0000', 257)
  header.write(before, 345)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${octal(sum, 6)}\0 `, 148)
  return header
}

/** @type {(value: number, digits: number) => string} */
const octal = (value, digits) => value.toString(8).padStart(digits, '0')
