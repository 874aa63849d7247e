import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { systemClock } from '../../core/base/clock.ts'
import { formatPath } from '../../core/model/address.ts'
import { Conversation } from '../support/conversation.ts'
import { startExim, type Exim } from '../support/exim.ts'
import { openInboundHouse, type InboundHouse } from '../support/inbound-house.ts'
import { needs } from '../support/peers.ts'
import { startPostfix, type Postfix } from '../support/postfix.ts'
import { eventually } from '../support/posthorn.ts'
import { openSubmissionService, USER, type SubmissionService } from '../support/submission-service.ts'

/** Other people's servers hand mail to ours: as a smarthost, with a login, and as the server of a domain. */
const PASSWORD = 'lamp:Oak-7'
const HEAD = `Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <1@client.example>\r\nFrom: ${USER}\r\nSubject: hi\r\n`
const BODY = `.dot\r\n..dots\r\n.\r\n\r\n \r\ntab\t\r\ngr\xc3\xbc\xc3\x9fe\r\n${'x'.repeat(990)}\r\n.\r\nend\r\n`
const MESSAGE = `${HEAD}\r\n${BODY}`
const UTF8_MESSAGE = `Subject: gr\xc3\xbc\xc3\x9fe\r\n${HEAD}\r\n${BODY}`

let service: SubmissionService
let inbound: InboundHouse
beforeAll(async () => {
  service = await openSubmissionService({}, PASSWORD)
  inbound = await openInboundHouse({ clock: systemClock })
})
afterEach(() => void service.taken())
afterAll(async () => {
  await service.close()
  await inbound.close()
})

/** Submits to a relay as a program beside it would, over SMTP and with the bytes as they are. */
async function hand(port: number, from: string, to: string, message: string, options = ''): Promise<void> {
  const client = await Conversation.open(port)
  await client.reply()
  await client.say('EHLO client.test\r\n')
  expect(await client.say(`MAIL FROM:<${from}> BODY=8BITMIME${options}\r\n`)).toMatch(/^250/)
  expect(await client.say(`RCPT TO:<${to}>\r\n`)).toMatch(/^250/)
  expect(await client.say('DATA\r\n')).toMatch(/^354/)
  expect(await client.say(`${message.replaceAll(/^\./gm, '..')}.\r\n`)).toMatch(/^250/)
  await client.say('QUIT\r\n')
}
const submitted = (why: () => Promise<string>) =>
  eventually(() => service.taken()[0], 'a submission', 10_000).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${await why()}`, { cause: error })
  })
/** What arrived is what was handed in, behind header lines that the relay has put in front. */
function expectBehindTrace(raw: string | undefined, message: string) {
  expect(raw?.slice(-message.length)).toBe(message)
  expect(raw?.slice(0, -message.length)).toMatch(/^(?:[A-Za-z-]+: [^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)*$/)
}
async function delivered(who: 'ada' | 'bob', count: number, why: () => Promise<string>) {
  const look = async () => {
    const mail = await inbound.inbox(who)
    return mail.length >= count && mail
  }
  return eventually(look, `message ${count} of ${who}`, 20_000).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${await why()}`, { cause: error })
  })
}

