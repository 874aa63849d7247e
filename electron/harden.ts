import { dialog, shell, type App, type BrowserWindow, type Session, type WebContents } from 'electron'
import { mayNavigate, mayNavigateFrame, parseExternal } from './navigation.ts'

/** Takes from a window's session all that a mail client's page has no use for: permissions, devices, the network. */
export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  // All mail is fetched by the engine, so whatever the page asks of the network is a leak.
  session.webRequest.onBeforeRequest(
    { urls: ['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*'] },
    (_details, answer) => answer({ cancel: true }),
  )
}

/** Holds every page of the application, whoever opens it, to where it belongs. */
export function hardenContents(app: App, windowOf: (contents: WebContents) => BrowserWindow | null): void {
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
      void openExternal(url, windowOf(contents))
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
    message: 'Open this address outside Posthorn?',
    detail: external,
    buttons: ['Cancel', 'Open'],
    defaultId: 0,
    cancelId: 0,
  })
  if (response === 1) await shell.openExternal(external)
}
