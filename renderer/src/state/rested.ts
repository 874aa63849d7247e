/** Makes a wait for what is asked again and again: it resolves at once, and then not sooner than `ms` after it did last. */
export function rested(ms: number): (signal: AbortSignal) => Promise<void> {
  let last = -Infinity
  return (signal) =>
    new Promise((resolve) => {
      const go = () => {
        last = performance.now()
        resolve()
      }
      const left = last + ms - performance.now()
      if (left <= 0) return go()
      const timer = setTimeout(go, left)
      signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
    })
}
