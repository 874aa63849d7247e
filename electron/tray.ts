import { app, Menu, nativeImage, Tray } from 'electron'
import { spokenLocale } from '../core/model/words.ts'
import { TRAY_ICON } from './tray-icon.ts'
import { dockTemplate, trayTemplate, trayTip, type Running, type TrayActs } from './tray-menu.ts'

/** The icon that shows that Posthorn runs: a tray's on Windows and Linux, the dock's on a Mac, with the number of unread. */
export class DesktopIcon {
  readonly #tray: Tray | undefined
  readonly #acts: TrayActs
  readonly #platform: NodeJS.Platform
  #shown = ''

  /** `hasTray`: somebody shows such icons. On a Mac there is the dock. */
  constructor({ platform, hasTray, acts }: { platform: NodeJS.Platform; hasTray: boolean; acts: TrayActs }) {
    this.#platform = platform
    this.#acts = acts
    if (platform === 'darwin') app.dock?.setMenu(Menu.buildFromTemplate(dockTemplate(acts)))
    if (platform === 'darwin' || !hasTray) return
    const icon = nativeImage.createEmpty()
    for (const { scaleFactor, dataURL } of TRAY_ICON) icon.addRepresentation({ scaleFactor, dataURL })
    this.#tray = new Tray(icon)
    this.#tray.on('click', () => acts.open())
  }

  /** Whether Posthorn can be found again while no window is open. */
  get isSeen(): boolean {
    return this.#tray !== undefined || this.#platform === 'darwin'
  }

  /** Shows what is running now. */
  show(running: Running, { badge, nowMs }: { readonly badge: boolean; readonly nowMs: number }): void {
    const shown = JSON.stringify([running, badge, Math.floor(nowMs / 60_000), spokenLocale()])
    if (shown === this.#shown) return // a menu that is open would close
    this.#shown = shown
    app.setBadgeCount(badge ? running.unread : 0)
    this.#tray?.setToolTip(trayTip(running))
    this.#tray?.setContextMenu(
      Menu.buildFromTemplate(trayTemplate(running, this.#acts, { nowMs, locale: spokenLocale() })),
    )
  }

  close(): void {
    this.#tray?.destroy()
  }
}
