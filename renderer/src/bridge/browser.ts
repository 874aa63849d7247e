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
      say({ at: 'opening' })
      const ticket = ticketOf(location.hash)
      if (ticket !== undefined) {
        // Out of the address bar and the history first: the address may be copied or bookmarked.
        history.replaceState(null, '', location.pathname)
        const token = await redeem(ticket).catch(() => undefined)
        if (token !== undefined) sessionStorage.setItem(TOKEN, token)
      }
      const token = sessionStorage.getItem(TOKEN)
      if (token === null) return say({ at: 'refused' })

      let tries = 0
      let awaySinceMs = Date.now()
      const dial = () => {
        const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/rpc`, [
          'posthorn',
          `token.${token}`,
        ])
        socket.binaryType = 'arraybuffer'
        const link = new RPCLink({ websocket: socket })
        let wasOpen = false
        socket.addEventListener('open', () => {
          wasOpen = true
          tries = 0
          say({ at: 'open' }, link)
        })
        socket.addEventListener('close', () => {
          if (wasOpen) awaySinceMs = Date.now()
          void retry(wasOpen)
        })
      }
      const retry = async (wasOpen: boolean) => {
        say({ at: 'away', sinceMs: awaySinceMs, tries })
        // An upgrade that is refused looks like a dead line, so the page itself is asked whether anybody is there.
        if (!wasOpen && (await isAnswering()) && tries >= 2) return say({ at: 'refused' })
        const timer = setTimeout(dial, backOffMs(tries))
        tries += 1
        hurry = () => {
          clearTimeout(timer)
          hurry = () => {}
          dial()
        }
      }
      dial()
    },
  }
}
