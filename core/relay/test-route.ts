import { errnoWords } from '../base/errno.ts'
import { never } from '../base/never.ts'
import { newToken } from '../model/access-token.ts'
import type { Cause, TlsMode } from '../model/outcome.ts'
import { hasGlobalIpv6 } from '../net/address.ts'
import type { Transcript } from '../transcript/sink.ts'
import { describeReply } from '../wire/smtp/reply.ts'
import { listCandidates } from './candidates.ts'
import { DeadHosts } from './dead-hosts.ts'
import type { RelayDeps, RouteSignIn } from './deps.ts'
import { openSession, type OpenContext } from './open-session.ts'
import { planRoute } from './route-plan.ts'

/** One part of a test, as it begins and as it ends. */
export interface RouteTestStep {
  readonly step: 'connect' | 'tls' | 'hello' | 'login'
  readonly state: 'trying' | 'ok' | 'failed'
  readonly text: string
  readonly sessionId: number | null
}
/** A smarthost that is tried, stored or not. */
export interface RouteTestTarget {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly login?: NonNullable<RouteSignIn['login']>
  readonly by?: NonNullable<RouteSignIn['by']>
}

const TRYING: Readonly<Record<RouteTestStep['step'], string>> = {
  connect: 'Connecting…',
  tls: 'Securing the connection…',
  hello: 'Saying hello…',
  login: 'Signing in…',
}

/**
 * Connects, secures and signs in as the relay does when it sends, saying how each part goes. No mail is sent and nothing is
 * remembered; a failed part is the last one.
 */
export async function* testRoute(
  target: RouteTestTarget,
  deps: RelayDeps,
  signal: AbortSignal = new AbortController().signal,
): AsyncGenerator<RouteTestStep, void, void> {
  const said: RouteTestStep[] = []
  let wake = () => {}
  let step: RouteTestStep['step'] = 'connect'
  let sessionId: number | null = null
  const say = (state: RouteTestStep['state'], text: string) => {
    said.push({ step, state, text, sessionId })
    wake()
  }
  const begin = (next: RouteTestStep['step'], done: string) => {
    say('ok', done)
    step = next
    say('trying', TRYING[next])
  }
  const onPhase: OpenContext['onPhase'] = (phase, tls) => {
    if (step === 'connect') begin(target.tls === 'none' ? 'hello' : 'tls', 'Connected.')
    if (step === 'tls' && tls !== null && phase === 'ehlo')
      begin('hello', `Encrypted with ${tls.version}; the certificate is right.`)
    if (step === 'hello' && phase === 'auth') begin('login', `${target.host} answers.`)
  }
  const run = async () => {
    say('trying', TRYING.connect)
    const { by, ...known } = target
    const got = by && (await newToken(by.token))
    if (got?.ok === false) {
      step = 'login'
      return say('failed', got.reason)
    }
    const login = by && got ? { user: by.user, kind: 'token' as const, secret: got.token } : known.login
    const whole = { ...known, ...(login && { login }) }
    const why = await tryAll(whole, deps, signal, onPhase, (id) => (sessionId = id ?? null))
    if (why !== undefined) {
      if (why.at === 'tls') step = 'tls'
      if (why.at === 'login') step = 'login'
      return say('failed', wordsOf(why, target))
    }
    if (step === 'login') return say('ok', 'Signed in.')
    say('ok', `${target.host} answers.`)
    step = 'login'
    return say('ok', 'No login is set for it.')
  }
  let isOver = false
  const running = run().finally(() => {
    isOver = true
    wake()
  })
  for (;;) {
    while (said.length > 0) yield said.shift()!
    if (isOver) break
    await new Promise<void>((resolve) => {
      wake = resolve
      if (said.length > 0 || isOver) resolve()
    })
  }
  await running
}

/** Undefined when one address let us in; else the last reason why none did. */
async function tryAll(
  { login, ...server }: RouteTestTarget,
  deps: RelayDeps,
  signal: AbortSignal,
  onPhase: NonNullable<OpenContext['onPhase']>,
  onSession: (sessionId: number | undefined) => void,
): Promise<Cause | undefined> {
  const settings = deps.settings()
  const deadHosts = new DeadHosts(deps.clock)
  const notes: string[] = []
  const plan = await planRoute({ kind: 'smarthost', routeId: 0, ...server }, settings, deps.resolver, Math.random)
  if (plan.kind !== 'hosts') return plan.why
  const context: OpenContext = {
    deps,
    settings,
    deadHosts,
    signal,
    signIn: login ? { login } : {},
    requireTls: false,
    onPhase,
    head(transcript: Transcript) {
      onSession(transcript.sessionId)
      transcript.note('a test of the route: no mail is sent')
      for (const note of notes.splice(0)) transcript.note(note)
    },
    note: (text) => notes.push(text),
  }
  const { 'relay.family': family } = settings
  const { resolver, hasIpv6 = hasGlobalIpv6 } = deps
  let last: Cause = { at: 'dns', rcode: 'NODATA', name: server.host }
  for await (const one of listCandidates(plan, {
    resolver,
    family,
    hasIpv6: family === 'ipv6' || hasIpv6(),
    deadHosts,
  })) {
    notes.push(...one.notes)
    if (one.kind !== 'address') {
      last = one.why
      continue
    }
    const opened = await openSession(one, plan, context)
    if (opened.ok) {
      await opened.connection.quit()
      return undefined
    }
    last = opened.why
    if (last.at !== 'connect' || signal.aborted) break
  }
  return last
}

const CONNECT: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections on that port',
  ETIMEDOUT: 'does not answer; is the port right, and not blocked by your network?',
  ENETUNREACH: 'cannot be reached; is this computer online?',
  EHOSTUNREACH: 'cannot be reached',
  EAFNOSUPPORT: 'has no address of the family that relay.family allows',
}

/** What went wrong, for the person who set the route up. */
function wordsOf(why: Cause, { host, port, tls }: RouteTestTarget): string {
  switch (why.at) {
    case 'dns':
      return `There is no server "${host}", or its name cannot be looked up now.`
    case 'connect':
      return `${host}:${port} ${CONNECT[why.errno] ?? `cannot be connected to: ${errnoWords(why.errno)}`}.`
    case 'greeting':
      return tls === 'starttls'
        ? `${host}:${port} says nothing. Perhaps that port wants TLS from the first byte.`
        : `${host}:${port} says nothing: ${why.reason}.`
    case 'tls':
      return `The connection could not be secured: ${why.reason}.`
    case 'reply':
      return `${host} says: ${describeReply(why.reply)}`
    case 'login':
      return why.reply ? `${host} does not accept the login: ${describeReply(why.reply)}` : `${host}: ${why.reason}.`
    case 'protocol':
    case 'lost':
    case 'local':
      return `The conversation broke off: ${why.reason}.`
    case 'feature':
    case 'policy':
    case 'rule':
    case 'expired':
      return `The route cannot be used: ${why.at}.`
    default:
      return never(why, 'cause')
  }
}
