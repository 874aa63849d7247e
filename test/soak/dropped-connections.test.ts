import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../core/base/clock.ts'
import { openInboundHouse } from '../support/inbound-house.ts'
import { eventually } from '../support/posthorn.ts'
import { openSubmissionService } from '../support/submission-service.ts'
import { openTestStore } from '../support/store.ts'

const MESSAGE = 'From: kay@far.test\r\nSubject: hi\r\n\r\n.dot\r\nend\r\n'
const half = MESSAGE.length >> 1

/** What a client says from EHLO to QUIT, and behind which byte its message is whole. */
const SCRIPTS = (from: string, to: string) => {
  const start = `EHLO client.test\r\nMAIL FROM:<${from}>\r\nRCPT TO:<${to}>\r\n`
  const data = `${start}DATA\r\n${MESSAGE.replace('\r\n.dot', '\r\n..dot')}.\r\n`
  const bdat = `${start}BDAT ${half}\r\n${MESSAGE.slice(0, half)}BDAT ${MESSAGE.length - half} LAST\r\n${MESSAGE.slice(half)}`
  return {
    data: { bytes: `${data}QUIT\r\n`, wholeAt: data.length },
    bdat: { bytes: `${bdat}QUIT\r\n`, wholeAt: bdat.length },
  }
}

/** Says the first bytes of a script and leaves: by a reset, or by closing its side. Returns whether a 250 for the message came. */
async function leaveAfter(port: number, bytes: string, how: 'reset' | 'close'): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let heard = ''
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()))
  await once(socket, 'connect')
  while (!heard.includes('220 ')) await once(socket, 'data')
  const closed = once(socket, 'close')
  await new Promise<void>((resolve) => socket.write(bytes, 'latin1', () => resolve()))
  if (how === 'close') socket.end()
  else socket.resetAndDestroy()
  await closed
  return /250 2\.0\.0 ok, (?:delivered|queued)/.test(heard)
}

for (const how of ['reset', 'close'] as const)
  for (const what of ['data', 'bdat'] as const)
    describe(`a client that leaves at every byte of a transaction (${what}, ${how})`, () => {
      test('to the inbound server: nothing is torn, and nothing kept before its last byte', async () => {
        const store = await openTestStore()
        const house = await openInboundHouse({
          clock: systemClock,
          store,
          settings: { 'inbound.connectionsPerMinute': 100_000, 'inbound.messagesPerMinute': 100_000 },
        })
        const { bytes, wholeAt } = SCRIPTS('kay@far.test', 'ada@here.test')[what]
        let confirmed = 0
        for (let at = 0; at <= bytes.length; at++) {
          const heard = await leaveAfter(house.port, bytes.slice(0, at), how)
          if (heard) confirmed++
          if (at < wholeAt) expect(heard, `byte ${at}`).toBe(false)
          if (at === wholeAt - 1) expect(await house.inbox('ada')).toEqual([])
        }
        // Whoever is being stored when its client leaves is stored whole; sessions end by themselves.
        await house.server.close()
        const kept = await house.inbox('ada')
        expect(kept.length).toBeGreaterThanOrEqual(confirmed)
        expect(kept.length).toBeLessThanOrEqual(bytes.length - wholeAt + 1)
        if (how === 'close') expect(kept.length).toBe(bytes.length - wholeAt + 1)
        for (const mail of kept) expect(mail.slice(-MESSAGE.length)).toBe(MESSAGE)
        const left = store.read.prepare(`SELECT count(*) AS n FROM blob WHERE state <> 'whole'`).get()
        expect(left).toEqual({ n: 0 })
        await house.close()
      })

      test('to the submission server', async () => {
        const service = await openSubmissionService({
          'submission.trustedAddresses': ['127.0.0.1'],
          'local.domains': ['client.example', 'far.test'],
        })
        const { bytes, wholeAt } = SCRIPTS('ada@client.example', 'bob@remote.example')[what]
        let confirmed = 0
        const kept: Buffer[] = []
        for (let at = 0; at <= bytes.length; at++) {
          if (await leaveAfter(service.port, bytes.slice(0, at), how)) confirmed++
          const taken = service.taken().map(({ raw }) => raw)
          if (at < wholeAt) expect(taken, `byte ${at}`).toEqual([])
          kept.push(...taken)
        }
        if (how === 'close')
          await eventually(
            () => {
              kept.push(...service.taken().map(({ raw }) => raw))
              return kept.length === bytes.length - wholeAt + 1
            },
            'all whole messages',
            10_000,
          )
        expect(kept.length).toBeGreaterThanOrEqual(confirmed)
        for (const raw of kept) expect(raw.toString('latin1')).toBe(MESSAGE)
        await service.close()
      })
    })

test('a large message that breaks off leaves nothing of what was stored while it came', async () => {
  const store = await openTestStore()
  const house = await openInboundHouse({ clock: systemClock, store })
  const start = 'EHLO client.test\r\nMAIL FROM:<kay@far.test>\r\nRCPT TO:<ada@here.test>\r\nDATA\r\n'
  const bytes = `${start}${MESSAGE.slice(0, -7)}${`${'x'.repeat(98)}\r\n`.repeat(8000)}`
  for (let at = start.length; at < bytes.length; at += 61_001) await leaveAfter(house.port, bytes.slice(0, at), 'close')
  await house.server.close()
  await eventually(
    () => (store.read.prepare('SELECT count(*) AS n FROM blob').get() as { n: number }).n === 0,
    'an empty store',
    10_000,
  )
  expect(await house.inbox('ada')).toEqual([])
  await house.close()
})
