import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchdPlist } from '../../core/host/service-unit.ts'
import { makeArchive, ownSystem, systems } from '../../scripts/headless.mjs'
import { startDnsServer, type DnsStub } from '../support/dns-server.ts'
import { ended, eventually, Home, Served } from '../support/posthorn.ts'
import { needs, pathOf } from '../support/peers.ts'
import { startSink, type SmtpSink } from '../support/smtp-sink.ts'

/*
 * The headless archive as a person gets it: unpacked where nothing else is, and run by a plain Node.
 */
const isWindows = process.platform === 'win32'
const root = mkdtempSync(join(tmpdir(), 'posthorn-archive-'))
/** Some moment after 1970. */
const SECONDS = 1_700_000_000
let archive = ''
let folder = ''
let sink: SmtpSink
let dns: DnsStub
let home: Home
let served: Served | undefined

beforeAll(async () => {
  archive = await makeArchive(ownSystem(), root, SECONDS)
  execFileSync('tar', ['-xzf', archive, '-C', root])
  folder = join(root, archive.replace(/^.*[\\/]|\.tar\.gz$/g, ''))
  sink = await startSink()
  dns = await startDnsServer({
    'far.test': { MX: [{ preference: 10, exchange: 'mx.test' }] },
    'mx.test': { A: ['127.0.0.1'] },
  })
  home = new Home({
    submission: { port: 0 },
    dns: { servers: [dns.server] },
    relay: { port: sink.port, allowPrivateAddresses: true },
  })
})
afterAll(async () => {
  await served?.stop()
  await sink?.close()
  await dns?.close()
  home?.remove()
  rmSync(root, { recursive: true, force: true })
})

/** Runs the archive's own command, with no Node but ours to be found. */
function run(argv: readonly string[], env: Readonly<Record<string, string>> = {}, stdin?: string) {
  const command = join(folder, 'bin', isWindows ? 'posthorn.cmd' : 'posthorn')
  const own = { POSTHORN_NODE: process.execPath, XDG_CACHE_HOME: join(root, 'cache'), HOME: join(root, 'home') }
  const child = spawn(command, argv, { cwd: root, env: { ...process.env, ...own, ...env }, shell: isWindows })
  child.stdin.on('error', () => {})
  return ended(child, stdin)
}

test('the archive holds plain JavaScript, the window, and the addon of its own system alone', () => {
  expect(readdirSync(folder).toSorted()).toEqual(
    ['LICENSE.txt', 'README.txt', 'THIRD-PARTY-NOTICES.txt', 'bin', 'lib', 'sbom.cdx.json'].toSorted(),
  )
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'))
  expect(files.filter((path) => path.endsWith('.node'))).toEqual([`lib/native/${ownSystem()}.node`])
  expect(files.filter((path) => /\.(ts|tsx|map)$|node_modules/.test(path))).toEqual([])
  expect(files).toContain('lib/renderer/index.html')
  const total = files.reduce((sum, path) => sum + statSync(join(folder, path)).size, 0)
  // 17 MB unpacked and 6.2 MB packed when this was written; what shows PDFs is 4 MB of it.
  expect(total).toBeLessThan(19e6)
  expect(statSync(archive).size).toBeLessThan(7e6)
})

test('its command runs from a link, too', async () => {
  expect((await run(['--version'])).stdout).toMatch(/^posthorn \d+\.\d+\.\d+\n$/)
  if (isWindows) return
  mkdirSync(join(root, 'a folder'))
  execFileSync('ln', ['-s', join(folder, 'bin/posthorn'), join(root, 'a folder/posthorn')])
  const linked = execFileSync(join(root, 'a folder/posthorn'), ['--version'], {
    env: { ...process.env, POSTHORN_NODE: process.execPath },
    encoding: 'utf8',
  })
  expect(linked).toMatch(/^posthorn /)
})

