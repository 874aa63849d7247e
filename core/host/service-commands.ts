import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { Fault, reasonOf } from '../base/fault.ts'
import { parseArguments, type CommandLine } from './arguments.ts'
import { EXIT, usage } from './command.ts'
import { callEngine, type CommandIo } from './local-socket.ts'
import { launchdPlist, systemdUnit, type ServiceProgram } from './service-unit.ts'

const USAGE = 'service install [--print], service uninstall, or service status'
const UNIT = 'posthorn.service'
const LABEL = 'org.posthorn.Posthorn.service'

/** What Windows wants of a service, which no plain program is. */
const WINDOWS = `Windows runs a program as a service only where it talks to Windows as services do; Node does not. Two ways:
  - WinSW (https://github.com/winsw/winsw) runs it as a service of its own account: executable and arguments as printed below.
  - The Task Scheduler runs it while you are signed in: a task "at log on", with the same program and arguments.
`

/** Where this person's service manager keeps services, and what it is told. */
interface Manager {
  readonly path: string
  text(program: ServiceProgram): string
  /** Commands after the file is written. */
  readonly start: readonly (readonly [string, ...string[]])[]
  /** Commands before it is taken away. */
  readonly stop: readonly (readonly [string, ...string[]])[]
  /** Commands once it is gone. */
  readonly forget: readonly (readonly [string, ...string[]])[]
}

/** `posthorn service`: Posthorn as a service of the person who runs this, on the data folder that is named. */
export async function service(at: CommandLine, io: CommandIo): Promise<number> {
  const args = parseArguments(at.argv.slice(1), { '--print': 'flag', '--json': 'flag' })
  const [what, ...rest] = args.words
  if (rest.length > 0) throw usage(USAGE)
  if (what === 'status') return status(at, io, args.has('--json'))
  if (what !== 'install' && what !== 'uninstall') throw usage(USAGE)
  const manager = managerOf(process.platform)
  if (what === 'install') return install(at, io, manager, args.has('--print'))
  if (manager === undefined) throw notHere()
  return uninstall(io, manager)
}

async function install(at: CommandLine, io: CommandIo, manager: Manager | undefined, print: boolean): Promise<number> {
  const program = programFor(at)
  if (manager === undefined) {
    await io.stdout(`${WINDOWS}\n${program.map((word) => (/[\s"]/.test(word) ? `"${word}"` : word)).join(' ')}\n`)
    return print ? EXIT.ok : EXIT.unavailable
  }
  const text = manager.text(program)
  if (print) {
    await io.stdout(text)
    return EXIT.ok
  }
  mkdirSync(dirname(manager.path), { recursive: true })
  writeFileSync(manager.path, text, { mode: 0o600 })
  for (const command of manager.stop) run(command, 'ignore')
  for (const command of manager.start) run(command, 'throw')
  await io.stdout(`Posthorn runs as a service from now on: ${manager.path}\n`)
  if (process.platform === 'linux')
    await io.stdout('It runs while you are signed in; loginctl enable-linger lets it run always.\n')
  return EXIT.ok
}

async function uninstall(io: CommandIo, manager: Manager): Promise<number> {
  if (!existsSync(manager.path)) {
    await io.stdout('Posthorn is no service here.\n')
    return EXIT.ok
  }
  for (const command of manager.stop) run(command, 'ignore')
  rmSync(manager.path, { force: true })
  for (const command of manager.forget) run(command, 'ignore')
  await io.stdout('Posthorn is no service any more. Mail, settings and keys are where they were.\n')
  return EXIT.ok
}

