import { implement } from '@orpc/server'
import { contract } from '../rpc/contract.ts'
import type { SignInView } from '../rpc/discovery-contract.ts'
import type { SignIns } from './oauth.ts'
import type { UsedSignIn } from '../store/sign-in.ts'

/** Answers `signIn.*`. No token is in any answer. */
export function signInHandlers(signIns: SignIns) {
  const os = implement(contract.signIn)
  const names = () => new Map(signIns.providers().map(({ id, name }) => [id, name]))
  const toView = ({ id, provider, user, trouble, signedInMs, accountIds, routeIds }: UsedSignIn): SignInView => ({
    id,
    provider,
    providerName: names().get(provider) ?? provider,
    user,
    signedInMs,
    trouble,
    accountIds: [...accountIds],
    routeIds: [...routeIds],
  })
  return {
    providers: os.providers.handler(() =>
      signIns.providers().map(({ id, name, clientId, setting }) => ({
        id,
        name,
        isReady: clientId !== '',
        setting,
        hint:
          clientId === ''
            ? `${name} wants each program to have a client id: make one in its console for developers, as a desktop application, and put it into the setting ${setting}.`
            : '',
      })),
    ),
    list: os.list.handler(() => signIns.list().map(toView)),
    start: os.start.handler(({ input }) => signIns.start(input)),
    wait: os.wait.handler(async ({ input, signal }) => {
      const { id } = await orGone(signIns.wait(input.flow), signal)
      const found = signIns.list().find((one) => one.id === id)
      return toView(found!)
    }),
    cancel: os.cancel.handler(({ input }) => {
      signIns.cancel(input.flow)
      return { ok: true as const }
    }),
    remove: os.remove.handler(async ({ input }) => {
      await signIns.remove(input.id)
      return { ok: true as const }
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of signIns.changes.stream(signal)) yield { ids }
    }),
  }
}

/** The same, until whoever asked has gone. */
function orGone<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason instanceof Error ? signal.reason : new Error('nobody waits any more'))
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
