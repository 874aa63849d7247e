import { useCallback, useEffect, useRef, useState } from 'react'
import { api, wordsOf } from '../../bridge/client.ts'
import type { AccountSettings } from './account-fields.tsx'

export const STEPS = ['connect', 'tls', 'login', 'list'] as const
export type StepName = (typeof STEPS)[number]

export interface TestStep {
  readonly step: StepName
  readonly state: 'trying' | 'ok' | 'failed'
  readonly text: string
}
export interface Test {
  readonly at: 'idle' | 'running' | 'passed' | 'failed'
  readonly steps: readonly TestStep[]
  readonly sessionId: number | null
  readonly message: string | null
  /** The settings it was made with. */
  readonly of: string
}

const IDLE: Test = { at: 'idle', steps: [], sessionId: null, message: null, of: '' }

/** A live test of an account: its steps as they happen, and the session that shows it. */
export function useTest() {
  const [test, setTest] = useState<Test>(IDLE)
  const stop = useRef<AbortController>(undefined)
  useEffect(() => () => stop.current?.abort(), [])

  const run = useCallback(async (settings: AccountSettings): Promise<Test> => {
    stop.current?.abort()
    const mine = new AbortController()
    stop.current = mine
    let now: Test = { ...IDLE, at: 'running', of: JSON.stringify(settings) }
    const say = (patch: Partial<Test>) => {
      now = { ...now, ...patch }
      if (!mine.signal.aborted) setTest(now)
    }
    say({})
    try {
      for await (const { step, state, text, sessionId } of await api.account.test(settings, { signal: mine.signal })) {
        const steps = [...now.steps.filter((one) => one.step !== step), { step, state, text }]
        say({ steps, sessionId: sessionId ?? now.sessionId })
      }
      const failed = now.steps.find((one) => one.state === 'failed')
      const isDone = now.steps.some((one) => one.step === 'list' && one.state === 'ok')
      say({ at: failed === undefined && isDone ? 'passed' : 'failed', message: failed?.text ?? null })
    } catch (error) {
      say({
        at: 'failed',
        message: wordsOf(error),
        steps: now.steps.map((one) => (one.state === 'trying' ? { ...one, state: 'failed' } : one)),
      })
    }
    return now
  }, [])
  const reset = useCallback(() => {
    stop.current?.abort()
    setTest(IDLE)
  }, [])
  return { test, run, reset }
}
