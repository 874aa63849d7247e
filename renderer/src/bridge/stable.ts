/**
 * The same client with the same procedure behind the same name every time it is asked for: the client of the library
 * makes a new one at each access, and a view that watches a procedure would begin anew at each render.
 */
export function stable<T extends object>(client: T): T {
  const known = new Map<string | symbol, unknown>()
  return new Proxy(client, {
    get(target, key) {
      if (!known.has(key)) {
        const inner: unknown = Reflect.get(target, key)
        known.set(key, typeof key === 'string' && typeof inner === 'function' ? stable(inner) : inner)
      }
      return known.get(key)
    },
  })
}
