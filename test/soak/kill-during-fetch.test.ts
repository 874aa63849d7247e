import { expect } from 'vitest'
import { chance, printedSeed } from '../support/chance.ts'
import { startDovecot } from '../support/dovecot.ts'
import { addAccount, fetchingLife, messageCalled, subjectsIn } from '../support/fetched.ts'
import { needs } from '../support/peers.ts'
import { eventually, Home } from '../support/posthorn.ts'
import { measureStart } from '../support/short-life.ts'

const MESSAGES = 5000
const KILLS = 25
const PASSWORD = 'pop3-s3cret'

needs('dovecot').test(
  `fetches ${MESSAGES} messages from Dovecot once each, through ${KILLS} kills at random moments`,
  async () => {
    const random = chance(printedSeed('KILL_SEED'))
    const dovecot = await startDovecot({ password: PASSWORD })
    const home = new Home({ submission: { port: 0 } })
    const sent: string[] = []
    const arrive = (count: number) => {
      for (let n = 0; n < count; n++) {
        const subject = `letter ${String(sent.length).padStart(5, '0')}`
        sent.push(subject)
        dovecot.deliver('nora', messageCalled(subject))
      }
    }
    try {
      const startMs = await measureStart(home)
      await addAccount(home, { port: dovecot.port, password: PASSWORD })
      // Mail goes on coming between the lives, so that there is always something new to be killed over.
      arrive(MESSAGES / 2)
      for (let kill = 0; kill < KILLS; kill++) {
        const moment = random()
        const end = random() < 0.2 ? { startingMs: moment * startMs } : { readyMs: moment * 800 }
        await fetchingLife(home, end).ended
        arrive(MESSAGES / 2 / KILLS)
      }

      const left = dovecot.count('nora')
      const served = await home.serve()
      await home.run(['fetch'])
      await eventually(() => dovecot.count('nora') === 0, 'the maildrop to be empty', 120_000)
      const found = await subjectsIn(home)
      expect(found).toEqual(sent)
      console.log(`${found.length} messages fetched through ${KILLS} kills, ${left} were on the server after the last`)
      expect(await served.stop()).toBe(0)
    } finally {
      await dovecot.stop()
      home.remove()
    }
  },
  300_000,
)
