import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { NodeHttpExecutor } from 'builder-util'
import { configureRequestUrl, type CancellationToken } from 'builder-util-runtime'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { openUpdater } from '../../electron/updater.ts'
import { makeFeedKey, signFeeds } from '../../scripts/sign-feed.mjs'

/*
 * electron-updater itself, for AppImages, against a static feed on this computer. Only Electron's own way to the network is
 * replaced, by Node's; Squirrel and NSIS are the workflow's to prove.
 */
const root = mkdtempSync(join(tmpdir(), 'posthorn-updates-'))
const web = join(root, 'web')
const key = makeFeedKey()
let server: Server
let feed = ''
/** The path that the server sends elsewhere. */
let moved = ''
const asked: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = []

beforeAll(async () => {
  mkdirSync(web)
  server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname
    asked.push({ path, headers: request.headers })
    const file = join(web, basename(path))
    if (path === moved) return void response.writeHead(302, { location: `/elsewhere/${basename(path)}` }).end()
    if (!existsSync(file)) return void response.writeHead(404).end()
    response.end(readFileSync(file))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  feed = `http://127.0.0.1:${(server.address() as AddressInfo).port}/feed/`
})
afterAll(() => {
  server.close()
  rmSync(root, { recursive: true, force: true })
})

const channel = `latest-linux${process.arch === 'x64' ? '' : `-${process.arch}`}.yml`
const NAME = `Posthorn-9.9.9-${process.arch}.AppImage`
/** A program that notes how it was started. */
const program = `#!/bin/sh\necho "started \${APPIMAGE_EXIT_AFTER_INSTALL:-}" >'${join(root, 'started')}'\n`

/** Puts a version into the feed, signed by `secret`. */
function publish(change: Readonly<Record<string, unknown>> = {}, secret = key.secret): void {
  writeFileSync(join(web, NAME), program)
  const sha512 = createHash('sha512').update(program).digest('base64')
  const info = {
    version: '9.9.9',
    files: [{ url: NAME, sha512, size: program.length }],
    path: NAME,
    sha512,
    releaseNotes: 'Horns are louder.',
    releaseDate: '2026-11-22T00:00:00.000Z',
    ...change,
  }
  writeFileSync(join(web, channel), stringify(info))
  signFeeds(web, secret)
}

/** What Electron's executor adds to Node's: a download into a file, by the very code both share. */
class Executor extends NodeHttpExecutor {
  download(url: URL, destination: string, options: { readonly cancellationToken: CancellationToken }): Promise<string> {
    return options.cancellationToken.createPromise<string>((resolve, reject, onCancel) => {
      const request = { headers: 'headers' in options ? (options.headers as Record<string, string>) : {} }
      configureRequestUrl(url, request)
      const callback = (error?: Error | null) => (error ? reject(error) : resolve(destination))
      this.doDownload(request, { destination, options, onCancel, callback, responseHandler: null }, 0)
    })
  }
}

let n = 0
/** A copy of the program, as an AppImage that electron-updater is to replace. */
function copyOfTheProgram() {
  const home = join(root, String(n++))
  mkdirSync(home)
  const own = join(home, 'Posthorn.AppImage')
  writeFileSync(own, '#!/bin/sh\n')
  chmodSync(own, 0o755)
  process.env['APPIMAGE'] = own
  writeFileSync(join(home, 'app-update.yml'), stringify({ updaterCacheDirName: 'posthorn-updater' }))
  let onQuit: (status: number) => void = () => {}
  const log: string[] = []
  const failures: string[] = []
  const updater = openUpdater({
    place: { feed, key: key.public },
    fetch: (address, init) => fetch(address, init),
    platform: 'linux',
    installed: 'by-installer',
    log: (line) => log.push(String(line)),
    onInstallFailed: () => failures.push('failed'),
    app: {
      version: '1.0.0',
      name: 'posthorn',
      isPackaged: true,
      appUpdateConfigPath: join(home, 'app-update.yml'),
      userDataPath: home,
      baseCachePath: join(home, 'cache'),
      whenReady: () => Promise.resolve(),
      relaunch: () => {},
      quit: () => {},
      onQuit: (handler) => (onQuit = handler),
    },
  })
  Object.assign(updater.engine, { httpExecutor: new Executor() })
  return { own, updater, log, failures, quit: () => onQuit(0) }
}

