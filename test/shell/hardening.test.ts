import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { crashNotes } from '../../core/base/crash-notes.ts'
import { configurationFor } from '../../electron-builder.config.ts'
import { FUSES } from '../../electron/fuses.ts'
import { eventually } from '../support/posthorn.ts'
import { needs } from '../support/peers.ts'
import { Application, ShellHome } from './application.ts'

/** What a page that somebody else got into could try, against the shell's own code. */
const { describe } = needs('chromium')

describe('the shell', () => {
  const home = new ShellHome()
  let application: Application
  let page: Page
  beforeAll(async () => {
    application = await Application.start(home.argv, { pages: true })
    page = await application.page()
    await page.getByRole('button', { name: 'Skip for now' }).waitFor()
  })
  afterAll(async () => {
    await application?.quit()
    home.remove()
  })
  const session = () => application.electron.session.defaultSession
  const contents = () => application.windows[0]!.webContents

  test('sets up scheme and sandbox before Electron is ready, and one application for each data folder', () => {
    const { calls, lastOf } = application.electron
    const order = calls.map(({ what }) => what)
    expect(order.slice(0, 5)).toEqual([
      'protocol.registerSchemesAsPrivileged',
      'app.enableSandbox',
      'commandLine.appendSwitch',
      'app.setPath',
      'app.requestSingleInstanceLock',
    ])
    expect(lastOf('protocol.registerSchemesAsPrivileged')).toEqual([
      [{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } }],
    ])
    expect(lastOf('app.setPath')).toEqual(['userData', `${home.data}/window`])
  })
  test('gives its window a page without Node, in a sandbox, in a world of its own', async () => {
    const built = fileURLToPath(new URL('../../dist/electron/preload.cjs', import.meta.url))
    for (const { options } of application.windows) {
      const { preload, ...preferences } = options.webPreferences ?? {}
      expect(preload).toBe(built)
      expect(preferences).toEqual({
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        experimentalFeatures: false,
        webviewTag: false,
        spellcheck: false,
        navigateOnDragDrop: false,
      })
    }
    expect(existsSync(built)).toBe(true)
  })
  test('leaves the page nothing of the preload script’s world but a sign that it runs in the shell', async () => {
    const seen = await page.evaluate(() => ({
      sign: (window as unknown as { posthornDesktop: unknown }).posthornDesktop,
      node: ['require', 'process', 'module', 'Buffer', 'electron', 'ipcRenderer'].filter((name) => name in window),
    }))
    expect(seen).toEqual({ sign: true, node: [] })
  })
  test('denies every permission but the clipboard, and that to its own page alone', () => {
    const asked = (permission: string, requestingUrl: string, isMainFrame = true) => {
      let granted: boolean | undefined
      session().requestHandler?.(null as never, permission as never, (answer) => (granted = answer), {
        requestingUrl,
        isMainFrame,
      } as never)
      return granted
    }
    const ours = 'app://posthorn/'
    for (const permission of ['media', 'geolocation', 'notifications', 'midi', 'clipboard-read', 'openExternal', 'hid'])
      expect(asked(permission, ours), permission).toBe(false)
    expect(asked('clipboard-sanitized-write', ours)).toBe(true)
    expect(asked('clipboard-sanitized-write', ours, false)).toBe(false)
    expect(asked('clipboard-sanitized-write', 'https://one.example/')).toBe(false)
    const check = (permission: string, origin: string) =>
      session().checkHandler?.(null, permission as never, origin, {} as never)
    expect(check('notifications', ours)).toBe(false)
    expect(check('clipboard-sanitized-write', 'https://one.example/')).toBe(false)
    expect(session().deviceHandler?.({} as never)).toBe(false)
  })
  test('lets no page reach the network', async () => {
    expect(application.electron.lastOf('webRequest.onBeforeRequest')).toEqual([
      { urls: ['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*'] },
    ])
    let verdict: unknown
    session().beforeRequest?.({ url: 'https://tracker.example/' }, (answer) => (verdict = answer))
    expect(verdict).toEqual({ cancel: true })
    const outcome = await page.evaluate(() =>
      fetch('https://tracker.example/pixel').then(
        () => 'reached',
        () => 'refused',
      ),
    )
    expect(outcome).toBe('refused')
    // Its policy stopped it before the shell was asked.
    expect(application.pages?.refused).not.toContain('https://tracker.example/pixel')
  })
  test('stays on its one page', async () => {
    const here = page.url()
    await page.evaluate(() => void (location.href = 'https://evil.example/'))
    await eventually(() => application.pages?.refused.includes('https://evil.example/'), 'the navigation to be stopped')
    expect(page.url()).toBe(here)
    const isStopped = (event: string, url: string, isMainFrame: boolean) =>
      application.electron.sendStoppable(contents(), event, { url, isMainFrame })
    expect(isStopped('will-navigate', 'app://posthorn/#/queue', true)).toBe(false)
    for (const url of [
      'file:///etc/passwd',
      'app://posthorn/bytes/x',
      'app://other/',
      'javascript:0',
      'data:text/html,x',
    ])
      expect(isStopped('will-navigate', url, true), url).toBe(true)
    expect(isStopped('will-frame-navigate', 'app://posthorn/frame.html', false)).toBe(false)
    expect(isStopped('will-frame-navigate', 'https://evil.example/', false)).toBe(true)
    expect(isStopped('will-redirect', 'app://posthorn/', true)).toBe(true)
    expect(isStopped('will-attach-webview', '', true)).toBe(true)
  })
  test('opens no window for a page, and hands on an address only when its person agreed', async () => {
    const { world, calls } = application.electron
    const count = application.windows.length
    const opened = () => calls.filter(({ what }) => what === 'shell.openExternal')
    const asked = () => calls.filter(({ what }) => what === 'dialog.showMessageBox').length
    const wanted = asked()
    await page.evaluate(() => void window.open('https://one.example/a', '_blank', 'noopener'))
    await eventually(() => asked() > wanted, 'the question')
    expect(application.electron.lastOf('dialog.showMessageBox')).toMatchObject([{ detail: 'https://one.example/a' }])
    expect(opened()).toEqual([]) // Escape was pressed
    world.answers.push(1)
    await page.evaluate(() => void window.open('https://one.example/a', '_blank', 'noopener'))
    await eventually(() => opened().length > 0, 'the address to be handed on')
    expect(opened()[0]?.args).toEqual(['https://one.example/a'])
    for (const url of ['file:///etc/passwd', 'javascript:alert(1)', 'smb://one.example/share', 'ms-settings:x']) {
      expect(contents().windowOpenHandler?.({ url } as never)).toEqual({ action: 'deny' })
      expect(asked()).toBe(wanted + 2)
    }
    expect(application.windows).toHaveLength(count)
  })
  test('hands a port to the page of its own window and to nobody else', async () => {
    const { ipcMain, MessagePortMain, BrowserWindow } = application.electron
    const knock = (sender: unknown, senderFrame: unknown) => {
      let isShut = false
      const port = new MessagePortMain(
        () => {},
        () => (isShut = true),
      )
      const heard: unknown[] = []
      port.on('close', () => heard.push('closed'))
      ipcMain.emit('posthorn:connect', { sender, senderFrame, ports: [port] }, null)
      return isShut
    }
    const { mainFrame } = contents()
    expect(knock(contents(), mainFrame)).toBe(false)
    // A frame in the window, a page that was navigated away, a page without a frame, and a page of nobody's window.
    expect(knock(contents(), { url: 'app://posthorn/frame.html' })).toBe(true)
    expect(knock(contents(), null)).toBe(true)
    const stranger = new BrowserWindow({}).webContents
    stranger.mainFrame.url = 'app://posthorn/'
    expect(knock(stranger, stranger.mainFrame)).toBe(true)
    BrowserWindow.fromWebContents(stranger)?.close()
    const there = mainFrame.url
    for (const url of ['https://evil.example/', 'app://posthorn.evil/', 'file:///app/posthorn/', '']) {
      mainFrame.url = url
      expect(knock(contents(), mainFrame), url).toBe(true)
    }
    mainFrame.url = there
    expect(() =>
      ipcMain.emit('posthorn:connect', { sender: contents(), senderFrame: mainFrame, ports: [] }),
    ).not.toThrow()
    expect(ipcMain.eventNames()).toEqual(['posthorn:connect'])
  })
  test('gives a frame of the page no way to ask for a port', async () => {
    const { ipcMain } = application.electron
    let asked = 0
    const count = () => void asked++
    ipcMain.on('posthorn:connect', count)
    const handedOut = await page.evaluate(async () => {
      let ports = 0
      const marked = Promise.withResolvers<void>()
      window.addEventListener('message', ({ data }) => {
        if (data === 'posthorn:port') ports++
        if (data === 'the end') marked.resolve()
      })
      // What a frame says has another source than the window, whatever it says.
      const frame = document.createElement('iframe')
      frame.src = 'frame.html'
      document.body.append(frame)
      await new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }))
      const said = new MessageEvent('message', {
        data: 'posthorn:ready',
        origin: location.origin,
        source: frame.contentWindow,
      })
      window.dispatchEvent(said)
      window.dispatchEvent(
        new MessageEvent('message', { data: 'posthorn:ready', origin: 'https://evil.example', source: window }),
      )
      window.postMessage('something else', location.origin)
      // Ports that were handed out arrive before what is said after them.
      window.postMessage('the end', location.origin)
      await marked.promise
      frame.remove()
      return ports
    })
    expect(handedOut).toBe(0)
    expect(asked).toBe(0)
    // One that is meant is heard.
    await page.evaluate(() => window.postMessage('posthorn:ready', location.origin))
    await eventually(() => asked > 0, 'the port that was asked for')
    expect(asked).toBe(1)
    ipcMain.off('posthorn:connect', count)
  })
  test('serves its own files with their policy, and none that lies elsewhere', async () => {
    const { answerScheme } = application.electron
    const get = async (url: string) => answerScheme!(new Request(url))
    const answer = await get('app://posthorn/')
    expect(answer.headers.get('content-security-policy')).toMatch(
      /default-src 'none'.*script-src 'self'.*connect-src app:\/\/posthorn\/bytes\/ app:\/\/posthorn\/pdf\/;/,
    )
    for (const url of [
      'app://posthorn/..%2f..%2f..%2fetc/passwd',
      'app://posthorn/%2e%2e/%2e%2e/package.json',
      'app://posthorn/..\\..\\package.json',
      'app://posthorn//etc/passwd',
      'app://posthorn/bytes/../index.html%00',
      'app://posthorn/bytes/unknown',
    ])
      expect((await get(url)).status, url).toBe(404)
    expect((await get('app://other/')).status).toBe(400)
  })
  test('saves only what the engine or the page made', () => {
    const isStopped = (url: string) =>
      application.electron.sendStoppable(session(), 'will-download', {}, { getURL: () => url })
    expect(isStopped('app://posthorn/bytes/abc')).toBe(false)
    expect(isStopped('blob:app://posthorn/abc')).toBe(false)
    for (const url of ['https://evil.example/x.exe', 'app://posthorn/index.html', 'data:text/html,x', 'file:///x'])
      expect(isStopped(url), url).toBe(true)
  })
  test('loads a page that ended anew, but not for ever, and keeps a note of it', async () => {
    const { calls, lastOf } = application.electron
    for (let n = 0; n < 4; n++) contents().emit('render-process-gone', {}, { reason: 'crashed', exitCode: 11 })
    expect(calls.filter(({ what }) => what === 'webContents.reload')).toHaveLength(3)
    expect(lastOf('dialog.showErrorBox')?.[0]).toBe('A window of Posthorn ends again and again')
    expect(crashNotes(home.data).map(({ what, reason }) => [what, reason])).toContainEqual([
      'window',
      'crashed, exit code 11',
    ])
    // Other parts of Chromium start again by themselves; those that were ended are no fault.
    application.electron.app.emit('child-process-gone', {}, { type: 'GPU', reason: 'oom' })
    application.electron.app.emit('child-process-gone', {}, { type: 'Utility', reason: 'killed' })
    const parts = crashNotes(home.data).map(({ what }) => what)
    expect(parts).toContain('GPU')
    expect(parts).not.toContain('Utility')
    await page.getByRole('button', { name: 'Skip for now' }).waitFor()
  })
})

test('what is packed has every fuse that the shell counts on', () => {
  expect(configurationFor({ env: {} }).electronFuses).toEqual(FUSES)
})
