import { useEffect, useRef, useSyncExternalStore } from 'react'
import type { CommandId } from '../../../core/model/command-table.ts'

/** What a view can do now, by the command's name; `tag-3` stands for the key 3. */
export type Offers = Partial<Readonly<Record<CommandId | `tag-${number}`, () => void>>>

// The views that are open, the innermost last: what it offers goes before what the window offers.
const stack: { current: Offers }[] = []
const listeners = new Set<() => void>()
let version = 0

function changed(): void {
  version += 1
  for (const listener of listeners) listener()
}

/** Offers commands while the calling view is there. */
export function useOffers(offers: Offers): void {
  const held = useRef(offers)
  held.current = offers
  const names = Object.keys(offers).toSorted().join(' ')
  useEffect(() => {
    stack.push(held)
    changed()
    return () => {
      stack.splice(stack.indexOf(held), 1)
      changed()
    }
  }, [])
  useEffect(changed, [names])
}

/** What to run for a command now, or undefined where nothing that is open can do it. */
export function offerOf(id: keyof Offers): (() => void) | undefined {
  return stack.findLast(({ current }) => current[id] !== undefined)?.current[id]
}

/** Counts changes of what is offered, for whoever shows it. */
export function useOffered(): number {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    () => version,
    () => 0,
  )
}
