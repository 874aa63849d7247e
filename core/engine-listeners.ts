import type { Fault } from './base/fault.ts'
import type { Endpoint } from './serve/listen-again.ts'

/** A server of an engine as those see it who tell of it: where it listens now, and why not where it should. */
export interface ListenerView {
  readonly plain: Endpoint | null
  readonly tls: Endpoint | null
  readonly troubles: { readonly plain: Fault<'listen.taken'> | null; readonly tls: Fault<'listen.taken'> | null }
}
/** Which settings say where a server listens. */
export interface ListenerKeys {
  readonly host: string
  readonly plain: string
  readonly tls: string
}

/**
 * What a person can do about a port that cannot be had, as a sentence without its full stop. Nothing has to be started again for
 * a port that becomes free.
 */
function adviceFor(trouble: Fault<'listen.taken'>, hostKey: string, portKey: string): string {
  const { cause } = trouble
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const another = (key: string) =>
    `set another one (All settings, or "posthorn setting set ${key} …") and start Posthorn again`
  if (code === 'EADDRNOTAVAIL') return `Wait until the network has it, for it is tried again; or ${another(hostKey)}`
  if (code === 'EACCES')
    return `Ports below 1024 need a permission on most systems: give it to Posthorn, or ${another(portKey)}`
  return `End the other program, and Posthorn listens there by itself; or ${another(portKey)}`
}

/** Why it cannot listen and what to do about it, in two sentences; `what` says what cannot be done meanwhile. */
export function troubleText(what: string, trouble: Fault<'listen.taken'>, hostKey: string, portKey: string): string {
  return `${what}: ${trouble.message}. ${adviceFor(trouble, hostKey, portKey)}.`
}

/** The troubles of a server with two ports, each with what to do. */
export function troubleTexts(what: string, { troubles }: ListenerView, keys: ListenerKeys): string[] {
  const { plain, tls } = troubles
  return [
    ...(tls === null ? [] : [troubleText(`${what} inside TLS`, tls, keys.host, keys.tls)]),
    ...(plain === null ? [] : [troubleText(what, plain, keys.host, keys.plain)]),
  ]
}

/** Tells a log where a server listens that did not at once, and why one does not; each line once. */
export function logListeners(what: string, log: (line: string) => void): (troubles: readonly string[]) => void {
  let said: readonly string[] = []
  return (troubles) => {
    for (const one of troubles) if (!said.includes(one)) log(one)
    if (said.length > 0 && troubles.length === 0) log(`${what}: every port could be had`)
    said = [...troubles]
  }
}
