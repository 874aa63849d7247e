import { dialog, shell, type App, type BrowserWindow, type Session, type WebContents } from 'electron'
import { parseMailto, type Mailto } from '../core/model/mailto.ts'
import { t } from '../core/model/words.ts'
import { mayDownload, mayNavigate, mayNavigateFrame, parseExternal } from './navigation.ts'
import { isOurs } from './origin.ts'

/** The one thing a page of ours may ask of the browser: to put a text on the clipboard, when somebody has clicked. */
const mayHave = (permission: string, origin: string | undefined) =>
  permission === 'clipboard-sanitized-write' && isOurs(origin)

/** Takes from a window's session all that a mail client's page has no use for: permissions, devices, the network. */
export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer, details) =>
    answer(mayHave(permission, details.isMainFrame ? details.requestingUrl : undefined)),
  )
  session.setPermissionCheckHandler((_contents, permission, origin) => mayHave(permission, origin))
  session.setDevicePermissionHandler(() => false)
  // All mail is fetched by the engine, so whatever the page asks of the network is a leak.
  session.webRequest.onBeforeRequest(
    { urls: ['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*'] },
    (_details, answer) => answer({ cancel: true }),
  )
  session.on('will-download', (event, item) => {
    if (!mayDownload(item.getURL())) event.preventDefault()
  })
}

/** What a page's wish to go elsewhere leads to. */
export interface Outside {
  /** The window of a page; null for a page without one, which goes nowhere. */
  windowOf(contents: WebContents): BrowserWindow | null
  /** A link to write to somebody is for this very program. */
  onMailto(mail: Mailto): void
}

/** Holds every page of the application, whoever opens it, to where it belongs. */
export function hardenContents(app: App, outside: Outside): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event) => {
      if (!mayNavigate(event.url)) event.preventDefault()
    })
    contents.on('will-frame-navigate', (event) => {
      if (!event.isMainFrame && !mayNavigateFrame(event.url)) event.preventDefault()
    })
    contents.on('will-redirect', (event) => event.preventDefault())
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(({ url }) => {
      const mail = parseMailto(url)
      if (mail !== undefined) outside.onMailto(mail)
      else void openExternal(url, outside.windowOf(contents))
      return { action: 'deny' }
    })
  })
}

/** Hands an address to the program that is made for it, once the user has seen it whole and agreed. */
async function openExternal(address: string, window: BrowserWindow | null): Promise<void> {
  const external = parseExternal(address)
  if (external === undefined || window === null) return
  const { response } = await dialog.showMessageBox(window, {
    type: 'question',
    message: t('Open this address outside Posthorn?'),
    detail: external,
    buttons: [t('Cancel'), t('Open')],
    defaultId: 0,
    cancelId: 0,
  })
  if (response === 1) await shell.openExternal(external)
}
