import { getDomain } from 'tldts'

/**
 * The domain somebody has registered that a host belongs to, by the public list of suffixes below which strangers can register;
 * undefined for a suffix itself and for addresses.
 */
export function registeredDomain(host: string): string | undefined {
  return getDomain(host, { allowPrivateDomains: true }) ?? undefined
}

/** Whether a host belongs to whoever has the domain: below it, or below the domain that was registered. */
export function isWithin(host: string, domain: string): boolean {
  if (host === domain || host.endsWith(`.${domain}`)) return true
  const registered = registeredDomain(domain)
  return registered !== undefined && registeredDomain(host) === registered
}
