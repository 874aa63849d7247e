// Makes what people install, into release/:
//   npm run package                         of this system, for both processors, with checksums
//   npm run package -- --linux --x64 --dir  of the systems and processors that are named; --dir without installers
//   npm run package -- --unfused --dir      a twin without fuses, which Playwright can drive; never handed out
//   npm run package -- headless [SYSTEM …]  the headless archive
// Electron and the installers' tools come from the network. Where they cannot be had, it says so and makes nothing.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { build } from './build.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const release = join(root, 'release')
const UNAVAILABLE = 69 // EX_UNAVAILABLE of sysexits(3)
const REACH_MS = 20_000

/** @typedef {'linux' | 'mac' | 'win'} System */
const SYSTEMS = /** @type {const} */ (['linux', 'mac', 'win'])
const ARCHS = /** @type {const} */ (['x64', 'arm64', 'universal'])

const args = process.argv.slice(2)
try {
  if (args[0] === 'headless') await packHeadless(args.slice(1))
  else await packDesktop(args)
  await writeChecksums()
} catch (error) {
  console.error(`posthorn: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = UNAVAILABLE
}

/** @param {string[]} named */
async function packHeadless(named) {
  const { makeArchive, ownSystem, systems } = await import('./headless.mjs')
  const wanted = named.includes('all') ? systems() : named.length > 0 ? named : [ownSystem()]
  for (const system of wanted) console.log(await makeArchive(system, release))
}

/** @param {string[]} flags */
async function packDesktop(flags) {
  const known = [...SYSTEMS, ...ARCHS, 'dir', 'unfused'].map((name) => `--${name}`)
  const unknown = flags.find((flag) => !known.includes(flag))
  if (unknown !== undefined) throw new Error(`there is no option "${unknown}"; there are ${known.join(', ')}`)
  const has = (/** @type {string} */ name) => flags.includes(`--${name}`)
  const named = SYSTEMS.filter(has)
  const systems = named.length > 0 ? named : [ownSystem()]
  const archs = ARCHS.filter(has)
  if (systems.includes('mac') && process.platform !== 'darwin')
    throw new Error('packages for macOS are made on macOS only')

  const why = await whyNoElectron()
  if (why !== undefined) throw new Error(`nothing was packed: Electron cannot be had here: ${why}`)

  await build('renderer', 'shell')
  const { drawIcons } = await import('./icons.mjs')
  const { writeMetadata } = await import('./package-metadata.mjs')
  await drawIcons()
  writeMetadata('electron', join(root, 'dist/package'))
  if (systems.includes('win')) {
    const { compileLauncher } = await import('./windows-launcher.mjs')
    compileLauncher(join(root, 'dist/package/cli/posthorn.exe'))
  }

  const builder = await import('electron-builder')
  const { configurationFor } = await import('../electron-builder.config.ts')
  const platforms = { linux: builder.Platform.LINUX, mac: builder.Platform.MAC, win: builder.Platform.WINDOWS }
  const unfused = has('unfused')
  const config = configurationFor({ env: process.env, unfused })
  for (const system of systems) {
    await builder.build({
      projectDir: root,
      publish: 'never',
      targets: platforms[system].createTarget(has('dir') ? 'dir' : null, ...archs.map((name) => builder.Arch[name])),
      config: unfused ? { ...config, directories: { ...config.directories, output: 'release/unfused' } } : config,
    })
  }
  saySizes(unfused ? join(release, 'unfused') : release)
  const feedKey = process.env['POSTHORN_FEED_KEY'] ?? ''
  if (feedKey !== '' && !has('dir')) {
    const { signFeeds } = await import('./sign-feed.mjs')
    signFeeds(release, feedKey)
  }
}

/**
 * Says what an installation takes on the disk.
 * @param {string} folder
 */
function saySizes(folder) {
  const unpacked = readdirSync(folder).filter(
    (name) => /-unpacked$|^mac/.test(name) && statSync(join(folder, name)).isDirectory(),
  )
  for (const name of unpacked) {
    const files = readdirSync(join(folder, name), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
    const bytes = files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
    console.log(`posthorn: ${name} takes ${Math.round(bytes / 1e6)} MB installed`)
  }
}

/** @returns {System} */
function ownSystem() {
  const names = /** @type {const} */ ({ linux: 'linux', darwin: 'mac', win32: 'win' })
  const { platform } = process
  if (platform === 'linux' || platform === 'darwin' || platform === 'win32') return names[platform]
  throw new Error(`Electron has no version for ${platform}`)
}

/** Why Electron's archives cannot be fetched; undefined where they can. Asked first: the builder itself would try for a minute. */
async function whyNoElectron() {
  const { version } = JSON.parse(await text(join(root, 'node_modules/electron/package.json')))
  const mirror =
    process.env['ELECTRON_MIRROR'] ??
    process.env['npm_config_electron_mirror'] ??
    'https://github.com/electron/electron/releases/download/'
  const address = `${mirror}v${version}/SHASUMS256.txt`
  try {
    const answer = await fetch(address, { method: 'HEAD', signal: AbortSignal.timeout(REACH_MS) })
    return answer.ok ? undefined : `${address} answers ${answer.status}`
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return `${address}: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

/** SHA256SUMS of all that is to be handed out, in the form that `sha256sum --check` reads. */
async function writeChecksums() {
  if (!existsSync(release)) return
  const files = readdirSync(release, { withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() && /\.(AppImage|deb|rpm|flatpak|exe|dmg|zip|tar\.gz|blockmap|yml|sig)$/.test(entry.name),
    )
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('builder-'))
    .toSorted()
  const lines = []
  for (const name of files) lines.push(`${await sha256(join(release, name))}  ${name}\n`)
  writeFileSync(join(release, 'SHA256SUMS'), lines.join(''))
}

/** @param {string} path */
async function sha256(path) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** @param {string} path */
async function text(path) {
  const { readFile } = await import('node:fs/promises')
  return readFile(path, 'utf8')
}