beforeEach(() => {
  rmSync(web, { recursive: true })
  mkdirSync(web)
  asked.length = 0
  moved = ''
})
afterAll(() => delete process.env['APPIMAGE'])

test.runIf(process.platform === 'linux')(
  'a signed version is found, fetched whole, and in place after the end',
  async () => {
    publish()
    const { updater, own, quit } = copyOfTheProgram()
    expect(await updater.check()).toEqual({ version: '9.9.9', notes: 'Horns are louder.' })
    expect(asked.map(({ path }) => path)).toEqual([`/feed/${channel}`, `/feed/${channel}.sig`])
    await updater.download()
    expect(readFileSync(own, 'utf8')).toBe('#!/bin/sh\n') // nothing is replaced while it runs
    quit()
    expect(readFileSync(own, 'utf8')).toBe(program)
    expect(readFileSync(join(root, 'started'), 'utf8')).toBe('started true\n')
  },
)

test('no number of this computer is sent along', async () => {
  publish()
  const { updater } = copyOfTheProgram()
  await updater.check()
  await updater.download()
  expect(asked.length).toBeGreaterThan(2)
  for (const { headers } of asked) expect(Object.keys(headers).filter((name) => name.startsWith('x-'))).toEqual([])
})

test('a feed that was changed after it was signed is refused', async () => {
  publish()
  writeFileSync(join(web, channel), readFileSync(join(web, channel), 'utf8').replace('9.9.9', '9.9.8'))
  await expect(copyOfTheProgram().updater.check()).rejects.toThrow('it is not signed by the key of updates.key')
})

test('a feed that somebody else signed is refused, and so is one without a signature', async () => {
  publish({}, makeFeedKey().secret)
  await expect(copyOfTheProgram().updater.check()).rejects.toThrow('it is not signed by the key of updates.key')
  rmSync(join(web, `${channel}.sig`))
  await expect(copyOfTheProgram().updater.check()).rejects.toThrow('the server answers 404')
})

test('a feed that leads elsewhere is not followed', async () => {
  publish()
  moved = `/feed/${channel}`
  await expect(copyOfTheProgram().updater.check()).rejects.toThrow()
  expect(asked.map(({ path }) => path).filter((path) => path.startsWith('/elsewhere/'))).toEqual([])
})

test('a file that is not the one the feed tells of is thrown away', async () => {
  publish()
  writeFileSync(join(web, NAME), program.replace('started', 'stolen!'))
  const { updater, own } = copyOfTheProgram()
  await updater.check()
  await expect(updater.download()).rejects.toThrow(/sha512 checksum mismatch/)
  expect(readFileSync(own, 'utf8')).toBe('#!/bin/sh\n')
})

test('where the new version cannot be put in place, whoever closed the engine for it hears so', async () => {
  publish()
  const { updater, own, failures } = copyOfTheProgram()
  await updater.check()
  await updater.download()
  rmSync(own) // such as a medium that was taken out
  updater.install()
  expect(failures).toEqual(['failed'])
})

test('a file of another place is refused, even by a signed feed', async () => {
  const sha512 = createHash('sha512').update(program).digest('base64')
  publish({ files: [{ url: 'https://elsewhere.example/Posthorn.AppImage', sha512, size: program.length }] })
  const { updater } = copyOfTheProgram()
  await updater.check()
  await expect(updater.download()).rejects.toThrow('it is of another place than the feed')
})

test('this version and older ones are no news', async () => {
  for (const version of ['1.0.0', '0.9.0', '1.0.0-beta.1']) {
    publish({ version })
    expect(await copyOfTheProgram().updater.check()).toBeUndefined()
  }
})

test('a feed without end is not read to its end', async () => {
  publish()
  writeFileSync(join(web, channel), 'x'.repeat(300_000))
  await expect(copyOfTheProgram().updater.check()).rejects.toThrow('it is longer than 262144 bytes')
})
