// Loads the real, built main file of the desktop shell beside a stand-in for Electron, and plays the system's part: the
// engine starts in it, the window's safety is as it must be, and a call from the window writes one row through the
// writer thread of the bundle. Run by `npm test` before the other tests.
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MessageChannel } from 'node:worker_threads'
import type { Contract } from '../core/rpc/contract.ts'
import * as electron from './load-shell-electron.ts'

const DEADLINE_MS = 30_000
const PASSPHRASE = 'a passphrase of tests'
const standIn = new URL('load-shell-electron.ts', import.meta.url).href
const built = new URL('../dist/electron/', import.meta.url)
const { recorded, handlerOf, app, ipcMain, BrowserWindow } = electron

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: standIn, shortCircuit: true } : next(specifier, context),
})

const folder = mkdtempSync(join(tmpdir(), 'posthorn-shell-'))
const data = join(folder, 'data')
const settings = join(folder, 'settings.json')
writeFileSync(settings, JSON.stringify({ submission: { port: 0 }, queue: { paused: true } }))
const keyFile = join(folder, 'shell.key')
process.argv.push('--data', data, '--key-file', keyFile, '--settings', settings)

try {
  await startsOnlyWhenReady()
  holdsItsWindow()
  await servesItsPages()
  await writesThroughTheBundle()
  await closesBeforeItEnds()
  unlocksFromItsWindow()
  forwardsThePort()
  console.log('posthorn: the built shell starts the engine, holds its window, writes through its threads and unlocks')
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function startsOnlyWhenReady(): Promise<void> {
  // A top-level await on whenReady would never come back from here.
  const loaded = await Promise.race([
    import(new URL('main.js', built).href),
    sleep(DEADLINE_MS, 'late', { ref: false }),
  ])
  assert.notEqual(loaded, 'late', 'main.js waits for Electron to be ready while it is evaluated')
  assert.equal(BrowserWindow.all.length, 0)
  electron.becomeReady()
  const deadlineMs = performance.now() + DEADLINE_MS
  while (BrowserWindow.all.length === 0) {
    assert.deepEqual(recorded.get('dialog.showErrorBox'), undefined)
    assert.ok(performance.now() < deadlineMs, 'no window was opened')
    await sleep(20)
  }
  assert.deepEqual(recorded.get('app.setPath'), ['userData', join(data, 'window')])
}

function holdsItsWindow(): void {
  const [window] = BrowserWindow.all
  assert.ok(window)
  const { preload, ...preferences } = window.options.webPreferences
  assert.equal(preload, fileURLToPath(new URL('preload.cjs', built)))
  assert.ok(existsSync(preload))
  assert.deepEqual(preferences, {
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    webviewTag: false,
    spellcheck: false,
    navigateOnDragDrop: false,
  })
  assert.deepEqual(recorded.get('app.enableSandbox'), [])
  assert.deepEqual(recorded.get('window.loadURL'), ['app://posthorn/'])

  let isGranted = true
  handlerOf<(contents: unknown, permission: string, answer: (granted: boolean) => void) => void>(
    'session.setPermissionRequestHandler',
  )({}, 'media', (granted) => (isGranted = granted))
  assert.equal(isGranted, false)
  assert.equal(handlerOf<() => boolean>('session.setPermissionCheckHandler')(), false)
  assert.equal(handlerOf<() => boolean>('session.setDevicePermissionHandler')(), false)
  assert.deepEqual(
    handlerOf<(details: { url: string }) => unknown>('webContents.setWindowOpenHandler')({
      url: 'https://example.org/',
    }),
    { action: 'deny' },
  )
  handlerOf<(details: unknown, answer: (verdict: unknown) => void) => void>('session.webRequest.onBeforeRequest', 1)(
    {},
    (verdict) => assert.deepEqual(verdict, { cancel: true }),
  )

  const isStopped = (event: string, url: string) => {
    let stopped = false
    window.webContents.emit(event, {
      url,
      isMainFrame: event === 'will-navigate',
      preventDefault: () => (stopped = true),
    })
    return stopped
  }
  assert.equal(isStopped('will-navigate', 'app://posthorn/'), false)
  assert.equal(isStopped('will-navigate', 'https://example.org/'), true)
  assert.equal(isStopped('will-frame-navigate', 'app://posthorn/frame.html'), false)
  assert.equal(isStopped('will-frame-navigate', 'https://example.org/'), true)
  assert.equal(isStopped('will-attach-webview', ''), true)
}

async function servesItsPages(): Promise<void> {
  const [scheme] = recorded.get('protocol.handle') ?? []
  assert.equal(scheme, 'app')
  const serve = handlerOf<(request: Request) => Promise<Response>>('protocol.handle', 1)
  const page = await serve(new Request('app://posthorn/'))
  assert.match(await page.text(), /<div id="root">/)
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'.*connect-src 'none'/)
  assert.equal((await serve(new Request('app://posthorn/frame.html'))).status, 200)
  assert.equal((await serve(new Request('app://posthorn/bytes/unknown'))).status, 404)
}

async function writesThroughTheBundle(): Promise<void> {
  const [window] = BrowserWindow.all
  assert.ok(window)
  const connect = (url: string, frame: { url: string }) => {
    const { port1, port2 } = new MessageChannel()
    const start = () => {} // a MessagePort of Node starts by itself
    window.webContents.mainFrame.url = url
    const port = Object.assign(port1, { start })
    ipcMain.emit('posthorn:connect', { ports: [port], sender: window.webContents, senderFrame: frame })
    return port2
  }

  const strangers = connect('https://example.org/', window.webContents.mainFrame)
  const framed = connect('app://posthorn/', { url: 'app://posthorn/frame.html' })
  await Promise.all([strangers, framed].map((port) => new Promise((resolve) => port.once('close', resolve))))

  const port = connect('app://posthorn/', window.webContents.mainFrame)
  const api: ContractRouterClient<Contract> = createORPCClient(new RPCLink({ port }))
  await api.route.add({ host: 'mail.example.org', port: 587, tls: 'starttls' })
  const routes = await api.route.list()
  assert.ok(routes.some(({ host }) => host === 'mail.example.org'))
  await api.vault.setPassphrase({ current: null, passphrase: PASSPHRASE })
  assert.equal((await api.vault.setLockedAtStart({ locked: true, current: PASSPHRASE })).lockedAtStart, true)
  port.close()
}

/** A start of its own, on the folder that is locked by now. */
function unlocksFromItsWindow(): void {
  const script = fileURLToPath(new URL('load-shell-locked.ts', import.meta.url))
  const args = [...process.execArgv, script, data, keyFile, settings, PASSPHRASE]
  assert.equal(spawnSync(process.execPath, args, { stdio: 'inherit' }).status, 0)
}

async function closesBeforeItEnds(): Promise<void> {
  recorded.delete('app.quit')
  let isHeld = false
  app.emit('will-quit', { preventDefault: () => (isHeld = true) })
  assert.equal(isHeld, true)
  const deadlineMs = performance.now() + DEADLINE_MS
  while (!recorded.has('app.quit')) {
    assert.ok(performance.now() < deadlineMs, 'the engine did not close')
    await sleep(20)
  }
  isHeld = false
  app.emit('will-quit', { preventDefault: () => (isHeld = true) })
  assert.equal(isHeld, false)
}

/** The preload script gives a port to its own page and to nobody else. */
function forwardsThePort(): void {
  const posted: unknown[] = []
  const page = Object.assign(new EventTarget(), { postMessage: (message: unknown) => posted.push(message) })
  Object.assign(globalThis, { window: page, location: { origin: 'app://posthorn' } })
  createRequire(import.meta.url)(fileURLToPath(new URL('preload.cjs', built)))
  assert.deepEqual(recorded.get('contextBridge.exposeInMainWorld'), ['posthornDesktop', true])

  const say = (message: { source: unknown; origin: string; data: unknown }) =>
    page.dispatchEvent(Object.assign(new Event('message'), message))
  say({ source: {}, origin: 'app://posthorn', data: 'posthorn:ready' })
  say({ source: page, origin: 'https://example.org', data: 'posthorn:ready' })
  say({ source: page, origin: 'app://posthorn', data: 'anything' })
  assert.equal(recorded.has('ipcRenderer.postMessage'), false)
  say({ source: page, origin: 'app://posthorn', data: 'posthorn:ready' })
  assert.deepEqual(posted, ['posthorn:port'])
  const [channel, , ports] = recorded.get('ipcRenderer.postMessage') ?? []
  assert.equal(channel, 'posthorn:connect')
  assert.equal(Array.isArray(ports) && ports.length, 1)
  for (const port of ports as { close(): void }[]) port.close()
}
