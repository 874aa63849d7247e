import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { needs, pathOf } from '../support/peers.ts'
import { eventually, Home, type Served } from '../support/posthorn.ts'
import { runProgram } from '../support/run-program.ts'

const PASSWORD = 'Gh3-lampenschirm-Rot7'
const ADDRESS = 'ada@feldt.test'
const MESSAGE = `From: ${ADDRESS}\nTo: bob@feldt.test\nSubject: by another program\n\n.dot\n..dots\n`
const { describe, test } = needs('swaks', 'msmtp', 'curl')

/** The product as it is started, its own certificate, and the mail programs people point at it. */
describe('other mail programs submit to a running Posthorn, verify its certificate and sign in', () => {
  const home = new Home({ submission: { port: 0 }, local: { domains: ['feldt.test'] } })
  const caFile = join(home.root, 'ca.pem')
  let served: Served

  beforeAll(async () => {
    served = await home.serve()
    await home.json(['user', 'add', ADDRESS, '--password-stdin'], `${PASSWORD}\n`)
    await home.json(['user', 'add', 'bob@feldt.test', '--password-stdin'], 'another one\n')
    writeFileSync(caFile, (await home.run(['certificate'])).stdout)
  }, 30_000)
  afterAll(async () => {
    await served?.stop()
    home.remove()
  }, 30_000)

  /** The subjects in Bob's mailbox and Ada's outcomes, once there are so many. */
  const arrived = async (count: number) =>
    eventually(async () => {
      const rows = await home.json<{ subject: string }[]>(['list'])
      return rows.length >= count && rows
    }, `${count} messages in the mailbox`)

  const curl = async (login: string) => {
    const trust = ['--silent', '--show-error', '--ssl-reqd', '--cacert', caFile, '--user', login]
    const mail = ['--mail-from', ADDRESS, '--mail-rcpt', 'bob@feldt.test', '--upload-file', '-', '--crlf']
    const at = `smtp://localhost:${served.submission.port}/client.test`
    return runProgram(pathOf('curl'), [...trust, ...mail, at], MESSAGE)
  }

  test('swaks', async () => {
    const args = [
      '--server',
      `127.0.0.1:${served.submission.port}`,
      '--tls',
      '--tls-verify',
      '--tls-ca-path',
      caFile,
      '--tls-sni',
      'localhost',
    ]
    const said = await runProgram(pathOf('swaks'), [
      ...args,
      '--auth',
      'PLAIN',
      '--auth-user',
      ADDRESS,
      '--auth-password',
      PASSWORD,
      '--from',
      ADDRESS,
      '--to',
      'bob@feldt.test',
    ])
    expect(said.status, said.said).toBe(0)
    await arrived(1)
  })

  test('curl', async () => {
    const said = await curl(`${ADDRESS}:${PASSWORD}`)
    expect(said.status, said.said).toBe(0)
    await arrived(2)
  })

  test('msmtp', async () => {
    const args = [
      '--host=localhost',
      `--port=${served.submission.port}`,
      '--tls=on',
      '--tls-starttls=on',
      `--tls-trust-file=${caFile}`,
      '--auth=plain',
      `--user=${ADDRESS}`,
      `--passwordeval=echo ${PASSWORD}`,
      `--from=${ADDRESS}`,
      'bob@feldt.test',
    ]
    const said = await runProgram(pathOf('msmtp'), ['--file=/dev/null', ...args], MESSAGE)
    expect(said.status, said.said).toBe(0)
    const rows = await arrived(3)
    expect(rows.filter(({ subject }) => subject === 'by another program')).toHaveLength(2)
  })

  test('a wrong password gets nothing in, and the same words as an unknown user', async () => {
    const wrong = await curl(`${ADDRESS}:mistaken`)
    const unknown = await curl('nobody@feldt.test:mistaken')
    expect(wrong.status).not.toBe(0)
    expect(unknown).toEqual(wrong)
    expect(await home.json<unknown[]>(['list'])).toHaveLength(3)
  })
})
