import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect } from 'vitest'
import { testCertificate } from '../support/certificate.ts'
import { needs, pathOf } from '../support/peers.ts'
import { eventually, Home, type Served } from '../support/posthorn.ts'
import { runProgram } from '../support/run-program.ts'
import { findInStore, formsOf } from '../support/leaks.ts'

const ME = 'me@feldt.test'
const BOB = 'bob@feldt.test'
const MESSAGE = `From: ${ME}\nTo: bob@feldt.test\nSubject: by another program\n\nhi\n`
const { describe, test } = needs('msmtp', 'curl', 'mutt')

interface Made {
  readonly entry: { readonly id: number; readonly owner: string }
  readonly password: string
}
interface Connect {
  readonly address: string
  readonly certificate: { readonly fingerprint256: string }
  readonly programs: readonly {
    readonly id: string
    readonly port: number
    readonly texts: readonly { readonly path: string | null; readonly text: string }[]
  }[]
}

/** A person who has told Posthorn an identity and nothing else connects other programs by what `posthorn connect` says. */
describe('another program is connected in two commands', () => {
  const home = new Home({ submission: { port: 0, tlsPort: 0 }, local: { domains: ['feldt.test'] } })
  let served: Served
  beforeAll(async () => {
    served = await home.serve()
    await home.json(['identity', 'add', ME])
    await home.json(['user', 'add', 'bob@feldt.test', '--password-stdin'], 'one of his own\n')
    writeFileSync(join(home.root, 'message.eml'), MESSAGE)
    writeFileSync(join(home.root, 'posthorn-certificate.pem'), (await home.run(['certificate'])).stdout)
  }, 30_000)
  afterAll(async () => {
    await served?.stop()
    home.remove()
  }, 30_000)

  const make = (name: string) => home.json<Made>(['password', 'make', ME, name])
  const programOf = async (id: string) => {
    const { programs } = await home.json<Connect>(['connect', id, '--address', ME])
    return programs[0] ?? expect.unreachable(id)
  }
  const arrived = (count: number) =>
    eventually(async () => {
      const rows = await home.json<unknown[]>(['list'])
      return rows.length >= count && rows
    }, `${count} messages in the mailbox`)
  const lastUsed = (id: number) =>
    eventually(async () => {
      const all = await home.json<{ id: number; lastUsedMs: number | null }[]>(['password', 'list'])
      return all.find((one) => one.id === id)?.lastUsedMs ?? undefined
    }, 'a last use')

  const msmtp = (config: string) => {
    const path = join(home.root, 'msmtprc')
    writeFileSync(path, config)
    chmodSync(path, 0o600)
    return runProgram(pathOf('msmtp'), ['-C', path, '-a', 'posthorn', 'bob@feldt.test'], MESSAGE)
  }
  /** The command as it stands in the help, in a shell whose home is the test's. */
  const curl = (command: string) =>
    runProgram('/bin/sh', [
      '-c',
      `cd "$1" && HOME="$1" && ${command.replace('bob@example.org', 'bob@feldt.test').replace(/\bcurl(?= )/, '"$2" --silent --show-error')}`,
      'sh',
      home.root,
      pathOf('curl'),
    ])

  test('msmtp, with the text for its file, until the password is revoked', async () => {
    const { port, texts } = await programOf('msmtp')
    expect(port).toBe(served.ready.submissionTls?.port)
    const { entry, password } = await make('msmtp')
    expect(entry.owner).toBe('person')
    const config = texts[0]?.text.replace('PASSWORD', password) ?? ''
    expect(await msmtp(config)).toEqual({ status: 0, said: '' })
    await arrived(1)
    expect(await lastUsed(entry.id)).toBeGreaterThan(Date.now() - 600_000)

    expect((await home.run(['password', 'revoke', 'msmtp'])).status).toBe(0)
    const refused = await msmtp(config)
    expect(refused.status).toBe(77)
    expect(refused.said).toContain('535 5.7.8')
    expect(await home.json(['password', 'list'])).toEqual([])
  })

  test('curl, with the command as it stands, and only against the certificate it was given', async () => {
    const { texts } = await programOf('curl')
    const command = texts.at(-1)?.text ?? ''
    const { password } = await make('curl')
    expect(await curl(command)).toMatchObject({ status: 67 }) // PASSWORD is none
    // Whatever ends the lines of the file.
    for (const [count, text] of [MESSAGE, MESSAGE.replaceAll('\n', '\r\n')].entries()) {
      writeFileSync(join(home.root, 'message.eml'), text)
      expect(await curl(command.replace('PASSWORD', password))).toEqual({ status: 0, said: '' })
      await arrived(2 + count)
    }
    expect(await curl(command.replace('PASSWORD', password).replace(/--cacert \S+/, ''))).toMatchObject({ status: 60 })
  })

  test('mutt, with the text for its file, though it may know a login that it cannot carry out', async () => {
    const { texts } = await programOf('mutt')
    const { password } = await make('mutt')
    const folder = join(home.root, 'mutt')
    mkdirSync(folder)
    writeFileSync(join(folder, '.muttrc'), texts[0]?.text.replace('PASSWORD', password) ?? '')
    writeFileSync(join(folder, '.mutt_certificates'), (await home.run(['certificate'])).stdout)
    const sent = await runProgram('/usr/bin/env', [`HOME=${folder}`, pathOf('mutt'), '-n', '-s', 'by mutt', '--', BOB])
    expect(sent).toEqual({ status: 0, said: '' })
    expect(JSON.stringify(await arrived(4))).toContain('by mutt')
  })

  test('the words for a person name the server, the user and the fingerprint', async () => {
    const { certificate } = await home.json<Connect>(['connect'])
    const { stdout } = await home.run(['connect', 'thunderbird'])
    expect(stdout).toContain(certificate.fingerprint256)
    expect(stdout).toContain(ME)
    expect((await home.run(['connect'])).stdout).toContain(`TLS: 127.0.0.1:${served.ready.submissionTls?.port}`)
    expect(await home.run(['connect', 'pine'])).toMatchObject({ status: 64 })
    // What it prints is typed as it stands, and a clone installs no such command.
    expect((await home.run(['connect', 'curl'])).stderr).toMatch(
      /"posthorn" is: npm --prefix '.+' run -s posthorn --\n/,
    )
    expect(await home.run(['password', 'make', 'eve@feldt.test', 'x'])).toMatchObject({ status: 1 })
  })

  test('a certificate of one own is shown as soon as a setting names it, and stays when its file goes bad', async () => {
    const shown = () =>
      new Promise<string>((resolve, reject) => {
        const port = served.ready.submissionTls?.port ?? 0
        const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
          resolve(socket.getPeerCertificate().fingerprint256 ?? '')
          socket.destroy()
        })
        socket.on('error', reject)
      })
    const fingerprint = async () => (await home.json<Connect>(['connect'])).certificate.fingerprint256
    const before = await fingerprint()
    expect(await shown()).toBe(before)
    const mine = testCertificate('mail.feldt.test')
    const file = join(home.root, 'mine.pem')
    writeFileSync(file, mine.key + mine.cert)
    expect((await home.run(['setting', 'set', 'tls.certificateFile', file])).status).toBe(0)
    const after = await eventually(async () => (await shown()) !== before && shown(), 'the new certificate')
    expect(await fingerprint()).toBe(after)
    writeFileSync(file, 'torn')
    const warned = await eventually(async () => {
      await shown()
      const { stdout } = await home.run(['status'])
      return stdout.includes('The certificate needs you') && stdout
    }, 'a warning')
    expect(warned).toContain('it holds no PEM certificate; the one before it is used')
    expect(await shown()).toBe(after)
    mine.remove()
  })

  test('no app password is anywhere in the store', async () => {
    const { password } = await make('to be looked for')
    const { texts } = await programOf('curl')
    await curl((texts.at(-1)?.text ?? '').replace('PASSWORD', password))
    await served.stop()
    expect(findInStore(home.data, home.keyFile, formsOf(password, ME))).toEqual([])
    expect(served.stderr).not.toContain(password)
  })
})
