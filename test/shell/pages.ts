/*
 * Gives each window of the stand-in a page in a real Chromium: the built window's own files by the shell's own protocol handler, the
 * built preload script in a world of its own, and a message port from there to the main process.
 *
 * Chromium knows no scheme of ours, so the page's origin is `https://posthorn`, and `app://posthorn` is exchanged for it in what the
 * handler answers. No request leaves Chromium: each is answered here.
 */
import { readFileSync } from 'node:fs'
import type { BrowserContext, CDPSession, Page, Request as PageRequest, Route } from 'playwright-core'
import { eventually } from '../support/posthorn.ts'
import type * as StandIn from './electron.ts'

const WORLD = 'posthorn preload'
const OURS = 'app://posthorn'
const THEIRS = 'https://posthorn'
const inward = (url: string) => (url.startsWith(THEIRS) ? OURS + url.slice(THEIRS.length) : url)
const outward = (url: string) => (url.startsWith(OURS) ? THEIRS + url.slice(OURS.length) : url)

/**
 * In the page's own world: what the preload script exposes arrives as JSON, so functions do not. And a page may close its window, as
 * in Electron; Chromium lets only those do that which were opened by a page.
 */
const MAIN_WORLD = `window.addEventListener('stand-in:expose', (event) => {
  const [name, value] = JSON.parse(event.detail)
  Object.defineProperty(window, name, { value, writable: false, configurable: false })
})
if (window.top === window) window.close = () => window.dispatchEvent(new CustomEvent('stand-in:close'))`

/** Electron as a sandboxed preload script sees it, and the script itself. */
const preloadWorld = (preload: string) => `if (window.top === window) (() => {
  const ports = new Map()
  let last = 0
  const toText = (data) => typeof data === 'string' ? { text: data } : { base64: btoa(Array.from(new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength), (byte) => String.fromCharCode(byte)).join('')) }
  const say = (frame) => standInSay(JSON.stringify(frame))
  globalThis.standInHear = ({ port, text, base64, end }) => {
    if (end) return ports.get(port)?.close()
    ports.get(port)?.postMessage(base64 === undefined ? text : Uint8Array.from(atob(base64), (one) => one.charCodeAt(0)).buffer)
  }
  window.addEventListener('stand-in:close', () => say({ close: true }))
  const electron = {
    contextBridge: {
      exposeInMainWorld: (name, value) => window.dispatchEvent(new CustomEvent('stand-in:expose', { detail: JSON.stringify([name, value]) })),
    },
    ipcRenderer: {
      postMessage(channel, message, transfer = []) {
        const ids = transfer.map((port) => {
          const id = ++last
          ports.set(id, port)
          port.onmessage = ({ data }) => say({ port: id, ...toText(data) })
          return id
        })
        say({ channel, message, ports: ids })
      },
    },
  }
  ;(function (require, module, exports) { ${preload}
  })((name) => { if (name !== 'electron') throw new Error('a preload script in the sandbox has no ' + name); return electron }, { exports: {} }, {})
})()`

interface Frame {
  readonly close?: true
  readonly channel?: string
  readonly message?: unknown
  readonly ports?: readonly number[]
  readonly port?: number
  readonly text?: string
  readonly base64?: string
}

/** The pages of the windows, as a test drives them. */
export class Pages {
  readonly #electron: typeof StandIn
  readonly #context: BrowserContext
  readonly #of = new Map<StandIn.WebContents, Page>()
  /** Addresses that a page asked for and the shell let nobody have. */
  readonly refused: string[] = []

  constructor(electron: typeof StandIn, context: BrowserContext) {
    this.#electron = electron
    this.#context = context
    electron.setPages({
      open: (contents, url) => this.#open(contents, url),
      reload: (contents) =>
        void this.#of
          .get(contents)
          ?.reload()
          .catch(() => {}), // another reload may overtake it
      close: (contents) => void this.#of.get(contents)?.close(),
    })
  }

