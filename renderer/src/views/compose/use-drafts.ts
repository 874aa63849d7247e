import { useEffect } from 'react'
import { api } from '../../bridge/client.ts'
import { useLive } from '../../state/use-live.ts'
import { draftsTouched } from './composer.ts'

/** The kept drafts. They are asked for again whenever the composer has kept or dropped one. */
export function useDrafts() {
  const live = useLive('drafts', () => api.compose.drafts(), { changes: api.mail.changes })
  const touched = draftsTouched.use()
  const { again } = live
  useEffect(() => again(), [touched, again])
  return live
}
