// Builds what the hosts serve and the shell runs. Does nothing for a part whose sources have not changed.
//   npm run build                     npm run build -- renderer              npm run build -- headless
//   dist/renderer/   the window's page, by renderer/vite.config.ts
//   dist/electron/   main.js, preload.cjs, and beside main.js each thread as a file of its own
//   dist/headless/   the same engine for a plain Node: what scripts/headless.mjs makes an archive of
//   dist/.packages/  which packages each part holds code of
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { notePackages } from './bundled-packages.mjs'
import { exclusively } from './exclusively.mjs'
import { shellWords } from './shell-words.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

/**
 * Builds the named parts side by side; ends the process, with the reason, where one of them fails.
 * @param {('renderer' | 'shell' | 'headless')[]} parts
 */
export async function build(...parts) {
  const builders = { renderer: buildRenderer, shell: buildShell, headless: buildHeadless }
  for (const part of parts) if (!Object.hasOwn(builders, part)) throw new Error(`there is no part "${part}" to build`)
  const results = await Promise.allSettled(parts.map((part) => builders[part]()))
  const failed = results.find(({ status }) => status === 'rejected')
  if (failed?.status !== 'rejected') return
  console.error(`${failed.reason instanceof Error ? failed.reason.message : failed.reason}\nposthorn: the build failed`)
  process.exit(1)
}

/** The page alone: all that the headless host needs. */
async function buildRenderer() {
  const sources = [
    'renderer/**/*',
    'core/{base,model,rpc}/**/*.ts',
    'core/settings.ts',
    'resources/*',
    'resources/words/*.json',
    'tsconfig.base.json',
  ]
  await buildWhenChanged('renderer', sources, async () => {
    const vite = await import('vite')
    await vite.build({
      configFile: join(root, 'renderer/vite.config.ts'),
      logLevel: 'warn',
      plugins: [notePackages(packagesFile('renderer'))],
    })
  })
}

/** The Electron main process with the whole engine in it, the preload script and the threads. */
async function buildShell() {
  await buildWhenChanged('electron', ['electron/**/*.ts', 'core/**/*.ts', 'resources/words/*.json'], async () => {
    rmSync(join(dist, 'electron'), { recursive: true, force: true })
    await Promise.all([
      // What only the window or only the command line needs is read by that one alone.
      bundle('electron', 'electron/main.ts', 'main.js', { splits: true }),
      // A sandboxed preload script can't be an ES module.
      bundle('electron', 'electron/preload.ts', 'preload.cjs', { format: 'cjs' }),
      ...threads().map((path) => bundle('electron', path, `${basename(path, '.ts')}.js`)),
    ])
  })
}

/** The command line and `serve` as plain JavaScript for Node 22.19 and newer. A command loads only the files it needs. */
async function buildHeadless() {
  await buildWhenChanged('headless', ['core/**/*.ts'], async () => {
    rmSync(join(dist, 'headless'), { recursive: true, force: true })
    const to = { target: 'node22.19' }
    await Promise.all([
      bundle('headless', 'core/host/cli.ts', 'cli.js', { ...to, splits: true }),
      ...threads().map((path) => bundle('headless', path, `${basename(path, '.ts')}.js`, to)),
    ])
  })
}

/** Each thread is a file of its own, which `startThread` looks for beside the bundle. */
const threads = () =>
  globSync('core/*/*-thread.ts', { cwd: root }).filter((path) => basename(path) !== 'start-thread.ts')

/** @type {(part: string) => string} */
const packagesFile = (part) => join(dist, '.packages', `${part}.json`)

/**
 * One file with everything in it but Electron itself: a packaged application ships no node_modules.
 * @param {'electron' | 'headless'} folder
 * @param {string} entry
 * @param {string} name
 * @param {{ format?: 'es' | 'cjs', target?: string, splits?: boolean }} [how] `splits` leaves what is imported later in files of its own
 */
async function bundle(folder, entry, name, { format = 'es', target = 'node24', splits = false } = {}) {
  const vite = await import('vite')
  await vite.build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    build: {
      ssr: entry,
      outDir: join(dist, folder),
      emptyOutDir: false,
      target,
      minify: false,
      sourcemap: true,
      rolldownOptions: {
        // Comments are a tenth of it. Its lines stay, for they are what a crash is told by.
        output: {
          format,
          entryFileNames: name,
          chunkFileNames: '[name]-[hash].js',
          codeSplitting: splits,
          comments: false,
        },
      },
    },
    plugins: [notePackages(packagesFile(`${folder}-${name}`)), shellWords(root)],
    ssr: { noExternal: true, external: ['electron'] },
  })
}

/**
 * Compares a hash of the sources with the one of the last build that ended well.
 * @param {string} part
 * @param {readonly string[]} sources
 * @param {() => Promise<void>} work
 */
async function buildWhenChanged(part, sources, work) {
  mkdirSync(dist, { recursive: true })
  await exclusively(join(dist, `.${part}.lock`), async () => {
    const stamp = join(dist, `.${part}.sources`)
    const wanted = hashOf([
      'scripts/build.mjs',
      'scripts/bundled-packages.mjs',
      'scripts/shell-words.mjs',
      'package-lock.json',
      ...sources,
    ])
    if (readOr(stamp, '') === wanted) return
    console.error(`posthorn: building dist/${part}`)
    rmSync(stamp, { force: true })
    await work()
    writeFileSync(stamp, wanted)
  })
}

/** @param {readonly string[]} patterns */
function hashOf(patterns) {
  const hash = createHash('sha256')
  const entries = globSync([...patterns], { cwd: root, withFileTypes: true, exclude: ['**/*.test.{ts,tsx}'] })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  for (const file of files.toSorted()) hash.update(`${file}\0`).update(readFileSync(file)).update('\0')
  return hash.digest('hex')
}

/**
 * @param {string} path
 * @param {string} otherwise
 */
function readOr(path, otherwise) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return otherwise
  }
}

if (import.meta.main) {
  const named = /** @type {('renderer' | 'shell' | 'headless')[]} */ (process.argv.slice(2))
  await build(...(named.length > 0 ? named : /** @type {const} */ (['renderer', 'shell'])))
}
