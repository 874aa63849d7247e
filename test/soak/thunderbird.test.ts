import { expect } from 'vitest'
import { needs } from '../support/peers.ts'
import { eventually, Home } from '../support/posthorn.ts'
import { askThunderbird } from '../support/thunderbird.ts'

const ME = 'ada@home.test'
const { test } = needs('thunderbird')
const [TLS, STARTTLS, PASSWORD] = [3, 2, 3]

test("Thunderbird's account check finds both servers, signs in, fetches and sends, with TLS and STARTTLS", async () => {
  const home = new Home({
    submission: { port: 0, tlsPort: 0 },
    pop3: { enabled: true, port: 0, tlsPort: 0 },
    local: { domains: ['home.test'] },
  })
  const served = await home.serve()
  try {
    await home.json(['identity', 'add', ME])
    await home.json(['user', 'add', 'bob@home.test', '--password-stdin'], 'his own')
    const sent = await home.sendmail(['-f', ME, ME], `From: ${ME}\nSubject: waits\n\nhello\n`)
    expect(sent).toMatchObject({ status: 0 })
    const subjects = async () => (await home.json<{ subject: string }[]>(['list'])).map(({ subject }) => subject)
    await eventually(async () => (await subjects()).includes('waits'), 'the message to be fetched')
    const { password } = await home.json<{ password: string }>(['password', 'make', ME, 'Thunderbird'])
    const pem = (await home.run(['certificate'])).stdout
    const { submission, submissionTls, pop3, pop3Tls } = served.ready

    const answers = await askThunderbird({
      host: 'localhost',
      user: ME,
      password,
      to: 'bob@home.test',
      certificate: pem.replaceAll(/-----[^\n]+-----|\s/g, ''),
      servers: [
        { security: 'tls', pop3: pop3Tls?.port ?? 0, smtp: submissionTls?.port ?? 0 },
        { security: 'starttls', pop3: pop3?.port ?? 0, smtp: submission?.port ?? 0 },
      ],
    })
    const expected = (pop3Port: number | undefined, smtpPort: number | undefined, socketType: number) => ({
      incoming: { port: pop3Port, socketType, auth: PASSWORD },
      outgoing: { port: smtpPort, socketType, auth: PASSWORD },
      verified: true,
      verifiedWrong: false,
      fetched: { status: 0, messages: 1 },
      sent: 0,
    })
    expect(answers).toEqual([
      expected(pop3Tls?.port, submissionTls?.port, TLS),
      expected(pop3?.port, submission?.port, STARTTLS),
    ])
    const arrived = await eventually(async () => {
      const rows = (await subjects()).filter((subject) => subject.startsWith('by Thunderbird'))
      return rows.length >= 2 && rows
    }, 'two messages of Thunderbird')
    expect(arrived.toSorted()).toEqual(['by Thunderbird, starttls', 'by Thunderbird, tls'])
  } finally {
    await served.stop()
    home.remove()
  }
}, 300_000)
