import type { Resolver } from '../../core/net/dns.ts'

/** A resolver that knows no name, and notes what it was asked. */
export function lookUpsNothing(asked: string[]): Resolver {
  return {
    async lookup(name, type) {
      asked.push(name)
      return { kind: 'NXDOMAIN', name, canonical: name, type, server: '', cached: false, ttlSeconds: 0 }
    },
  }
}