test('a Node that is too old is named, with what is needed', async () => {
  // The entry asks `process` for its version: another one is given to it before it is read.
  const older = join(root, 'older.cjs')
  writeFileSync(older, `Object.defineProperty(process.versions, 'node', { value: '22.18.9' })`)
  const child = spawn(process.execPath, ['--require', older, join(folder, 'lib/posthorn.mjs'), 'status'])
  const { status, stderr } = await ended(child)
  expect(stderr).toContain('this is Node 22.18.9; Posthorn needs 22.19 or newer')
  expect(status).toBe(69)
})

test('it serves the window, and mail that is handed to its sendmail reaches the recipient’s server', async () => {
  served = await Served.start([join(folder, 'lib/posthorn.mjs'), 'serve', ...home.at])
  const { origin } = new URL(served.ready.ui)
  const page = await fetch(origin)
  expect(await page.text()).toContain('<div id="root">')
  expect(page.headers.get('content-security-policy')).toContain(`default-src 'none'`)

  const text = 'From: ada@home.test\nTo: bob@far.test\nSubject: out of the archive\n\nhello\n'
  const sent = await run([...home.at, 'sendmail', '-t', '-i', '-f', 'ada@home.test'], {}, text)
  expect(sent).toMatchObject({ status: 0, stderr: '' })
  const message = await eventually(
    () => sink.messages.find(({ raw }) => raw.includes('Subject: out of the archive\r\n')),
    'the mail at the sink',
  )
  expect(message.to).toEqual(['bob@far.test'])
  const found = await run(['search', 'archive', ...home.at, '--json'])
  expect(found.status).toBe(0) // the reader thread has its addon, too
})

test.runIf(!isWindows)('it passes the trial that the workflow makes of every package', async () => {
  const smoke = fileURLToPath(new URL('../../scripts/smoke.mjs', import.meta.url))
  const child = spawn(process.execPath, [smoke, join(folder, 'bin/posthorn')], {
    env: { ...process.env, POSTHORN_NODE: process.execPath },
  })
  expect(await ended(child)).toMatchObject({ status: 0, stderr: '' })
})

test('a health check says whether the engine answers', async () => {
  const well = await run(['service', 'status', '--json', ...home.at])
  expect(well.status).toBe(0)
  expect(JSON.parse(well.stdout)).toMatchObject({ health: 'running', installed: null, status: { waiting: 0 } })
  const other = await run(['service', 'status', '--json', '--data', join(root, 'nowhere')])
  expect(other.status).toBe(69)
  expect(JSON.parse(other.stdout)).toMatchObject({ health: 'stopped', status: null })
})

test('an engine that runs and is locked is not well, and the health check says why', async () => {
  const other = new Home({ submission: { port: null } })
  expect((await run(['status', ...other.at])).stdout).toContain('Start it with posthorn serve.\n') // no npm start here
  const lost = ['--data', other.data, '--settings', other.settingsFile, '--key-file', join(other.root, 'lost.key')]
  const locked = await Served.start([join(folder, 'lib/posthorn.mjs'), 'serve', ...lost])
  expect(locked.ready.locked).toBe(true)
  const { status, stdout } = await run(['service', 'status', '--json', ...lost])
  expect(status).toBe(75)
  expect(JSON.parse(stdout)).toMatchObject({ health: 'unwell', why: expect.stringContaining('the mail is locked') })
  await locked.stop()
  other.remove()
})

needs('python').test('a launch agent starts the very arguments that were given, as Python reads it', () => {
  const program = ['/usr/local/bin/node', '/a b/posthorn.mjs', 'serve', '--data', '/Users/ada/<&>"\'é'] as const
  const file = join(root, 'agent.plist')
  writeFileSync(file, launchdPlist('org.example.agent', program))
  const read = 'import json,plistlib,sys;print(json.dumps(plistlib.load(open(sys.argv[1],"rb"))))'
  expect(JSON.parse(execFileSync(pathOf('python'), ['-c', read, file], { encoding: 'utf8' }))).toMatchObject({
    Label: 'org.example.agent',
    ProgramArguments: program,
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    Umask: 0o077,
  })
})

