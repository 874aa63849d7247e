import type { BrowserWindowConstructorOptions } from 'electron'

/**
 * The main window: a page without Node, in a sandbox, in a world of its own. The settings that are defaults are said
 * all the same, for none of them may ever change unseen.
 */
export function windowOptions(preload: string, isDark: boolean): BrowserWindowConstructorOptions {
  return {
    name: 'main',
    windowStatePersistence: true,
    title: 'Posthorn',
    width: 1280,
    height: 820,
    minWidth: 720,
    minHeight: 480,
    show: false,
    // What is seen until the page has painted.
    backgroundColor: isDark ? '#14181e' : '#ffffff',
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      // Dictionaries would be fetched from a server that is not ours and not the user's.
      spellcheck: false,
      navigateOnDragDrop: false,
    },
  }
}
