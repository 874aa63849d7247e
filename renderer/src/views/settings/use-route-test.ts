import { useCallback, useEffect, useRef, useState } from 'react'
import { api, wordsOf } from '../../bridge/client.ts'

type Input = Parameters<typeof api.route.test>[0]
export const ROUTE_STEPS = ['connect', 'tls', 'hello', 'login'] as const

export interface RouteTestStep {
  readonly step: (typeof ROUTE_STEPS)[number]
  readonly state: 'trying' | 'ok' | 'failed'
  readonly text: string
}
/** A live test of a smarthost while it runs, and what came of it. */
export interface RouteTest {
  readonly at: 'idle' | 'running' | 'passed' | 'failed'
  readonly steps: readonly RouteTestStep[]
  readonly sessionId: number | null
  readonly message: string | null
}

const IDLE: RouteTest = { at: 'idle', steps: [], sessionId: null, message: null }

/** Tests a smarthost: dials, secures, greets and signs in, step by step; no mail is sent. */
export function useRouteTest() {
  const [test, setTest] = useState(IDLE)
  const stop = useRef<AbortController>(undefined)
  useEffect(() => () => stop.current?.abort(), [])
  const run = useCallback(async (input: Input) => {
    stop.current?.abort()
    const mine = new AbortController()
    stop.current = mine
    let now: RouteTest = { ...IDLE, at: 'running' }
    const say = (patch: Partial<RouteTest>) => {
      now = { ...now, ...patch }
      if (!mine.signal.aborted) setTest(now)
    }
    say({})
    try {
      for await (const { step, state, text, sessionId } of await api.route.test(input, { signal: mine.signal }))
        say({
          steps: [...now.steps.filter((one) => one.step !== step), { step, state, text }],
          sessionId: sessionId ?? now.sessionId,
        })
      const failed = now.steps.find((one) => one.state === 'failed')
      say({ at: failed === undefined ? 'passed' : 'failed', message: failed?.text ?? null })
    } catch (error) {
      say({
        at: 'failed',
        message: wordsOf(error),
        steps: now.steps.map((one) => (one.state === 'trying' ? { ...one, state: 'failed' } : one)),
      })
    }
  }, [])
  return { test, run }
}
