import { afterEach, describe, expect, test } from 'vitest'
import { Bench, ONE_MX, TWO_MX, heldBack, impatient, short } from '../../test/support/mx-zone.ts'
import type { SinkCommand, SinkReply } from '../../test/support/smtp-sink.ts'

/** What becomes of a recipient by what fails in a transaction. The table itself is core/engine-failure-table.test.ts. */

const bench = new Bench()
afterEach(() => bench.close())

const on =
  (verb: string, reply: SinkReply) =>
  (command: SinkCommand): SinkReply =>
    command.verb === verb ? reply : undefined

describe('MAIL, RCPT, DATA', () => {
  test('a 4xx at MAIL goes on to the next MX, a 5xx bounces', async () => {
    const [mx1, mx2] = await bench.pair({ answer: on('MAIL', '451 4.3.0 later') }, {})
    expect(short(await bench.deliver(TWO_MX, mx1.port))).toEqual(['bob delivered mx2.dest.test'])
    expect(short(await bench.deliver(ONE_MX, mx1.port))).toEqual(['bob deferred MAIL 451 mx1.dest.test'])
    const [no] = await bench.pair({ answer: on('MAIL', '550 5.1.8 no such sender') }, {})
    expect(short(await bench.deliver(TWO_MX, no.port))).toEqual(['bob bounced MAIL 550 mx1.dest.test'])
    expect(mx2.count).toBe(1)
  })

  test.each([true, false])('each recipient has its own outcome (pipelining %s)', async (pipelining) => {
    const answer = ({ verb, line }: SinkCommand) => {
      if (verb === 'RCPT' && line.includes('later')) return '450 4.2.1 busy'
      return verb === 'RCPT' && line.includes('never') ? '550 5.1.1 unknown' : undefined
    }
    const [mx1, mx2] = await bench.pair({ answer, offers: pipelining ? ['PIPELINING'] : [] }, {})
    const to = ['good@dest.test', 'later@dest.test', 'never@dest.test']
    expect(short(await bench.deliver(TWO_MX, mx1.port, [{ to }]))).toEqual([
      'good delivered mx1.dest.test',
      'later deferred RCPT 450 mx1.dest.test',
      'never bounced RCPT 550 mx1.dest.test',
    ])
    expect(mx1.messages).toMatchObject([{ to: ['good@dest.test'] }])
    expect(mx2.connections).toBe(0)
  })

  test.each(['452 4.5.3 too many', '452 enough', '552 5.5.3 too many', '552 too many recipients'])(
    '%s leaves the rest to a new transaction, without penalty',
    async (reply) => {
      let inTransaction = 0
      const answer = ({ verb }: SinkCommand) => {
        if (verb === 'MAIL') inTransaction = 0
        if (verb !== 'RCPT') return undefined
        inTransaction += 1
        return inTransaction > 2 ? reply : undefined
      }
      const mx = await bench.sink({ answer })
      const to = ['a', 'b', 'c', 'd', 'e'].map((local) => `${local}@dest.test`)
      const relayed = await bench.deliver(ONE_MX, mx.port, [{ to }])
      expect(short(relayed)).toEqual(['a', 'b', 'c', 'd', 'e'].map((local) => `${local} delivered mx1.dest.test`))
      expect(mx.messages.map((message) => message.to.length)).toEqual([2, 2, 1])
      expect(mx.connections).toBe(1)
    },
  )

  test('a server that has too many recipients with the first one defers it', async () => {
    const mx = await bench.sink({ answer: on('RCPT', '452 4.5.3 too many') })
    expect(short(await bench.deliver(ONE_MX, mx.port))).toEqual(['bob deferred RCPT 452 mx1.dest.test'])
  })

  test('a list names the refusal of the recipient, not the 554 that DATA then gets', async () => {
    const mx = await bench.sink({ answer: on('RCPT', '450 4.2.0 come back later') })
    const relayed = await bench.deliver(ONE_MX, mx.port)
    expect(relayed.dialogue()).toContainEqual(expect.stringMatching(/^S: 554/))
    expect(relayed.sessions).toMatchObject([{ state: 'deferred', worst: '450' }])
  })

  test('a mailbox that is full is no reason to try again in a new transaction', async () => {
    const answer = ({ verb, line }: SinkCommand) =>
      verb === 'RCPT' && line.includes('full') ? '552 5.2.2 full' : undefined
    const mx = await bench.sink({ answer })
    const relayed = await bench.deliver(ONE_MX, mx.port, [{ to: ['a@dest.test', 'full@dest.test'] }])
    expect(short(relayed)).toEqual(['a delivered mx1.dest.test', 'full bounced RCPT 552 mx1.dest.test'])
  })

  test('a 4xx at DATA goes on to the next MX, a 5xx bounces', async () => {
    const [mx1] = await bench.pair({ answer: on('DATA', '451 4.3.0 later') }, {})
    expect(short(await bench.deliver(TWO_MX, mx1.port))).toEqual(['bob delivered mx2.dest.test'])
    const [no, other] = await bench.pair({ answer: on('DATA', '554 5.6.0 no') }, {})
    expect(short(await bench.deliver(TWO_MX, no.port))).toEqual(['bob bounced DATA 554 mx1.dest.test'])
    expect(other.connections).toBe(0)
  })

  test('354 with no good recipient is answered with a dot alone, and the next job goes on', async () => {
    let first = true
    const answer = ({ verb, line }: SinkCommand) => {
      if (verb === 'RCPT' && line.includes('no@')) return '550 5.1.1 unknown'
      if (verb === 'DATA' && first) return '354 go ahead'
      if (verb === '.' && first) {
        first = false
        return '554 5.5.1 no recipients'
      }
      return undefined
    }
    const mx = await bench.sink({ answer })
    const relayed = await bench.deliver(ONE_MX, mx.port, [{ to: ['no@dest.test'] }, { to: ['yes@dest.test'] }])
    expect(short(relayed)).toEqual(['no bounced RCPT 550 mx1.dest.test', 'yes delivered mx1.dest.test'])
    expect(relayed.bodies).toEqual([[2]])
    expect(mx.commands.map(({ verb }) => verb).slice(2, 8)).toEqual(['MAIL', 'RCPT', 'DATA', '.', 'RSET', 'MAIL'])
  })
})

