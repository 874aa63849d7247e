import { RPCLink } from '@orpc/client/message-port'
import type { Host } from './connection.ts'

/** The desktop shell: the preload script hands over a port to the engine in the main process. */
export function desktopHost(): Host {
  return {
    kind: 'desktop',
    bytesUrl: (handle) => `app://posthorn/bytes/${encodeURIComponent(handle)}`,
    hurry: () => {},
    connect(say) {
      say({ at: 'opening' })
      window.addEventListener('message', (event) => {
        // Only this window's own preload may hand a port over; a frame's message has another source.
        if (event.source !== window || event.data !== 'posthorn:port') return
        const port = event.ports[0]
        if (port === undefined) return
        port.addEventListener('close', () => say({ at: 'away', sinceMs: Date.now(), tries: 0 }))
        const link = new RPCLink({ port })
        port.start()
        say({ at: 'open' }, link)
      })
      // The preload waits for this, so that no port arrives before somebody listens.
      window.postMessage('posthorn:ready', location.origin === 'null' ? '*' : location.origin)
    },
  }
}
