import type { BrowserWindowConstructorOptions } from 'electron'
import { SIZES, type WindowKind } from './window-state.ts'

/** What differs from window to window. */
export interface WindowLook {
  readonly preload: string
  readonly isDark: boolean
  /** Only then are dictionaries fetched, from a server that is not ours and not the user's. */
  readonly checksSpelling: boolean
}

/**
 * A window: a page without Node, in a sandbox, in a world of its own. The settings that are defaults are said all the same, for none
 * of them may ever change unseen.
 */
export function windowOptions(kind: WindowKind, look: WindowLook): BrowserWindowConstructorOptions {
  const { least } = SIZES[kind]
  return {
    title: 'Posthorn',
    minWidth: least.width,
    minHeight: least.height,
    show: false,
    // What is seen until the page has painted.
    backgroundColor: look.isDark ? '#14181e' : '#ffffff',
    webPreferences: {
      preload: look.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      spellcheck: look.checksSpelling,
      navigateOnDragDrop: false,
    },
  }
}