test('what it says of itself goes into a file where one is named', async () => {
  const other = new Home({ submission: { port: null } })
  const log = join(other.root, 'logs/posthorn.log')
  const one = await Served.start([join(folder, 'lib/posthorn.mjs'), 'serve', '--log-file', log, ...other.at])
  await one.stop()
  expect(readFileSync(log, 'utf8')).toMatch(/^\d{4}-\d\d-\d\dT\S+ stopping: SIGTERM$/m)
  expect(one.stderr).toBe('')
  other.remove()
})

/** A service manager that notes what it is told. */
function noting(name: string): { readonly env: Readonly<Record<string, string>>; told(): string[] } {
  const bin = mkdtempSync(join(root, 'bin-'))
  const notes = join(bin, 'notes')
  writeFileSync(join(bin, name), `#!/bin/sh\necho "$@" >>'${notes}'\n`)
  chmodSync(join(bin, name), 0o755)
  writeFileSync(notes, '')
  return {
    env: { PATH: `${bin}${delimiter}${process.env['PATH']}`, XDG_CONFIG_HOME: join(bin, 'config'), HOME: bin },
    told: () => readFileSync(notes, 'utf8').trim().split('\n'),
  }
}

test.runIf(process.platform === 'linux')(
  'it becomes a service of systemd, is found as one, and goes again',
  async () => {
    const manager = noting('systemctl')
    const unit = join(manager.env['XDG_CONFIG_HOME'] ?? '', 'systemd/user/posthorn.service')
    const installed = await run(['service', 'install', ...home.at], manager.env)
    expect(installed).toMatchObject({ status: 0, stderr: '' })
    expect(manager.told().slice(-3)).toEqual([
      '--user daemon-reload',
      '--user enable posthorn.service',
      '--user restart posthorn.service',
    ])
    const command = /^ExecStart=(.*)$/m.exec(readFileSync(unit, 'utf8'))?.[1]
    expect(command).toBe(
      `${process.execPath} --max-semi-space-size=4 --heap-growing-percent=15 ${folder}/lib/posthorn.mjs serve ${[
        '--data',
        home.data,
        '--settings',
        home.settingsFile,
        '--key-file',
        home.keyFile,
      ].join(' ')}`,
    )
    expect(JSON.parse((await run(['service', 'status', '--json', ...home.at], manager.env)).stdout)).toMatchObject({
      installed: unit,
    })

    // What the unit starts is what answers: it says that the engine runs already.
    const [program = '', ...args] = command?.split(' ') ?? []
    const started = spawn(program, [...args, '--human'], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    started.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await once(started, 'close')
    expect(said).toContain('Posthorn runs already')

    const gone = await run(['service', 'uninstall'], manager.env)
    expect(gone.status).toBe(0)
    expect(manager.told().slice(-2)).toEqual(['--user disable --now posthorn.service', '--user daemon-reload'])
    expect(JSON.parse((await run(['service', 'status', '--json', ...home.at], manager.env)).stdout)).toMatchObject({
      installed: null,
    })
  },
)

test('an archive can be made of every system there is an addon for, and of no other', async () => {
  expect(systems()).toEqual(
    expect.arrayContaining(['darwin-arm64', 'linux-arm64', 'linux-x64', 'win32-arm64', 'win32-x64']),
  )
  await expect(makeArchive('amiga-m68k', root)).rejects.toThrow('there is no system "amiga-m68k"')
  const windows = await makeArchive('win32-x64', root)
  const listed = execFileSync('tar', ['-tzf', windows], { encoding: 'utf8' })
  expect(listed).toContain('/bin/posthorn.cmd')
  expect(listed.match(/\.node$/gm)).toHaveLength(1)
})

test('the same build gives the same archive', async () => {
  const again = await makeArchive(ownSystem(), join(root, 'again'), SECONDS)
  expect(readFileSync(again).equals(readFileSync(archive))).toBe(true)
})
