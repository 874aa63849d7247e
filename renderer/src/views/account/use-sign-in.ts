import { useCallback, useEffect, useRef, useState } from 'react'
import type { SignInView } from '../../../../core/rpc/discovery-contract.ts'
import { api, wordsOf } from '../../bridge/client.ts'

export type SignIn =
  | { readonly at: 'idle' }
  | { readonly at: 'waiting'; readonly url: string }
  | { readonly at: 'done'; readonly by: SignInView }
  | { readonly at: 'failed'; readonly message: string }

/** Signs somebody in on the page of a provider, which opens in the browser. */
export function useSignIn() {
  const [state, setState] = useState<SignIn>({ at: 'idle' })
  const flow = useRef<string>(undefined)
  const cancel = useCallback(() => {
    const open = flow.current
    flow.current = undefined
    if (open !== undefined) void api.signIn.cancel({ flow: open }).catch(() => undefined)
  }, [])
  useEffect(() => cancel, [cancel])
  const start = useCallback(
    async (who: Parameters<typeof api.signIn.start>[0]): Promise<SignInView | undefined> => {
      cancel()
      try {
        const begun = await api.signIn.start(who)
        flow.current = begun.flow
        setState({ at: 'waiting', url: begun.url })
        window.open(begun.url, '_blank', 'noopener,noreferrer')
        const by = await api.signIn.wait({ flow: begun.flow })
        if (flow.current === begun.flow) setState({ at: 'done', by })
        flow.current = undefined
        return by
      } catch (error) {
        setState({ at: 'failed', message: wordsOf(error) })
        return undefined
      }
    },
    [cancel],
  )
  const reset = useCallback(() => {
    cancel()
    setState({ at: 'idle' })
  }, [cancel])
  return { state, start, reset }
}
