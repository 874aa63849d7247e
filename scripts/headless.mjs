// The headless archive: the engine, its window and its command line as plain JavaScript, with the addon of one system.
//   npm run package -- headless                of this computer, into release/
//   npm run package -- headless linux-arm64 …  of the systems that are named, or of `all`
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from './build.mjs'
import { writeMetadata } from './package-metadata.mjs'
import { tarOf } from './tar.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const prebuilds = join(root, 'node_modules/better-sqlite3/prebuilds')

/** Every system there is an addon for, such as `linux-x64`. */
export const systems = () =>
  globSync('*.node', { cwd: prebuilds })
    .map((name) => basename(name, '.node'))
    .toSorted()

/** This computer's. */
export const ownSystem = () => `${process.platform}-${process.arch}`

/**
 * Makes the archive of one system in a folder, and returns its path. Throws where there is no such system.
 * @param {string} system
 * @param {string} to
 * @param {number} [seconds] when its files are from, after 1970: what the build says (reproducible-builds.org), else now
 */
export async function makeArchive(
  system,
  to,
  seconds = Number(process.env['SOURCE_DATE_EPOCH'] ?? Math.floor(Date.now() / 1000)),
) {
  const addon = join(prebuilds, `${system}.node`)
  if (!existsSync(addon)) throw new Error(`there is no system "${system}"; there are ${systems().join(', ')}, and all`)
  await build('renderer', 'headless')
  const { version, description, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const name = `posthorn-headless-${version}-${system}`
  const staged = mkdtempSync(join(tmpdir(), 'posthorn-headless-'))
  try {
    const copy = (/** @type {string} */ from, /** @type {string} */ path) =>
      cpSync(join(root, from), join(staged, path))
    for (const file of globSync('*.js', { cwd: join(root, 'dist/headless') }))
      copy(`dist/headless/${file}`, `lib/${file}`)
    cpSync(join(root, 'dist/renderer'), join(staged, 'lib/renderer'), { recursive: true })
    cpSync(addon, join(staged, `lib/native/${system}.node`))
    copy('resources/headless/posthorn.mjs', 'lib/posthorn.mjs')
    const launcher = system.startsWith('win32') ? 'posthorn.cmd' : 'posthorn'
    copy(`resources/headless/${launcher}`, `bin/${launcher}`)
    copy('resources/headless/README.txt', 'README.txt')
    copy('LICENSE', 'LICENSE.txt')
    const manifest = {
      name: 'posthorn-headless',
      version,
      description,
      license,
      type: 'module',
      engines: { node: '>=22.19' },
    }
    writeFileSync(join(staged, 'lib/package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
    writeMetadata('headless', staged)

    mkdirSync(to, { recursive: true })
    const path = join(to, `${name}.tar.gz`)
    writeFileSync(path, tarOf(staged, name, seconds))
    return path
  } finally {
    rmSync(staged, { recursive: true, force: true })
  }
}
