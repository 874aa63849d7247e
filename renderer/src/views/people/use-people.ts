import { useState } from 'react'
import type { ContactView } from '../../../../core/rpc/reading-contract.ts'
import { api } from '../../bridge/client.ts'
import { useLive } from '../../state/use-live.ts'

/** What is read at once of very many. */
const A_PAGE = 200
const MOST = 10_000
const MOST_FOUND = 50

const changes = { changes: api.contact.changes }
const groupChanges = { changes: api.contact.groups.changes }

/** Contacts of a group, or all of them; or those who are found by what is typed, the likeliest first. */
export function usePeople(groupId: number | null) {
  const [typed, setTyped] = useState('')
  const isSearch = typed.trim() !== ''
  const people = useLive(
    isSearch ? `people found ${typed}` : `people of ${groupId}`,
    async () => {
      if (isSearch) return api.contact.complete({ prefix: typed.trim(), limit: MOST_FOUND })
      const found: ContactView[] = []
      for (let after: number | null = null; found.length < MOST;) {
        const page: ContactView[] = await api.contact.list({ after, limit: A_PAGE, groupId })
        found.push(...page)
        if (page.length < A_PAGE) break
        after = page.at(-1)?.id ?? null
      }
      return found
    },
    changes,
  )
  const groups = useLive('people groups', () => api.contact.groups.list(), groupChanges)
  return { people, groups, typed, setTyped, isSearch }
}