describe('the message', () => {
  test('a message larger than the server takes bounces before DATA', async () => {
    const mx = await bench.sink({ offers: ['PIPELINING', 'SIZE 10'] })
    expect(short(await bench.deliver(ONE_MX, mx.port))).toEqual(['bob bounced no SIZE mx1.dest.test'])
    expect(mx.commands.map(({ verb }) => verb)).toEqual(['CONNECT', 'EHLO', 'QUIT'])
  })

  test.each([
    ['SMTPUTF8', { needsUtf8: true }],
    ['8BITMIME', { is8bit: true }],
  ])('%s is looked for at the other MX, and bounces where none has it', async (missing, job) => {
    const plain = { offers: ['PIPELINING'] }
    const [mx1] = await bench.pair(plain, {})
    const jobs = [{ to: ['bob@dest.test'], ...job }]
    expect(short(await bench.deliver(TWO_MX, mx1.port, jobs))).toEqual(['bob delivered mx2.dest.test'])
    expect(short(await bench.deliver(ONE_MX, mx1.port, jobs))).toEqual([`bob bounced no ${missing} mx1.dest.test`])
  })

  test('a connection lost before the final dot goes on to the next MX', async () => {
    const [mx1] = await bench.pair({ answer: on('DATA', { thenDrop: '354 go ahead' }) }, {})
    const relayed = await bench.deliver(TWO_MX, mx1.port, undefined, heldBack())
    expect(short(relayed)).toEqual(['bob delivered mx2.dest.test'])
    expect(relayed.sessions).toMatchObject([{ state: 'deferred', worst: 'lost' }, { state: 'ok' }])
    const alone = await bench.sink({ answer: on('DATA', { thenDrop: '354 go ahead' }) })
    expect(short(await bench.deliver(ONE_MX, alone.port, undefined, heldBack()))).toEqual(['bob deferred lost'])
  })

  test.each([
    ['552 5.3.4 too big', 'bob bounced DATA 552 mx1.dest.test'],
    ['451 4.3.0 later', 'bob deferred DATA 451 mx1.dest.test'],
  ])('%s while the message is still on its way counts', async (reply, expected) => {
    const mx = await bench.sink({ answer: on('DATA', `354 go ahead\r\n${reply}`) })
    expect(short(await bench.deliver(ONE_MX, mx.port, undefined, heldBack()))).toEqual([expected])
  })

  test.each([
    ['250 2.0.0 taken', 'bob delivered mx1.dest.test'],
    ['451 4.3.0 later', 'bob deferred . 451 mx1.dest.test'],
    ['554 5.7.1 spam', 'bob bounced . 554 mx1.dest.test'],
  ])('the final dot answered %s: %s', async (reply, expected) => {
    const [mx1, mx2] = await bench.pair({ answer: on('.', reply) }, {})
    expect(short(await bench.deliver(TWO_MX, mx1.port))).toEqual([expected])
    expect(mx2.connections).toBe(0)
  })

  test('no reply to the final dot is an unknown outcome, and no other MX gets the message', async () => {
    const [mx1, mx2] = await bench.pair({ answer: on('.', 'drop') }, {})
    expect(short(await bench.deliver(TWO_MX, mx1.port))).toEqual(['bob unknown mx1.dest.test'])
    const silent = await bench.sink({ answer: on('.', 'silence') })
    const relayed = await bench.deliver(ONE_MX, silent.port, undefined, { clock: impatient(600_000) })
    expect(short(relayed)).toEqual(['bob unknown mx1.dest.test'])
    expect(relayed.sessions).toMatchObject([{ state: 'deferred', worst: 'unknown' }])
    expect(mx2.connections).toBe(0)
  })

  test('a reply to the final dot that makes no sense is an unknown outcome', async () => {
    const mx = await bench.sink({ answer: on('.', '250_taken') })
    expect(short(await bench.deliver(ONE_MX, mx.port))).toEqual(['bob unknown mx1.dest.test'])
  })

  test('a message with a bare CR or LF never leaves', async () => {
    const mx = await bench.sink()
    for (const message of ['a: b\r\n\r\nx\n.\r\nMAIL FROM:<>\r\n', ['a: b\r\n\r\nx\r', 'y']]) {
      const relayed = await bench.deliver(ONE_MX, mx.port, [{ to: ['bob@dest.test'], message }])
      expect(short(relayed)).toEqual(['bob bounced local'])
    }
    expect(mx.count).toBe(0)
  })

  test('a message that cannot be read waits', async () => {
    const mx = await bench.sink()
    const relayed = await bench.deliver(ONE_MX, mx.port, [{ to: ['bob@dest.test'], message: new Error('damaged') }])
    expect(short(relayed)).toEqual(['bob deferred local'])
    expect(mx.count).toBe(0)
  })
})

