import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'

/** After our last words the client has so long to close. */
const LINGER_MS = 5000
/** And so long when the program ends: who has not closed by then has not heard us, or does not care. */
const LINGER_AT_EXIT_MS = 200

/**
 * Closes a socket behind our last words, so that the client can read them. Returns how to make it short where the program ends:
 * whoever has our last words on the way gets a moment then, and no more.
 */
export function hangUp(socket: Socket, clock: Clock): () => void {
  // Unread bytes in a socket that closes would reset the connection and take our last words with them.
  socket.resume()
  socket.end()
  // Once it is closed nothing holds it: many who come and go at once would stay for seconds otherwise.
  const closeAfter = (delayMs: number) => {
    if (!socket.closed)
      socket.once(
        'close',
        clock.after(delayMs, () => socket.destroy()),
      )
  }
  closeAfter(LINGER_MS)
  return () => {
    const leave = () => closeAfter(LINGER_AT_EXIT_MS)
    if (socket.writableFinished) leave()
    else socket.once('finish', leave)
  }
}
