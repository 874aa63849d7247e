import { useCallback, useEffect, useRef, useState } from 'react'
import { api, wordsOf } from '../../bridge/client.ts'

export const PREFLIGHT_CHECKS = ['port', 'name', 'spf', 'blocklist'] as const
export type PreflightCheck = (typeof PREFLIGHT_CHECKS)[number]
export interface PreflightFinding {
  readonly check: PreflightCheck
  readonly state: 'trying' | 'ok' | 'warning' | 'failed' | 'unknown'
  readonly text: string
}
/** A look at the network while it goes on, and what came of it. */
export interface Preflight {
  readonly at: 'idle' | 'running' | 'over'
  readonly findings: readonly PreflightFinding[]
  readonly sessionId: number | null
  readonly problem: string | null
}

const IDLE: Preflight = { at: 'idle', findings: [], sessionId: null, problem: null }

/** Looks whether mail of an address can go straight to its recipients from this network; no mail is sent. */
export function usePreflight() {
  const [preflight, setPreflight] = useState(IDLE)
  const stop = useRef<AbortController>(undefined)
  useEffect(() => () => stop.current?.abort(), [])
  const forget = useCallback(() => {
    stop.current?.abort()
    setPreflight(IDLE)
  }, [])
  const run = useCallback(async (address: string) => {
    stop.current?.abort()
    const mine = new AbortController()
    stop.current = mine
    let now: Preflight = { ...IDLE, at: 'running' }
    const say = (patch: Partial<Preflight>) => {
      now = { ...now, ...patch }
      if (!mine.signal.aborted) setPreflight(now)
    }
    say({})
    try {
      for await (const found of await api.route.preflight({ address }, { signal: mine.signal })) {
        const { sessionId, ...finding } = found
        say({
          findings: [...now.findings.filter(({ check }) => check !== finding.check), finding],
          sessionId: sessionId ?? now.sessionId,
        })
      }
      say({ at: 'over' })
    } catch (error) {
      const left = now.findings.filter(({ state }) => state !== 'trying')
      say({ at: 'over', findings: left, problem: wordsOf(error) })
    }
  }, [])
  return { preflight, run, forget }
}