const postfixes = needs('postfix')
postfixes.describe('Postfix', () => {
  let smarthost: Postfix
  let direct: Postfix
  const common = {
    smtpd_relay_restrictions: 'permit_mynetworks, reject',
    smtp_tls_security_level: 'encrypt',
    smtputf8_enable: 'yes',
  }
  beforeAll(async () => {
    smarthost = await startPostfix({
      domain: 'unused.test',
      users: [],
      extra: {
        ...common,
        relayhost: `[127.0.0.1]:${service.port}`,
        smtp_sasl_auth_enable: 'yes',
        smtp_sasl_security_options: 'noanonymous',
        smtp_sasl_password_maps: `inline:{{[127.0.0.1]:${service.port}=${USER}:${PASSWORD}}}`,
      },
    })
    direct = await startPostfix({
      domain: 'unused.test',
      users: [],
      extra: { ...common, relayhost: `[127.0.0.1]:${inbound.port}` },
    })
  })
  afterAll(async () => {
    await smarthost?.stop()
    await direct?.stop()
  })

  postfixes.test('relays by us as its smarthost, signed in, every byte as it was', async () => {
    await hand(smarthost.port, USER, 'bob@remote.example', MESSAGE)
    const message = await submitted(smarthost.log)
    expect(message.userId).toBe(1)
    expect(message.to.map(formatPath)).toEqual(['<bob@remote.example>'])
    expectBehindTrace(message.raw.toString('latin1'), MESSAGE)
  })

  postfixes.test('delivers to a domain of ours, also to an address that needs SMTPUTF8 to be written', async () => {
    await hand(direct.port, 'kay@far.test', 'ada@here.test', MESSAGE)
    const [mail] = await delivered('ada', 1, direct.log)
    expectBehindTrace(mail, MESSAGE)
    expect(mail).toMatch(
      /^Return-Path: <kay@far\.test>\r\nDelivered-To: ada@here\.test\r\nReceived: from mx\.unused\.test \(\[127\.0\.0\.1\]\)\r\n\tby here\.test with ESMTPS id /,
    )
    await hand(direct.port, 'k\xc3\xa4y@far.test', 'bob@here.test', UTF8_MESSAGE, ' SMTPUTF8')
    const [utf8] = await delivered('bob', 1, direct.log)
    expectBehindTrace(utf8, UTF8_MESSAGE)
    expect(utf8).toMatch(/^Return-Path: <k\xc3\xa4y@far\.test>\r\n[\s\S]*with UTF8SMTPS id/)
  })

  postfixes.test('returns to its sender what we refuse', async () => {
    await hand(direct.port, 'ada@here.test', 'nobody@here.test', MESSAGE)
    const mail = await delivered('ada', 2, direct.log)
    expect(mail.find((one) => one.startsWith('Return-Path: <>'))).toContain('550 5.1.1 no such user here')
  })
})

const exims = needs('exim')
exims.describe('Exim', () => {
  let smarthost: Exim
  let direct: Exim
  beforeAll(async () => {
    smarthost = await startExim({
      relay: { host: '127.0.0.1', port: service.port, tls: 'required', login: { user: USER, password: PASSWORD } },
    })
    direct = await startExim({ relay: { host: '127.0.0.1', port: inbound.port } })
  })
  afterAll(async () => {
    await smarthost?.stop()
    await direct?.stop()
  })

  exims.test('relays by us as its smarthost, signed in, over BDAT, every byte as it was', async () => {
    await hand(smarthost.port, USER, 'bob@remote.example', MESSAGE)
    const message = await submitted(smarthost.log)
    expect(message.userId).toBe(1)
    expectBehindTrace(message.raw.toString('latin1'), MESSAGE)
    expect(await service.transcripts()).toMatch(/"BDAT \d+ LAST"/)
  })

  exims.test('delivers to a domain of ours over BDAT, in UTF-8, and a large message', async () => {
    const before = (await inbound.inbox('bob')).length
    const utf8 = UTF8_MESSAGE.replace('<1@', '<2@')
    await hand(direct.port, 'k\xc3\xa4y@far.test', 'bob@here.test', utf8, ' SMTPUTF8')
    const mail = await delivered('bob', before + 1, direct.log)
    const got = mail.find((one) => one.includes('<2@client.example>'))
    expectBehindTrace(got, utf8)
    expect(got).toContain('with UTF8SMTPS id')
    const large = `${HEAD.replace('<1@', '<3@')}\r\n${`${'0123456789abcdef'.repeat(4)}\r\n`.repeat(20_000)}`
    await hand(direct.port, 'kay@far.test', 'bob@here.test', large)
    const all = await delivered('bob', before + 2, direct.log)
    expectBehindTrace(
      all.find((one) => one.includes('<3@client.example>')),
      large,
    )
    expect(await inbound.transcripts()).toMatch(/"BDAT \d+( LAST)?"/)
  })

  exims.test('sends two messages over one connection where the first has a recipient we refuse', async () => {
    const before = (await inbound.inbox('ada')).length
    await direct.send('kay@far.test', ['nobody@here.test', 'ada@here.test', 'bob@here.test'], `Subject: both\n\nx\n`)
    await delivered('ada', before + 1, direct.log)
    expect(await direct.log()).toContain('550 5.1.1 no such user here')
  })
})
