import type { ImapPeers, ImapStep, ImapTarget } from '../net/imap-words.ts'
import { openImap } from './imap-client.ts'
import { listFolders } from './imap-folders.ts'
import { describeImapTrouble } from './imap-words.ts'
import type { TestStep } from './test-account.ts'

const TRYING: Readonly<Record<ImapStep, string>> = {
  connect: 'Connecting…',
  tls: 'Securing the connection…',
  login: 'Signing in…',
}
const DONE: Readonly<Record<ImapStep, string>> = {
  connect: 'Connected.',
  tls: 'The connection is secure.',
  login: 'Signed in.',
}

/** Connects, signs in and lists folders, saying how each part goes. Stores nothing; a failed part is the last one. */
export async function* testImapAccount(
  target: ImapTarget,
  peers: ImapPeers,
  signal?: AbortSignal,
): AsyncGenerator<TestStep, void, void> {
  const said: TestStep[] = []
  let wake = () => {}
  let at: ImapStep = 'connect'
  let sessionId: number | null = null
  const say = (step: TestStep['step'], state: TestStep['state'], text: string) => {
    said.push({ step, state, text, sessionId })
    wake()
  }
  const begin = (next: ImapStep, id: number | undefined) => {
    sessionId = id ?? null
    if (next !== 'connect') say(at, 'ok', DONE[at])
    if (next === 'login' && at === 'connect') say('tls', 'ok', 'Not encrypted: the password can be read on its way.')
    at = next
    say(next, 'trying', TRYING[next])
  }
  const run = async () => {
    const opened = await openImap(target, peers, signal, begin)
    if (!opened.ok) return say(at, 'failed', describeImapTrouble(opened.trouble, target))
    const { session } = opened
    say('login', 'ok', DONE.login)
    say('list', 'trying', 'Looking for folders…')
    try {
      const { folders } = await listFolders(session)
      await session.quit()
      if (folders.length === 0) return say('list', 'failed', `${target.host} lists no folders.`)
      say('list', 'ok', folders.length === 1 ? 'There is one folder.' : `There are ${folders.length} folders.`)
    } catch {
      say('list', 'failed', describeImapTrouble(session.wire.trouble ?? { kind: 'lost' }, target))
      session.wire.abandon({ kind: 'lost' })
    }
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
