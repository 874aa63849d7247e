// What `npm start`, `npm test` and the other scripts of package.json run. It needs no package and works on Node 20:
// installs what package-lock.json says where node_modules differs, then runs the task on a Node new enough for it.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInOurPlace } from './child.mjs'
import { exclusively } from './exclusively.mjs'
import { HOST_FLAGS, hostEnvironment } from './host-flags.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const modules = join(root, 'node_modules')
const lockfile = join(root, 'package-lock.json')
/** Holds the hash of the lockfile that node_modules was installed from. */
const stamp = join(modules, '.posthorn-lock')

/** The Node line that Electron brings as well; `import.meta.main` is the newest thing used. */
const NEEDED = { major: 24, minor: 2 }

/** The entry of each task; the command line of the product is run as it is, in the folder the user stands in. */
const entryOf = (/** @type {string} */ task) =>
  task === 'posthorn' ? join(root, 'core/host/cli.ts') : join(root, 'scripts', `${task}.mjs`)

const [task = 'start', ...args] = process.argv.slice(2)
try {
  await installOnce()
  const node = nodeForTasks()
  // The headless host serves the built window: in a clone it is built when it is not the one of these sources.
  if (task === 'posthorn' && args.includes('serve')) buildWindow(node)
  run(node, entryOf(task), args)
} catch (error) {
  console.error(`posthorn: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

/** Makes node_modules match the lockfile; does nothing, quickly, when it does already. */
async function installOnce() {
  const wanted = createHash('sha256').update(readFileSync(lockfile)).digest('hex')
  const isInstalled = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
  if (isInstalled()) return
  // `npm start` and `npm test` may begin at the same moment in a bare clone.
  await exclusively(join(root, '.install.lock'), () => {
    if (isInstalled()) return
    if (!isInstalledByHand()) {
      console.error('posthorn: installing what package-lock.json names (npm ci)')
      npmInstall()
    }
    mkdirSync(modules, { recursive: true })
    writeFileSync(stamp, wanted)
  })
}

/** Whether somebody's own `npm ci` or `npm install` left every package the lockfile asks for. */
function isInstalledByHand() {
  try {
    const { packages: wanted } = JSON.parse(readFileSync(lockfile, 'utf8'))
    const { packages: present } = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'))
    return Object.entries(wanted)
      .filter(([path, entry]) => path.startsWith('node_modules/') && !entry.optional && !entry.devOptional)
      .every(
        ([path, entry]) => present[path]?.version === entry.version && present[path]?.integrity === entry.integrity,
      )
  } catch {
    return false
  }
}

/** No package may run code of its own at installation, and all output goes to stderr: stdout belongs to the task. */
function npmInstall() {
  const command = ['ci', '--include=dev', '--include=optional', '--ignore-scripts', '--no-audit', '--no-fund']
  // The npm that started us, by the node that runs us: no shell, the same on every system.
  const cli = process.env['npm_execpath']
  const own = cli !== undefined && /npm-cli\.c?js$/.test(cli)
  const isWindows = process.platform === 'win32'
  const [program, shell] = own ? [process.execPath, false] : [isWindows ? 'npm.cmd' : 'npm', isWindows]
  const { status, error } = spawnSync(program, [...(own ? [cli] : []), ...command, '--loglevel=error'], {
    cwd: root,
    env: environmentForNpm(),
    stdio: ['ignore', 2, 2],
    shell,
  })
  if (status !== 0) throw new Error(`npm ci failed${error === undefined ? '' : `: ${error.message}`}`)
}

/** Without what would make npm leave packages out: settings of an outer `npm start --omit=dev`, NODE_ENV=production. */
function environmentForNpm() {
  const misleading =
    /^(NODE_ENV|npm_(config_(omit|include|only|production|ignore_scripts|dry_run|workspaces?)|lifecycle_|package_).*)$/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !misleading.test(name)))
}

/** This Node where it is new enough, else the one that came with the packages. */
function nodeForTasks() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > NEEDED.major || (major === NEEDED.major && minor >= NEEDED.minor)) return process.execPath

  const system = process.platform === 'win32' ? 'win' : process.platform
  const program = system === 'win' ? 'node.exe' : 'node'
  const found = [`node-${system}-${process.arch}`, `node-bin-${system}-${process.arch}`]
    .map((name) => join(modules, name, 'bin', program))
    .find(existsSync)
  if (found !== undefined) return found
  throw new Error(
    `this is Node ${process.versions.node}, Posthorn needs ${NEEDED.major}.${NEEDED.minor} or newer, and npm has none for ` +
      `${system} ${process.arch}: install a newer Node from https://nodejs.org`,
  )
}

/**
 * Builds the window where its sources have changed. What it says goes to standard error. Throws when it fails.
 * @param {string} node
 */
function buildWindow(node) {
  const { status } = spawnSync(node, [join(root, 'scripts/build.mjs'), 'renderer'], { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('the window could not be built')
}

/**
 * Runs the task as a child that ends when we do, with our input, output and exit status.
 * @param {string} node
 * @param {string} entry
 * @param {readonly string[]} argv
 */
function run(node, entry, argv) {
  const { NODE_COMPILE_CACHE, ...small } = hostEnvironment(root)
  // A command of the command line takes half the time with it.
  /** @type {NodeJS.ProcessEnv} */
  const env = { NODE_COMPILE_CACHE, ...process.env }
  const path = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  env[path] = [dirname(node), env[path]].filter(Boolean).join(delimiter)

  const cwd = task === 'posthorn' ? (process.env['INIT_CWD'] ?? process.cwd()) : root
  const flags = ['--disable-warning=ExperimentalWarning']
  if (task === 'posthorn' || task === 'start') {
    flags.push(...HOST_FLAGS)
    for (const [name, value] of Object.entries(small)) env[name] ??= value
  }
  const child = runInOurPlace(node, [...flags, entry, ...argv], { cwd, env })
  if (process.env['npm_lifecycle_event'] !== undefined && process.platform !== 'win32') followParent(child)
}

/**
 * A SIGTERM to npm ends npm and its shell and leaves us behind: once our parent has changed, the task ends as well.
 * @param {import('node:child_process').ChildProcess} child
 */
function followParent(child) {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    child.kill('SIGTERM')
  }, 500)
  watch.unref()
}