describe('anywhere', () => {
  test.each(['CONNECT', 'EHLO', 'MAIL', 'RCPT', 'DATA', '.'])('421 at %s goes on to the next MX', async (verb) => {
    const [mx1] = await bench.pair({ answer: on(verb, '421 4.3.2 closing') }, {})
    expect(short(await bench.deliver(TWO_MX, mx1.port))).toEqual(['bob delivered mx2.dest.test'])
    expect(short(await bench.deliver(ONE_MX, mx1.port))).toEqual([`bob deferred ${verb} 421 mx1.dest.test`])
  })

  test.each(['CONNECT', 'EHLO', 'MAIL', 'RCPT', 'DATA'])(
    'a malformed reply at %s goes on to the next MX, and defers at the last',
    async (verb) => {
      const [mx1] = await bench.pair({ answer: on(verb, '2x0 what') }, {})
      expect(short(await bench.deliver(TWO_MX, mx1.port))).toEqual(['bob delivered mx2.dest.test'])
      expect(short(await bench.deliver(ONE_MX, mx1.port))).toEqual(['bob deferred protocol'])
    },
  )

  test('a connection lost among the recipients keeps what was refused before', async () => {
    const answer = ({ verb, line }: SinkCommand) => {
      if (verb !== 'RCPT') return undefined
      if (line.includes('never')) return '550 5.1.1 unknown'
      return line.includes('last') ? 'drop' : undefined
    }
    const [mx1] = await bench.pair({ answer, offers: [] }, {})
    const to = ['a@dest.test', 'never@dest.test', 'last@dest.test']
    expect(short(await bench.deliver(TWO_MX, mx1.port, [{ to }]))).toEqual([
      'never bounced RCPT 550 mx1.dest.test',
      'a delivered mx2.dest.test',
      'last delivered mx2.dest.test',
    ])
  })

  test('at most five hosts are tried', async () => {
    const hosts = Array.from({ length: 8 }, (_, n) => `mx${n}.dest.test`)
    const zone = {
      'dest.test': { MX: hosts.map((exchange, preference) => ({ preference, exchange })) },
      ...Object.fromEntries(hosts.map((name) => [name, { A: ['127.0.0.1'] }])),
    }
    const mx = await bench.sink({ answer: on('CONNECT', '450 4.3.2 later') })
    await bench.deliver(zone, mx.port)
    expect(mx.connections).toBe(5)
  })

  test('hosts of equal preference are tried in the order the dice say', async () => {
    const zone = {
      'dest.test': {
        MX: [
          { preference: 5, exchange: 'mx1.dest.test' },
          { preference: 5, exchange: 'mx2.dest.test' },
        ],
      },
      'mx1.dest.test': { A: ['127.0.0.1'] },
      'mx2.dest.test': { A: ['127.0.0.1'] },
    }
    const mx = await bench.sink()
    const rising = [0.1, 0.9].values()
    const falling = [0.9, 0.1].values()
    for (const [dice, first] of [
      [rising, 'mx1'],
      [falling, 'mx2'],
    ] as const) {
      const random = () => dice.next().value ?? 0
      expect(short(await bench.deliver(zone, mx.port, undefined, { random }))).toEqual([
        `bob delivered ${first}.dest.test`,
      ])
    }
  })
})