/** Whether it is a service and whether its engine answers; the exit status is 0 only for one that works. */
async function status(at: CommandLine, io: CommandIo, json: boolean): Promise<number> {
  const path = managerOf(process.platform)?.path
  const installed = path !== undefined && existsSync(path) ? path : null
  const asked = await askEngine(at.data, io)
  const health = asked.status === undefined ? 'stopped' : asked.status === EXIT.ok ? 'running' : 'unwell'
  const said: unknown = health === 'running' ? JSON.parse(asked.stdout) : null
  if (json)
    await io.stdout(`${JSON.stringify({ health, installed, why: asked.stderr.trim() || null, status: said })}\n`)
  else {
    await io.stdout(installed === null ? 'Posthorn is no service here.\n' : `Service: ${installed}\n`)
    if (health === 'stopped') await io.stdout('It does not run.\n')
    else if (health === 'unwell') await io.stdout(`It runs, but: ${asked.stderr.trim()}\n`)
    else await callEngine(at.data, ['status'], io)
  }
  if (health === 'running') return EXIT.ok
  return health === 'stopped' ? EXIT.unavailable : EXIT.temporary
}

/** Asks the engine of the folder how it is; no status where none runs. */
async function askEngine(data: string, io: CommandIo) {
  let stdout = ''
  let stderr = ''
  const hear: CommandIo = {
    ...io,
    stdout: async (bytes) => void (stdout += Buffer.from(bytes).toString()),
    stderr: async (text) => void (stderr += text),
  }
  try {
    const status = await callEngine(data, ['status', '--json'], hear)
    return { status, stdout, stderr }
  } catch (error) {
    return { status: EXIT.temporary, stdout, stderr: reasonOf(error) }
  }
}

/** What the service runs: this very Node and program, on whole paths. */
function programFor(at: CommandLine): ServiceProgram {
  if (process.versions['electron'] !== undefined)
    throw new Fault(
      'usage',
      'the desktop application is no service: unpack the headless archive, and run its bin/posthorn service install',
      { reason: 'desktop' },
    )
  const place = (name: string, path: string | undefined) => (path === undefined ? [] : [name, resolve(path)])
  // launchd keeps no log that is ever cut.
  const log = process.platform === 'darwin' ? ['--log-file', join(homedir(), 'Library/Logs/Posthorn/posthorn.log')] : []
  return [
    process.execPath,
    ...process.execArgv.filter((flag) => flag.startsWith('--max-semi') || flag.startsWith('--heap-growing')),
    resolve(process.argv[1] ?? ''),
    'serve',
    ...place('--data', at.data),
    ...place('--settings', at.settings),
    ...place('--key-file', at.keyFile),
    ...log,
  ]
}

function managerOf(platform: NodeJS.Platform): Manager | undefined {
  if (platform === 'darwin') {
    const domain = `gui/${process.getuid?.() ?? 0}`
    const path = join(homedir(), 'Library/LaunchAgents', `${LABEL}.plist`)
    return {
      path,
      text: (program) => launchdPlist(LABEL, program),
      start: [['launchctl', 'bootstrap', domain, path]],
      stop: [['launchctl', 'bootout', `${domain}/${LABEL}`]],
      forget: [],
    }
  }
  if (platform === 'win32') return undefined
  const systemctl = (...args: string[]) => ['systemctl', '--user', ...args] as const
  return {
    path: join(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'systemd/user', UNIT),
    text: systemdUnit,
    start: [systemctl('daemon-reload'), systemctl('enable', UNIT), systemctl('restart', UNIT)],
    stop: [systemctl('disable', '--now', UNIT)],
    forget: [systemctl('daemon-reload')],
  }
}

/** Runs a command of the service manager. What it refuses is thrown, or ignored where there may be nothing to do. */
function run([program, ...args]: readonly [string, ...string[]], onFailure: 'throw' | 'ignore'): void {
  const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] })
  if (status === 0 || onFailure === 'ignore') return
  const reason = error?.message ?? (stderr.trim() || `exit status ${status}`)
  throw new Fault('engine.unreachable', `${[program, ...args].join(' ')}: ${reason}`, { path: program, reason })
}

const notHere = () => usage(`there are no services of a person on this system; ${USAGE}`)
