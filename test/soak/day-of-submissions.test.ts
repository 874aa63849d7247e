import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { authorsOf } from '../../core/message/authors.ts'
import { readFields } from '../../core/message/read.ts'
import { makeSubmit } from '../../core/queue/submit.ts'
import { openLogins } from '../../core/serve/login.ts'
import { startSubmission } from '../../core/serve/submission.ts'
import { defaultSettings } from '../../core/settings.ts'
import { listOwnAddresses } from '../../core/store/local-user.ts'
import { createRecorder } from '../../core/transcript/recorder.ts'
import { chance } from '../support/chance.ts'
import { DayClient, liveDay } from '../support/day-of-mail.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { localhostTls } from '../support/localhost.ts'
import { mailboxOf } from '../support/mailbox.ts'
import { plainPasswords } from '../support/plain-passwords.ts'
import { openTestStore } from '../support/store.ts'

const ADA = 'ada@here.test'
const PASSWORD = 'secret'
const LOGIN = `AUTH PLAIN ${Buffer.from(`\0${ADA}\0${PASSWORD}`).toString('base64')}\r\n`
const WRONG = `AUTH PLAIN ${Buffer.from(`\0${ADA}\0mistaken`).toString('base64')}\r\n`
/** Connections that do nothing are left to the server's own deadlines; more than it serves are never opened. */
const MOST_IDLE = 5
/** Beyond what is held in memory: such a message goes to the store while it comes. */
const LARGE_LINES = 5000

test('a day of submissions in some minutes: nothing lost, nothing twice, no connection, timer or memory left over', async () => {
  const clock = fakeClock()
  const store = await openTestStore({ clock })
  const passwords = plainPasswords(store)
  await store.write('user.add', { mailbox: mailboxOf(ADA), verifier: await passwords.verifierOf(PASSWORD, []) })
  const logins = openLogins({ store, passwords, clock })
  const recorder = createRecorder({ sink: async () => {}, clock, firstSessionId: 1 })
  const accept = makeSubmit({ store, clock, describe: readFields, onAccepted: () => {}, onFolders: () => {} })
  const server = await startSubmission({
    settings: { ...defaultSettings(), 'submission.port': 0, 'submission.tlsPort': 0, 'submission.maxPerClient': 20 },
    recorder,
    clock,
    accept,
    stage: () => store.stage(),
    loginOf: logins.of,
    authorsOf,
    tls: () => localhostTls,
    ownAddresses: (userId) => listOwnAddresses(store.read, userId),
  })
  const [plainPort, tlsPort] = [server.plain?.port ?? 0, server.tls?.port ?? 0]
  const random = chance(20_261_122)
  const pick = (most: number) => Math.floor(random() * most)
  const confirmed = new Set<string>()
  const sent = new Set<string>()
  const idle = new Set<Socket>()
  let serial = 0
  const refused = { login: 0, author: 0, content: 0 }

  /** One client's visit: a message, or one of the ways in which a visit goes wrong. */
  const visit = async () => {
    const kind = pick(12)
    const client = new DayClient(kind === 0 ? plainPort : tlsPort, kind !== 0)
    if (!(await client.reply()).startsWith('220')) return client.socket.destroy()
    if (kind === 0 || (kind === 1 && idle.size < MOST_IDLE)) {
      idle.add(client.socket)
      client.socket.once('close', () => idle.delete(client.socket))
      // Without TLS nobody gets further than this; half of them do not even say who they are.
      if (kind === 0 && pick(2) === 0) expect(await client.say(`EHLO far.test\r\n`)).not.toContain('AUTH')
      return idle.size > MOST_IDLE ? client.socket.destroy() : undefined
    }
    await client.say('EHLO far.test\r\n')
    if (kind === 2) {
      if ((await client.say(WRONG)).startsWith('535')) refused.login++
      return client.socket.end('QUIT\r\n')
    }
    if (!(await client.say(LOGIN)).startsWith('235')) return client.socket.destroy()
    if (kind === 3) {
      if ((await client.say('MAIL FROM:<eve@far.test>\r\n')).startsWith('550')) refused.author++
      return client.socket.end('QUIT\r\n')
    }
    const id = `<${++serial}@here.test>`
    await client.say(`MAIL FROM:<${ADA}>\r\n`)
    await client.say(`RCPT TO:<bob${pick(50)}@d${pick(20)}.test>\r\n`)
    const lines = pick(200) === 0 ? LARGE_LINES : pick(100)
    const text = `${'x'.repeat(70)}\r\n`.repeat(lines)
    const message = `From: ${ADA}\r\nBcc: eve@far.test\r\nMessage-ID: ${id}\r\nSubject: ${id}\r\n\r\n${text}end ${id}\r\n`
    if (kind === 4) {
      // In chunks, and the last of them never comes.
      await client.say(`BDAT ${message.length}\r\n${message}`)
      return client.socket.destroy()
    }
    sent.add(id)
    if (kind === 5) {
      const [first, second] = [message.slice(0, 80), message.slice(80)]
      await client.say(`BDAT ${first.length}\r\n${first}`)
      if ((await client.say(`BDAT ${second.length} LAST\r\n${second}`)).startsWith('250')) confirmed.add(id)
      return client.socket.end('QUIT\r\n')
    }
    await client.say('DATA\r\n')
    if (kind === 6) return client.socket.destroy()
    if (kind === 7) return client.socket.end(message.slice(0, pick(message.length)))
    if (kind === 8) {
      expect(await client.say(`${message}bare\n\r\n.\r\n`)).toMatch(/^550 5\.5\.2/)
      refused.content++
      sent.delete(id)
      return client.socket.end('QUIT\r\n')
    }
    if ((await client.say(`${message}.\r\n`)).startsWith('250')) confirmed.add(id)
    if (kind === 9) return client.socket.destroy()
    await client.say('QUIT\r\n')
    return client.socket.end()
  }

  try {
    const close = async () => {
      await server.close()
      await logins.close()
    }
    await liveDay({ clock, visits: () => 1 + pick(3), visit, idle, close })

    const kept = store.read.prepare('SELECT message_id AS id FROM queue_entry').all() as { id: string }[]
    const ids = new Set(kept.map(({ id }) => id))
    expect(confirmed.size).toBeGreaterThan(800)
    expect(ids.size).toBe(kept.length)
    expect([...confirmed].filter((id) => !ids.has(id))).toEqual([])
    expect([...ids].filter((id) => !sent.has(id))).toEqual([])
    for (const count of Object.values(refused)) expect(count).toBeGreaterThan(50)
    expect(store.read.prepare(`SELECT count(*) AS n FROM blob WHERE state <> 'whole'`).get()).toEqual({ n: 0 })
  } finally {
    await store.closeAndRemove()
  }
})
