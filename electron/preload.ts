import { contextBridge, ipcRenderer } from 'electron'
import { CONNECT, PORT, READY } from './handshake.ts'

// Tells the page which host it runs in. It can ask for one thing only: a port to the engine.
contextBridge.exposeInMainWorld('posthornDesktop', true)

window.addEventListener('message', (event) => {
  if (event.source !== window || event.origin !== location.origin || event.data !== READY) return
  const { port1, port2 } = new MessageChannel()
  ipcRenderer.postMessage(CONNECT, null, [port1]) // the main process checks who sends it
  window.postMessage(PORT, location.origin, [port2])
})
