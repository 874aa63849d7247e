import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test as plainTest } from 'vitest'
import { needs, pathOf } from '../support/peers.ts'
import { eventually, Home, type Served } from '../support/posthorn.ts'
import { runProgram } from '../support/run-program.ts'

const ME = 'me@feldt.test'
const MESSAGE = `From: bob@far.test\r\nTo: ${ME}\r\nSubject: to be read\r\n\r\n.dot\r\nend\r\n`
const { describe, test } = needs('mpop', 'fetchmail')

interface Connect {
  readonly receiving: readonly { readonly port: number; readonly security: string }[]
  readonly readers: readonly {
    readonly id: string
    readonly texts: readonly { readonly path: string | null; readonly text: string }[]
  }[]
}

/** A person reads the mail that lies here with another program, by what `posthorn connect` says. */
describe('another program reads mail by what connect says', () => {
  const home = new Home({ submission: { port: null, tlsPort: null }, pop3: { enabled: true, port: 0, tlsPort: 0 } })
  let served: Served
  let password = ''
  beforeAll(async () => {
    served = await home.serve()
    await home.json(['identity', 'add', ME])
    password = (await home.json<{ password: string }>(['password', 'make', ME, 'reader'])).password
    writeFileSync(join(home.root, 'message.eml'), MESSAGE)
    expect((await home.run(['import', join(home.root, 'message.eml')])).status).toBe(0)
    writeFileSync(join(home.root, 'posthorn-certificate.pem'), (await home.run(['certificate'])).stdout)
  }, 30_000)
  afterAll(async () => {
    await served?.stop()
    home.remove()
  }, 30_000)

  /** The file a guide gives, its password filled in. */
  const file = async (id: string, name: string, more: (text: string) => string) => {
    const { readers } = await home.json<Connect>(['connect', id, '--address', ME])
    const text = readers[0]?.texts.find(({ path }) => path === name)?.text ?? expect.unreachable(name)
    const path = join(home.root, id)
    writeFileSync(path, more(text.replace('PASSWORD', password)).replaceAll('~', home.root))
    chmodSync(path, 0o600)
    return path
  }

  test('the status and the guides say where', async () => {
    const status = await home.json<{ pop3: { state: string; port: number; tlsPort: number; reach: string } }>([
      'status',
    ])
    expect(status.pop3).toMatchObject({ state: 'listening', reach: 'this-computer' })
    expect((await home.run(['status'])).stdout).toMatch(/Programs on this computer read mail by POP3 on 127\.0\.0\.1:/)
    const { receiving } = await home.json<Connect>(['connect'])
    expect(receiving.map(({ port }) => port)).toEqual([status.pop3.tlsPort, status.pop3.port])
    expect((await home.run(['connect'])).stdout).toContain(`POP3 inside TLS: 127.0.0.1:${status.pop3.tlsPort}`)
    expect((await home.run(['connect', 'thunderbird'])).stdout).toContain('Thunderbird, to read mail by POP3')
  })
  test('mpop, with the text for its file', async () => {
    for (const folder of ['cur', 'new', 'tmp']) mkdirSync(join(home.root, 'Maildir', folder), { recursive: true })
    const uidls = `uidls_file ${join(home.root, 'uidls')}\nreceived_header off\n`
    const path = await file('mpop', '~/.mpoprc', (text) => `${text}${uidls}`)
    const { status, said } = await runProgram(pathOf('mpop'), ['-C', path, 'posthorn'])
    expect(status === 0 ? '' : said).toBe('')
    const folder = join(home.root, 'Maildir', 'new')
    const [got = ''] = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))
    expect(got).toContain('Subject: to be read\n\n.dot\nend\n')
  })
  test('fetchmail, with the text for its file, and only against the certificate it was given', async () => {
    const mbox = join(home.root, 'mbox')
    const path = await file('fetchmail', '~/.fetchmailrc', (text) => `${text}  no rewrite mda "cat >>${mbox}"\n`)
    const run = () =>
      runProgram('/usr/bin/env', [
        `HOME=${home.root}`,
        `FETCHMAILHOME=${home.root}`,
        pathOf('fetchmail'),
        '--fetchmailrc',
        path,
        '--invisible',
        '--pidfile',
        join(home.root, 'pid'),
        '--idfile',
        join(home.root, 'ids'),
      ])
    const { status, said } = await run()
    expect(status === 0 ? '' : said).toBe('')
    expect(readFileSync(mbox, 'latin1')).toContain('Subject: to be read\n\n.dot\nend\n')
    writeFileSync(path, readFileSync(path, 'utf8').replace(/ *sslcertfile \S+\n/, ''))
    const refused = await run()
    expect(refused.status).not.toBe(0)
    expect(refused.said).toMatch(/certificate/i)
  })
  test('each session is in the protocol log, without the password, beside the message that it read', async () => {
    const sessions = await eventually(async () => {
      const all = await home.json<{ id: number; protocol: string; side: string; state: string; messages: number }[]>([
        'log',
        'list',
      ])
      const read = all.filter(
        ({ protocol, side, messages }) => protocol === 'pop3' && side === 'server' && messages > 0,
      )
      return read.length >= 2 && read
    }, 'two sessions in the log')
    for (const { id, state } of sessions) {
      expect(state).toBe('ok')
      const { stdout } = await home.run(['log', 'show', String(id)])
      expect(stdout).toContain('RETR 1')
      expect(stdout).not.toContain(password)
    }
  })
})

plainTest('a port that is taken keeps Posthorn from nothing else, and the status says so', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const home = new Home({ submission: { port: 0, tlsPort: null }, pop3: { enabled: true, port, tlsPort: null } })
  const served = await home.serve()
  try {
    const { stdout } = await home.run(['status'])
    expect(stdout).toContain(`Other programs cannot read mail here: listen on 127.0.0.1 port ${port}: another program`)
    expect(served.ready.submission).not.toBeNull()
  } finally {
    await served.stop()
    home.remove()
    taken.close()
  }
})
