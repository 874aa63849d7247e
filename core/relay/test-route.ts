import { errnoWords } from '../base/errno.ts'
import { never } from '../base/never.ts'
import { newToken } from '../model/access-token.ts'
import type { Cause, TlsMode } from '../model/outcome.ts'
import { describeReply } from '../wire/smtp/reply.ts'
import type { RelayDeps, RouteSignIn } from './deps.ts'
import { openOnce } from './open-once.ts'
import type { OpenContext } from './open-session.ts'

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
    const { by, login: known, ...server } = target
    const got = by && (await newToken(by.token))
    if (got?.ok === false) {
      step = 'login'
      return say('failed', got.reason)
    }
    const login = by && got ? { user: by.user, kind: 'token' as const, secret: got.token } : known
    const opened = await openOnce(
      { kind: 'smarthost', routeId: 0, ...server },
      deps,
      { signal, onPhase, note: 'a test of the route: no mail is sent', ...(login && { login }) },
      (id) => (sessionId = id ?? null),
    )
    const why = 'why' in opened ? opened.why : undefined
    if ('connection' in opened) await opened.connection.quit()
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
