import { expect, test } from 'vitest'
import { chance, printedSeed } from '../support/chance.ts'
import { addAccount, fetchingLife, messageCalled, subjectsIn } from '../support/fetched.ts'
import { startPop3Server, type Maildrop } from '../support/pop3-server.ts'
import { eventually, Home } from '../support/posthorn.ts'

const KILLS = 6
const ARRIVING = 120
const VERBS = ['RETR', 'DELE', 'DELE', 'QUIT'] as const

test(`fetches every message once and leaves none on the server, in ${KILLS} kills during the fetch`, async () => {
  const random = chance(printedSeed('KILL_SEED'))
  const maildrop: Maildrop & { messages: { uidl: string; raw: Buffer }[] } = { messages: [] }
  let strike: (line: string) => 'hang-up' | undefined = () => undefined
  maildrop.meddle = (line) => strike(line)
  const server = await startPop3Server(maildrop)
  const home = new Home({ submission: { port: 0 } })
  const sent: string[] = []
  const arrive = () => {
    for (let n = 0; n < ARRIVING; n++) {
      const subject = `letter ${String(sent.length).padStart(5, '0')}`
      sent.push(subject)
      maildrop.messages.push({ uidl: `u${sent.length}`, raw: messageCalled(subject) })
    }
  }
  try {
    await addAccount(home, { port: server.port, password: 'secret' })
    const struck: string[] = []
    for (let kill = 0; kill < KILLS; kill++) {
      arrive()
      const verb = VERBS[Math.floor(random() * VERBS.length)]
      const after = Math.floor(random() * ARRIVING)
      const lateMs = random() < 0.5 ? 0 : random() * 20
      const isHeard = random() < 0.5
      let count = 0
      const life = fetchingLife(home, 'struck')
      strike = (line) => {
        const isIt = line.startsWith(verb ?? 'QUIT') && count++ === (verb === 'QUIT' ? 0 : after)
        // A life whose moment does not come ends with its fetch.
        if (!isIt && line !== 'QUIT') return undefined
        struck.push(line)
        if (lateMs === 0) life.strike()
        else setTimeout(life.strike, lateMs)
        return isHeard ? undefined : 'hang-up'
      }
      await life.ended
    }
    console.log(`struck at ${struck.join(', ')}`)

    strike = () => undefined
    const served = await home.serve()
    await home.run(['fetch'])
    await eventually(() => maildrop.messages.length === 0, 'the maildrop to be empty')
    expect(await subjectsIn(home)).toEqual(sent)
    expect(await served.stop()).toBe(0)
  } finally {
    await server.close()
    home.remove()
  }
}, 60_000)
