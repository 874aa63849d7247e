import { ORPCError, type Router } from '@orpc/server'
import { RPCHandler as PortHandler } from '@orpc/server/message-port'
import { RPCHandler as SocketHandler } from '@orpc/server/ws'
import { isFault, reasonOf } from '../base/fault.ts'

// oRPC asks of each answer whether it is a form. None ever is, and Node's own class would bring all of its `fetch` along: 15 MB
// that stay. Set, not defined: to define it anew reads what it was, which loads it.
Reflect.set(globalThis, 'FormData', function FormData() {})

/** The engine's side of the contract, whatever carries it. */
// oxlint-disable-next-line typescript/no-explicit-any -- oRPC's own bound for "any router" names it so
export type EngineRouter = Router<any, Record<never, never>>

/** What a failed call says to a window: a Fault's code, words and facts; anything else is a fault of ours, in words. */
function toRpcError(error: unknown): unknown {
  if (error instanceof ORPCError) return error
  if (isFault(error))
    return new ORPCError(error.code, { status: 400, message: error.message, data: error.details, cause: error })
  return new ORPCError('INTERNAL_SERVER_ERROR', { message: reasonOf(error), cause: error })
}
const clientInterceptors = [
  async ({ next }: { next: () => Promise<unknown> }) => {
    try {
      const answer = await next()
      return isStream(answer) ? toldInFull(answer) : answer
    } catch (error) {
      throw toRpcError(error)
    }
  },
]

const isStream = (answer: unknown): answer is AsyncIterable<unknown, unknown, void> =>
  typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer

/** A stream that fails says why, as a call does: what it throws comes after the call has been answered. */
async function* toldInFull(stream: AsyncIterable<unknown, unknown, void>): AsyncGenerator<unknown, unknown, void> {
  try {
    return yield* stream
  } catch (error) {
    throw toRpcError(error)
  }
}

/** Serves the contract to one browser over its WebSocket, until that closes. */
export function serveSocket(
  router: EngineRouter,
): (socket: Parameters<SocketHandler<Record<never, never>>['upgrade']>[0]) => void {
  const handler = new SocketHandler(router, { clientInterceptors })
  return (socket) => void handler.upgrade(socket)
}

/** Serves the contract to one desktop window over its MessagePort, until that closes. */
export function servePort(
  router: EngineRouter,
): (port: Parameters<PortHandler<Record<never, never>>['upgrade']>[0]) => void {
  const handler = new PortHandler(router, { clientInterceptors })
  return (port) => handler.upgrade(port)
}
