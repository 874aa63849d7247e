import { execFile } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { localhost } from './localhost.ts'

const run = promisify(execFile)

/** A private Postfix on loopback that takes mail for one domain and keeps each user's in a Maildir. */
export interface Postfix {
  readonly host: string
  readonly port: number
  /** The Maildirs of all users, with %n for the user, and who owns them. */
  readonly maildirs: string
  readonly uid: number
  readonly gid: number
  /** The Maildir of a user of the domain. */
  maildir(user: string): string
  /** Raw messages that user has got, in no order. */
  messages(user: string): Promise<Buffer[]>
  log(): Promise<string>
  /** The process all others are children of. */
  pid(): Promise<number>
  /** Lets go of what is on hold. */
  release(): Promise<void>
  stop(): Promise<void>
}

const MASTER = (listen: string) => `
${listen} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
`

/** Starts one; needs root, for Postfix changes users. `host` is an address of 127.0.0.0/8. */
export async function startPostfix(options: {
  readonly domain: string
  readonly users: readonly string[]
  readonly host?: string
  readonly extra?: Readonly<Record<string, string>>
  /** Where its folder is made; it must be open to all, for Postfix changes users. */
  readonly parent?: string
}): Promise<Postfix> {
  const host = options.host ?? '127.0.0.1'
  const root = await mkdtemp(join(options.parent ?? tmpdir(), 'posthorn-postfix-'))
  await chmod(root, 0o755)
  const port = await freePort(host)
  for (const folder of ['etc', 'spool', 'data', 'log', 'mail']) await mkdir(join(root, folder))
  const { stdout: ids } = await run('sh', ['-c', 'id -u postfix; id -g postfix'])
  const [uid = 0, gid = 0] = ids.trim().split('\n').map(Number)
  await chown(join(root, 'data'), uid, gid)
  await chown(join(root, 'mail'), uid, gid)
  await writeFile(join(root, 'etc', 'tls.pem'), localhost.key + localhost.cert, { mode: 0o600 })
  const main: Record<string, string> = {
    compatibility_level: '3.6',
    queue_directory: join(root, 'spool'),
    data_directory: join(root, 'data'),
    maillog_file_prefixes: join(root, 'log'),
    maillog_file: join(root, 'log', 'maillog'),
    inet_interfaces: host,
    inet_protocols: 'ipv4',
    myhostname: `mx.${options.domain}`,
    mydestination: '',
    mynetworks: '127.0.0.0/8',
    alias_maps: '',
    alias_database: '',
    local_recipient_maps: '',
    biff: 'no',
    disable_dns_lookups: 'yes',
    smtpd_peername_lookup: 'no',
    smtpd_relay_restrictions: 'reject_unauth_destination',
    smtpd_tls_security_level: 'may',
    smtpd_tls_chain_files: join(root, 'etc', 'tls.pem'),
    smtpd_client_connection_count_limit: '0',
    smtpd_client_connection_rate_limit: '0',
    in_flow_delay: '0',
    message_size_limit: '52428800',
    virtual_mailbox_limit: '0',
    virtual_mailbox_domains: options.domain,
    virtual_mailbox_base: join(root, 'mail'),
    virtual_mailbox_maps: `inline:{${options.users.map((user) => `{${user}@${options.domain}=${user}/}`).join(' ')}}`,
    virtual_uid_maps: `static:${uid}`,
    virtual_gid_maps: `static:${gid}`,
    virtual_minimum_uid: '1',
    ...options.extra,
  }
  await writeFile(
    join(root, 'etc', 'main.cf'),
    Object.entries(main)
      .map(([key, value]) => `${key} = ${value}\n`)
      .join(''),
  )
  await writeFile(join(root, 'etc', 'master.cf'), MASTER(`${host}:${port}`))
  const log = async () => readFile(join(root, 'log', 'maillog'), 'utf8').catch(() => '')
  const stop = async () => {
    await run('postfix', ['-c', join(root, 'etc'), 'stop']).catch(() => undefined)
    await rm(root, { recursive: true, force: true })
  }
  try {
    await run('postfix', ['-c', join(root, 'etc'), 'start'])
    await listening(host, port)
  } catch (error) {
    const said = await log()
    await stop()
    throw new Error(`start a private Postfix: ${String(error)}\n${said}`, { cause: error })
  }
  const maildir = (user: string) => join(root, 'mail', user)
  return {
    host,
    port,
    maildirs: join(root, 'mail', '%n'),
    uid,
    gid,
    maildir,
    log,
    stop,
    pid: async () => Number(await readFile(join(root, 'spool', 'pid', 'master.pid'), 'utf8')),
    async release() {
      await run('postsuper', ['-c', join(root, 'etc'), '-H', 'ALL'])
      await run('postqueue', ['-c', join(root, 'etc'), '-f'])
    },
    async messages(user) {
      const folder = join(maildir(user), 'new')
      const names = await readdir(folder).catch(() => [])
      return Promise.all(names.map((name) => readFile(join(folder, name))))
    },
  }
}

/** A port that was free a moment ago. */
export async function freePort(host: string): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Resolves when something answers there; gives up after 15 s. */
export async function listening(host: string, port: number): Promise<void> {
  const until = Date.now() + 15_000
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, host)
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (open) return
    if (Date.now() > until) throw new Error(`nothing listens on ${host}:${port}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
