import { spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localhost } from './localhost.ts'
import { pathOf } from './peers.ts'

/** A private Dovecot that serves Maildirs by POP3 on 127.0.0.1; every user has the same password. */
export interface Dovecot {
  /** STLS is offered here, and a password is taken in clear, too. */
  readonly port: number
  /** TLS from the first byte. */
  readonly tlsPort: number
  /** IMAP with STARTTLS, and a password in clear, too. */
  readonly imapPort: number
  /** IMAP inside TLS from the first byte. */
  readonly imapTlsPort: number
  /** Where Postfix asks it whether a login is right (`inet:127.0.0.1:PORT`). */
  readonly saslPort: number
  /** A PEM file with the certificate both ports have. */
  readonly caFile: string
  /** Puts a message into a user's maildrop; the bytes as they are in the file. */
  deliver(user: string, raw: Uint8Array): void
  /** How many messages that user's maildrop has. */
  count(user: string): number
  stop(): Promise<void>
}

export interface DovecotOptions {
  readonly password: string
  /** The Maildir of each user, with %n for the user; a folder of its own by default. */
  readonly maildir?: string
  /** Owner of the Maildirs, as numbers; nobody by default. */
  readonly uid?: number
  readonly gid?: number
  /** What it takes to sign in, as Dovecot writes it. */
  readonly mechanisms?: string
  /** What it shows inside TLS; one for localhost by default. */
  readonly certificate?: { readonly key: string; readonly cert: string }
  /** More lines of its configuration. */
  readonly more?: string
}

const NOBODY = 65534

const config = (
  root: string,
  ports: readonly number[],
  mail: string,
  { uid = NOBODY, gid = NOBODY, password, mechanisms = 'plain login scram-sha-256', more = '' }: DovecotOptions,
) => `
base_dir = ${root}/run
state_dir = ${root}/state
log_path = ${root}/log
protocols = pop3 imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <${root}/cert.pem
ssl_key = <${root}/key.pem
disable_plaintext_auth = no
auth_mechanisms = ${mechanisms}
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 1
first_valid_gid = 1
auth_failure_delay = 0
mail_location = maildir:${mail}
mail_max_userip_connections = 100
passdb {
  driver = static
  args = password=${password}
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${root}/home/%n
}
service pop3-login {
  chroot =
  inet_listener pop3 {
    port = ${ports[0]}
  }
  inet_listener pop3s {
    port = ${ports[1]}
    ssl = yes
  }
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${ports[3]}
  }
  inet_listener imaps {
    port = ${ports[4]}
    ssl = yes
  }
}
namespace inbox {
  inbox = yes
  separator = .
  mailbox Sent {
    special_use = \\Sent
    auto = create
  }
  mailbox Trash {
    special_use = \\Trash
    auto = create
  }
  mailbox Archive {
    special_use = \\Archive
    auto = create
  }
}
service auth {
  inet_listener {
    address = 127.0.0.1
    port = ${ports[2]}
  }
}
service anvil {
  chroot =
  # No waiting after a wrong password: the tests give some on purpose.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
${more}
`

/** So many ports, each another: a port that is let go may be given out again at once. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  for (const server of servers) server.close()
  await Promise.all(servers.map((server) => once(server, 'close')))
  return ports
}

/** Starts one; needs root, for Dovecot changes users. Throws with what it wrote when it does not come up. */
export async function startDovecot(options: DovecotOptions): Promise<Dovecot> {
  const root = mkdtempSync(join(tmpdir(), 'posthorn-dovecot-'))
  chmodSync(root, 0o755)
  const { uid = NOBODY, gid = NOBODY, certificate = localhost } = options
  const mail = options.maildir ?? `${root}/mail/%n`
  for (const folder of ['run', 'state', 'home', 'mail']) mkdirSync(join(root, folder), { mode: 0o755 })
  for (const folder of ['home', 'mail']) chownSync(join(root, folder), uid, gid)
  writeFileSync(join(root, 'cert.pem'), certificate.cert)
  writeFileSync(join(root, 'key.pem'), certificate.key, { mode: 0o600 })
  const ports = (await freePorts(5)) as [number, number, number, number, number]
  const file = join(root, 'dovecot.conf')
  writeFileSync(file, config(root, ports, mail, options))

  const dovecot = spawn(pathOf('dovecot'), ['-F', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  dovecot.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()))
  const exited = once(dovecot, 'exit').then(() => undefined)
  const stop = async () => {
    dovecot.kill('SIGTERM')
    await exited
    rmSync(root, { recursive: true, force: true })
  }
  const failed = (reason: string) => {
    let log = ''
    try {
      log = readFileSync(join(root, 'log'), 'utf8')
    } catch {
      // It did not come as far as a log.
    }
    return new Error(`start a private Dovecot: ${reason}\n${said}${log}`)
  }
  for (const port of ports) {
    const isUp = await Promise.race([answers(port), exited.then(() => false)])
    if (isUp) continue
    const error = failed(`nothing answers on port ${port}`)
    await stop()
    throw error
  }

  const folderOf = (user: string) => mail.replaceAll('%n', user)
  let delivered = 0
  return {
    port: ports[0],
    tlsPort: ports[1],
    saslPort: ports[2],
    imapPort: ports[3],
    imapTlsPort: ports[4],
    caFile: join(root, 'cert.pem'),
    deliver(user, raw) {
      const maildir = folderOf(user)
      for (const folder of ['', 'cur', 'new', 'tmp']) {
        mkdirSync(join(maildir, folder), { recursive: true, mode: 0o700 })
        chownSync(join(maildir, folder), uid, gid)
      }
      // Names in order of delivery, so that the maildrop numbers them so.
      const path = join(maildir, 'new', `${1_700_000_000 + delivered++}.M1P1.localhost`)
      writeFileSync(path, raw)
      chownSync(path, uid, gid)
    },
    count: (user) =>
      ['cur', 'new'].reduce((sum, folder) => {
        try {
          return sum + readdirSync(join(folderOf(user), folder)).length
        } catch {
          return sum
        }
      }, 0),
    stop,
  }
}

/** Tries until something listens there; whoever waits for it ends it by the program's exit. */
async function answers(port: number): Promise<boolean> {
  for (let tries = 0; tries < 500; tries++) {
    const socket = connect({ host: '127.0.0.1', port })
    const isUp = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isUp) return true
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return false
}
