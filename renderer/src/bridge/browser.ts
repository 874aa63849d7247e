import { RPCLink } from '@orpc/client/websocket'
import { backOffMs, ticketOf, type Host } from './connection.ts'

const TOKEN = 'posthorn.session'

/** Changes the one-time ticket of a fresh address into a session token. Undefined when the engine does not take it. */
async function redeem(ticket: string): Promise<string | undefined> {
  const answer = await fetch('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ticket }),
  })
  if (!answer.ok) return undefined
  const body: unknown = await answer.json()
  return typeof body === 'object' && body !== null && 'token' in body && typeof body.token === 'string'
    ? body.token
    : undefined
}

/** True when somebody answers at this address, whatever he thinks of our token. */
async function isAnswering(): Promise<boolean> {
  try {
    return (await fetch('/frame.html', { cache: 'no-store' })).ok
  } catch {
    return false
  }
}

/** The headless host: a WebSocket to the server this page came from, opened with a token that never leaves the tab. */
export function browserHost(): Host {
  let hurry = () => {}
  return {
    kind: 'browser',
    bytesUrl: (handle) => `/bytes/${encodeURIComponent(handle)}`,
    hurry: () => hurry(),
    async connect(say) {
      let tries = 0
      let awaySinceMs = 0
      let line: WebSocket | undefined
      let timer: ReturnType<typeof setTimeout> | undefined

      const enter = async () => {
        const ticket = ticketOf(location.hash)
        if (ticket !== undefined) {
          // Out of the address bar and the history first: the address may be copied or bookmarked.
          history.replaceState(null, '', location.pathname)
          const token = await redeem(ticket).catch(() => undefined)
          if (token !== undefined) sessionStorage.setItem(TOKEN, token)
          else if (sessionStorage.getItem(TOKEN) === null) return say({ at: 'refused', why: 'ticket-spent' })
        }
        tries = 0
        awaySinceMs = Date.now()
        dial()
      }
      const dial = () => {
        const token = sessionStorage.getItem(TOKEN)
        if (token === null) return say({ at: 'refused', why: 'no-ticket' })
        const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/rpc`, [
          'posthorn',
          `token.${token}`,
        ])
        line = socket
        socket.binaryType = 'arraybuffer'
        const link = new RPCLink({ websocket: socket })
        let wasOpen = false
        socket.addEventListener('open', () => {
          if (line !== socket) return
          wasOpen = true
          tries = 0
          say({ at: 'open' }, link)
        })
        socket.addEventListener('close', () => {
          if (line !== socket) return
          if (wasOpen) awaySinceMs = Date.now()
          void retry(socket, wasOpen)
        })
      }
      const retry = async (socket: WebSocket, wasOpen: boolean) => {
        say({ at: 'away', sinceMs: awaySinceMs, tries })
        // An upgrade that is refused looks like a dead line, so the page itself is asked whether anybody is there.
        const isRefused = !wasOpen && tries >= 2 && (await isAnswering())
        if (line !== socket) return
        if (isRefused) return say({ at: 'refused', why: 'session-unknown' })
        timer = setTimeout(dial, backOffMs(tries))
        tries += 1
        hurry = () => {
          clearTimeout(timer)
          hurry = () => {}
          dial()
        }
      }
      // A new address of the same host changes nothing but the hash, so the page stays, and so does what is being written.
      window.addEventListener('hashchange', () => {
        if (ticketOf(location.hash) === undefined) return
        clearTimeout(timer)
        hurry = () => {}
        const old = line
        line = undefined
        old?.close()
        void enter()
      })
      say({ at: 'opening' })
      await enter()
    },
  }
}
