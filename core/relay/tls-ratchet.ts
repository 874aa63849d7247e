import type { TlsDomain } from '../model/tls-domain.ts'
import type { Settings } from '../settings.ts'

/**
 * Until when a domain gets no mail without verified TLS, Unix ms; null where nothing holds it. What once could be had and is gone now
 * is more likely somebody in between than a change of mind, and a person can say so.
 */
export function ratchetUntilMs(
  verified: TlsDomain['verified'],
  settings: Pick<Settings, 'relay.tlsRatchetSeconds'>,
): number | null {
  const seconds = settings['relay.tlsRatchetSeconds']
  return verified === null || seconds === 0 ? null : verified.seenMs + seconds * 1000
}