  /** The page of a window, once it is there. */
  of(window: StandIn.BrowserWindow): Promise<Page> {
    return eventually(() => this.#of.get(window.webContents), 'a page')
  }

  async #open(contents: StandIn.WebContents, url: string): Promise<void> {
    const page = await this.#context.newPage()
    const line = await this.#context.newCDPSession(page)
    await this.#preload(contents, line)
    await page.route('**/*', (route, request) => this.#answer(contents, page, route, request))
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame()) contents.mainFrame.url = inward(frame.url())
    })
    line.on('Page.windowOpen', ({ url: wanted }) => {
      const verdict = contents.windowOpenHandler?.({ url: inward(wanted) } as Electron.HandlerDetails)
      if (verdict?.action !== 'deny') throw new Error(`the shell opens a window for ${wanted}`)
    })
    page.on('popup', (popup) => void popup.close())
    this.#of.set(contents, page)
    await page.goto(outward(url))
  }

  /** Answers a request by the shell's handlers, in Electron's order: may it navigate, may it reach the network, what is there. */
  async #answer(contents: StandIn.WebContents, page: Page, route: Route, request: PageRequest): Promise<void> {
    const { sendStoppable, session, answerScheme } = this.#electron
    const url = inward(request.url())
    const isMainFrame = request.isNavigationRequest() && request.frame() === page.mainFrame()
    const isFirst = page.url() === 'about:blank'
    const facts = { url, isMainFrame }
    const isStopped =
      request.isNavigationRequest() &&
      !(isMainFrame && isFirst) &&
      (sendStoppable(contents, 'will-frame-navigate', facts) ||
        (isMainFrame && sendStoppable(contents, 'will-navigate', facts)))
    let isCancelled = isStopped
    if (!url.startsWith(OURS))
      session.defaultSession.beforeRequest?.({ url }, ({ cancel }) => (isCancelled ||= cancel === true))
    if (isCancelled || !url.startsWith(OURS) || answerScheme === undefined) {
      this.refused.push(url)
      // A navigation that is aborted leaves the page as it is; any other failure would show Chromium's own page of errors.
      return route.abort(request.isNavigationRequest() ? 'aborted' : 'blockedbyclient').catch(() => {})
    }
    const answer = await answerScheme(new Request(url, { method: request.method() }))
    const headers = Object.fromEntries(
      [...answer.headers].map(([name, value]) => [name, value.replaceAll(OURS, THEIRS)]),
    )
    const bytes = Buffer.from(await answer.arrayBuffer())
    const isText = /^text\/|javascript/.test(headers['content-type'] ?? '')
    const body = isText ? Buffer.from(bytes.toString('utf8').replaceAll(OURS, THEIRS)) : bytes
    await route.fulfill({ status: answer.status, headers, body }).catch(() => {})
  }

  /** The preload script in its world, and the ports it makes. */
  async #preload(contents: StandIn.WebContents, line: CDPSession): Promise<void> {
    const { BrowserWindow, ipcMain, MessagePortMain } = this.#electron
    const path = BrowserWindow.fromWebContents(contents)?.options.webPreferences?.preload ?? ''
    const ports = new Map<string, StandIn.MessagePortMain>()
    const hangUp = (world: number) => {
      for (const [key, port] of ports)
        if (key.startsWith(`${world} `)) {
          ports.delete(key)
          port.hearEnd()
        }
    }
    const tell = (world: number, frame: object) =>
      void line
        .send('Runtime.evaluate', { expression: `standInHear(${JSON.stringify(frame)})`, contextId: world })
        .catch(() => {})
    line.on('Runtime.bindingCalled', ({ name, payload, executionContextId: world }) => {
      if (name !== 'standInSay') return
      const frame = JSON.parse(payload) as Frame
      if (frame.close === true) return BrowserWindow.fromWebContents(contents)?.close()
      if (frame.port !== undefined) {
        const data =
          frame.base64 === undefined ? frame.text : new Uint8Array(Buffer.from(frame.base64, 'base64')).buffer
        ports.get(`${world} ${frame.port}`)?.hear(data)
        return
      }
      const given = (frame.ports ?? []).map((id) => {
        const send = (data: unknown) => tell(world, { port: id, ...toText(data) })
        const port = new MessagePortMain(send, () => tell(world, { port: id, end: true }))
        ports.set(`${world} ${id}`, port)
        return port
      })
      ipcMain.emit(
        frame.channel ?? '',
        { sender: contents, senderFrame: contents.mainFrame, ports: given },
        frame.message,
      )
    })
    line.on('Runtime.executionContextDestroyed', ({ executionContextId }) => hangUp(executionContextId))
    line.on('Runtime.executionContextsCleared', () => {
      for (const port of ports.values()) port.hearEnd()
      ports.clear()
    })
    await line.send('Runtime.enable')
    await line.send('Page.enable')
    await line.send('Runtime.addBinding', { name: 'standInSay', executionContextName: WORLD })
    await line.send('Page.addScriptToEvaluateOnNewDocument', { source: MAIN_WORLD })
    const source = preloadWorld(readFileSync(path, 'utf8').replace(/^\/\/# sourceMappingURL.*$/m, ''))
    await line.send('Page.addScriptToEvaluateOnNewDocument', { source, worldName: WORLD })
  }
}

function toText(data: unknown): object {
  if (typeof data === 'string') return { text: data }
  if (data instanceof ArrayBuffer) return { base64: Buffer.from(data).toString('base64') }
  if (ArrayBuffer.isView(data))
    return { base64: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64') }
  throw new Error(`a port carries ${typeof data}, which the stand-in does not`)
}
