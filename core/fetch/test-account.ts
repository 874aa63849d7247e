import { openPop3 } from '../net/pop3-client-driver.ts'
import type { Pop3Peers, Pop3Step, Pop3Target } from '../net/pop3-words.ts'
import { parseSizes, parseUidl } from '../wire/pop3/listing.ts'
import { describeTrouble } from './words.ts'

/** One part of a test, as it begins and as it ends. */
export interface TestStep {
  readonly step: Pop3Step | 'list'
  readonly state: 'trying' | 'ok' | 'failed'
  readonly text: string
  readonly sessionId: number | null
}

const TRYING: Readonly<Record<TestStep['step'], string>> = {
  connect: 'Connecting…',
  tls: 'Securing the connection…',
  login: 'Signing in…',
  list: 'Looking for mail…',
}
const DONE: Readonly<Record<Pop3Step, string>> = {
  connect: 'Connected.',
  tls: 'The connection is secure.',
  login: 'Signed in.',
}

/** Connects, signs in and lists, saying how each part goes. Fetches and stores nothing; a failed part is the last one. */
export async function* testAccount(
  target: Pop3Target,
  peers: Pop3Peers,
  signal?: AbortSignal,
): AsyncGenerator<TestStep, void, void> {
  const said: TestStep[] = []
  let wake = () => {}
  let step: TestStep['step'] | undefined
  let sessionId: number | null = null
  const say = (state: TestStep['state'], text: string) => {
    if (step !== undefined) said.push({ step, state, text, sessionId })
    wake()
  }
  const begin = (next: TestStep['step']) => {
    if (step !== undefined && step !== 'list') say('ok', DONE[step])
    if (step === 'connect' && next === 'login') {
      step = 'tls'
      say('ok', 'Not encrypted: the password can be read on its way.')
    }
    step = next
    say('trying', TRYING[next])
  }
  const run = async () => {
    step = 'connect'
    say('trying', TRYING.connect)
    const opened = await openPop3(target, peers, signal, (next, id) => {
      sessionId = id ?? null
      if (next !== 'connect') begin(next)
    })
    sessionId = (opened.ok ? opened.session : opened).sessionId ?? null
    if (!opened.ok) return say('failed', describeTrouble(opened.trouble, target))
    begin('list')
    const uidl = await opened.session.ask({ verb: 'UIDL' })
    // Without UIDL, which RFC 1939 leaves open, messages are told apart by their headers; here their number is enough.
    const answer = uidl.kind === 'refused' ? await opened.session.ask({ verb: 'LIST' }) : uidl
    const bytes = answer.kind === 'granted' ? (answer.listing ?? new Uint8Array()) : undefined
    const listed = bytes && (uidl.kind === 'refused' ? parseSizes(bytes) : parseUidl(bytes))
    await opened.session.quit()
    if (answer.kind === 'lost') return say('failed', describeTrouble(answer.trouble, target))
    if (answer.kind === 'refused')
      return say('failed', `${target.host} does not list its messages. It says: ${answer.text.slice(0, 500)}`)
    if (listed === undefined) return say('failed', `${target.host} lists its messages in a way that can't be read.`)
    say('ok', listed.length === 1 ? 'One message is waiting.' : `${listed.length} messages are waiting.`)
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
