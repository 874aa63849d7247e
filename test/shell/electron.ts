/*
 * A stand-in for Electron's main process: what the shell uses of it, checked against Electron's own declarations, with the order of
 * events that its documentation promises. It shows nothing; `application.ts` gives each window a page in Chromium. This file is what
 * `import … from 'electron'` finds; each subject has a file of its own in `electron/`.
 */
export { app, becomeReady, hasEnded } from './electron/app.ts'
export * from './electron/desktop.ts'
export { answerScheme, ipcMain, MessagePortMain, net, protocol, session } from './electron/web.ts'
export { BrowserWindow, setPages, WebContents } from './electron/windows.ts'
export { calls, lastOf, sendStoppable, StandInEvent, world } from './electron/world.ts'
