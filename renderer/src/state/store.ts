import { useSyncExternalStore } from 'react'

/** A value the whole window shares: read it in a view with `use`, change it from anywhere with `set`. */
export interface Shared<T> {
  get(): T
  set(next: T | ((before: T) => T)): void
  use(): T
}

/** Makes a shared value. */
export function shared<T>(first: T): Shared<T> {
  let value = first
  const listeners = new Set<() => void>()
  const watch = (listener: () => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  return {
    get: () => value,
    set(next) {
      value = typeof next === 'function' ? (next as (before: T) => T)(value) : next
      for (const listener of listeners) listener()
    },
    use: () =>
      useSyncExternalStore(
        watch,
        () => value,
        () => first,
      ),
  }
}
