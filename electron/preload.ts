import { ipcRenderer } from 'electron'

/**
 * The one thing the window may ask of the shell: to carry the port it has made to the engine. The page posts `connect`
 * to itself with one end of a MessageChannel; the main process checks who sent it.
 */
const CONNECT = 'posthorn:connect'

window.addEventListener('message', (event) => {
  if (event.source !== window || event.origin !== location.origin || event.data !== CONNECT) return
  ipcRenderer.postMessage(CONNECT, null, [...event.ports])
})
