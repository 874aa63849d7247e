import { afterAll, beforeAll, expect } from 'vitest'
import { startDovecot, type Dovecot } from '../support/dovecot.ts'
import { needs } from '../support/peers.ts'
import { startPostfix, type Postfix } from '../support/postfix.ts'
import { eventually, Home, start, type Served } from '../support/posthorn.ts'

const { describe, test } = needs('postfix', 'dovecot')
const PASSWORD = 'c4nary-sesame'

describe('the console on the command line', () => {
  let postfix: Postfix
  let dovecot: Dovecot
  let home: Home
  let served: Served | undefined
  beforeAll(async () => {
    ;[postfix, dovecot] = await Promise.all([
      startPostfix({ domain: 'haus.example', users: ['ada'] }),
      startDovecot({ password: PASSWORD }),
    ])
    home = new Home({ relay: { caFile: dovecot.caFile } })
  })
  afterAll(async () => {
    await served?.stop()
    await postfix?.stop()
    await dovecot?.stop()
    home?.remove()
  })
  const lines = (...all: string[]) => all.map((line) => `${line}\r\n`).join('')
  const wire = (stdout: string) => stdout.split('\n').flatMap((line) => /^\S+ \S+ ([→←⇝⇜] .*)$/.exec(line)?.[1] ?? [])

  test('a message goes to Postfix line by line, without a running engine, and the session is in the log', async () => {
    const done = await home.run(
      ['console', `${postfix.host}:${postfix.port}`],
      lines(
        'EHLO client.example',
        'MAIL FROM:<bob@client.example>',
        'RCPT TO:<nobody@haus.example>',
        'RCPT TO:<ada@haus.example>',
        'DATA',
        'Subject: By hand',
        '',
        '.a dot',
        '.',
        'QUIT',
      ),
    )
    expect(done.status, done.stderr).toBe(0)
    expect(wire(done.stdout)).toEqual(
      expect.arrayContaining(['→ RCPT TO:<nobody@haus.example>', '→ ..a dot', '→ .', '→ QUIT', '← 221 2.0.0 Bye']),
    )
    expect(done.stderr).toMatch(/Greet it with EHLO[^]*STARTTLS[^]*RCPT[^]*refused that recipient[^]*DATA[^]*QUIT/)
    const [raw] = await eventually(async () => {
      const found = await postfix.messages('ada')
      return found.length > 0 && found
    }, 'the message')
    expect(raw?.toString()).toMatch(/Subject: By hand\n[^]*\n\n\.a dot\n$/)
    const [session] = await home.json<{ id: number; messages: number }[]>(['log', 'list'])
    expect(session).toMatchObject({ messages: 1, protocol: 'smtp', side: 'client', state: 'ok' })
  })

  test('Dovecot is asked inside TLS, and the password is nowhere', async () => {
    dovecot.deliver('ada', Buffer.from('Subject: Waiting\r\n\r\nText\r\n'))
    const done = await home.run(
      ['console', `localhost:${dovecot.port}`, '--pop3', '--starttls'],
      lines('USER ada', `PASS ${PASSWORD}`, 'STAT', 'LIST', 'RETR 1', 'QUIT'),
    )
    expect(done.status, done.stderr).toBe(0)
    expect(done.stderr).toContain('TLS: the certificate is trusted, and for this name.')
    expect(wire(done.stdout)).toEqual(
      expect.arrayContaining(['→ STLS', '⇝ PASS <secret>', '⇝ RETR 1', '⇜ Subject: Waiting', '⇜ .']),
    )
    expect(done.stdout + done.stderr).not.toContain(PASSWORD)
    const { stdout } = await home.run(['log', 'show', '2'])
    expect(stdout).toContain('PASS <secret>')
  })

  test('a sign-in is carried out by SCRAM, and an unknown certificate is asked about', async () => {
    home.settings({})
    const done = await home.run(
      ['console', `127.0.0.1:${dovecot.tlsPort}`, '--pop3', '--tls'],
      lines('USER early', '/go-on', 'CAPA', `/sign-in ada SCRAM-SHA-256 ${PASSWORD}`, 'STAT', '/what', 'QUIT'),
    )
    expect(done.status, done.stderr).toBe(0)
    expect(done.stderr).toMatch(/the certificate is not trusted \([^)]+\); \/go-on goes on/)
    expect(done.stderr).toContain('Nothing is said before you have looked at the certificate')
    expect(done.stderr).toMatch(/What may be said now:[^]*STAT[^]*Not now:[^]*PASS {2}You have signed in already/)
    expect(wire(done.stdout)).toEqual(
      expect.arrayContaining(['⇝ AUTH SCRAM-SHA-256 <secret of ada>', '⇝ <secret>', '⇜ + <secret>']),
    )
    expect(wire(done.stdout).some((line) => /^⇜ \+OK 1 \d+/.test(line))).toBe(true)
  })

  test('a running engine leads it, too; a session of the log is said again and handed over', async () => {
    served = await home.serve()
    const child = start(['console', '--from', '1', '--to', '1000', '--data', home.data])
    let heard = ''
    let told = ''
    child.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()))
    const ended = new Promise((resolve) => child.once('close', resolve))
    await eventually(
      () => told.includes('over to you') || told.includes('The session is over'),
      'the end of the replay',
    )
    // The stored session said QUIT at its end.
    expect(wire(heard)).toEqual(expect.arrayContaining(['→ EHLO client.example', '→ ..a dot']))
    child.stdin.end()
    expect(await ended).toBe(0)
    await eventually(async () => (await postfix.messages('ada')).length === 2, 'the message again')
  })

  test('nobody there is status 69, and a command line that says nothing is refused', async () => {
    expect((await home.run(['console', '127.0.0.1:1'])).status).toBe(69)
    expect((await home.run(['console'])).status).toBe(64)
    expect((await home.run(['console', 'mx.example:99999'])).status).toBe(64)
  })
})
