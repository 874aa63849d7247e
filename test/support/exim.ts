import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { localhost } from './localhost.ts'
import { pathOf } from './peers.ts'
import { freePort, listening } from './postfix.ts'
import { runProgram } from './run-program.ts'

const run = promisify(execFile)

/** A private Exim on loopback, unpacked and never installed. */
export interface Exim {
  readonly host: string
  readonly port: number
  /** Raw messages a user of the domain has got, in no order; lines end in LF. */
  messages(user: string): Promise<Buffer[]>
  /** Hands a message in from the command line. It goes on its way before this resolves. */
  send(from: string, to: readonly string[], message: string): Promise<void>
  /** Tries everything that waits now, and resolves when that is done. */
  flush(): Promise<void>
  /** How many messages wait. */
  waiting(): Promise<number>
  log(): Promise<string>
  stop(): Promise<void>
}

/** What it passes everything on to. */
export interface EximRelay {
  readonly host: string
  readonly port: number
  /** Default: TLS where it is offered. */
  readonly tls?: 'none' | 'required' | 'implicit'
  readonly login?: { readonly user: string; readonly password: string }
  /** False: DATA even where BDAT is offered. */
  readonly chunking?: boolean
}

/** What it takes itself, as the server of a domain. */
export interface EximReceive {
  readonly domain: string
  readonly users: readonly string[]
  /** Turns each recipient away once with these words, as greylisting does; it keeps no time. */
  readonly greylist?: string
  readonly sizeBytes?: number
  /** What it does not offer. */
  readonly without?: readonly ('SMTPUTF8' | 'CHUNKING' | 'PIPELINING' | '8BITMIME' | 'STARTTLS')[]
  readonly offersDsn?: boolean
  /** Only who has signed in may send, and then to anybody. */
  readonly login?: { readonly user: string; readonly password: string }
}

/** Starts one; needs root and the user Debian-exim, for which Exim was built. */
export async function startExim(options: {
  readonly relay?: EximRelay
  readonly receive?: EximReceive
  readonly host?: string
  /** More lines for the main section. */
  readonly extra?: readonly string[]
}): Promise<Exim> {
  const host = options.host ?? '127.0.0.1'
  const exim = pathOf('exim')
  const root = await mkdtemp(join(tmpdir(), 'posthorn-exim-'))
  await chmod(root, 0o755)
  const port = await freePort(host)
  const { stdout: ids } = await run('sh', ['-c', 'id -u Debian-exim; id -g Debian-exim'])
  const [uid = 0, gid = 0] = ids.trim().split('\n').map(Number)
  for (const folder of ['spool', 'log', 'mail', 'grey']) {
    await mkdir(join(root, folder))
    await chown(join(root, folder), uid, gid)
  }
  await writeFile(join(root, 'tls.pem'), localhost.cert + localhost.key, { mode: 0o600 })
  await chown(join(root, 'tls.pem'), uid, gid)
  await writeFile(join(root, 'users'), (options.receive?.users ?? []).map((user) => `${user}: ${user}\n`).join(''))
  const config = join(root, 'exim.conf')
  await writeFile(config, configOf({ ...options, exim, root, host, port }), { mode: 0o644 })

  const child: ChildProcess = spawn(exim, ['-C', config, '-bdf'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const said = { stderr: '' }
  child.stderr?.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()))
  const log = async () => {
    const names = await readdir(join(root, 'log')).catch(() => [])
    const files = await Promise.all(names.sort().map((name) => readFile(join(root, 'log', name), 'utf8')))
    return files.join('')
  }
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    }
    await rm(root, { recursive: true, force: true, maxRetries: 3 })
  }
  const died = once(child, 'exit').then(() => Promise.reject(new Error('it ended')))
  try {
    await Promise.race([listening(host, port), died])
  } catch (error) {
    const words = (await log()) + said.stderr
    await stop()
    throw new Error(`start a private Exim: ${String(error)}\n${words}`, { cause: error })
  }
  died.catch(() => {})
  return {
    host,
    port,
    log,
    stop,
    async messages(user) {
      const folder = join(root, 'mail', user, 'new')
      const names = await readdir(folder).catch(() => [])
      return Promise.all(names.map((name) => readFile(join(folder, name))))
    },
    async send(from, to, message) {
      const args = ['-C', config, '-odf', '-i', '-f', from, '--', ...to]
      const { status, said: words } = await runProgram(exim, args, message)
      if (status !== 0) throw new Error(`exim took no message: ${words}`)
    },
    async flush() {
      await run(exim, ['-C', config, '-qff'])
    },
    async waiting() {
      return Number((await run(exim, ['-C', config, '-bpc'])).stdout)
    },
  }
}

function configOf(at: {
  readonly relay?: EximRelay
  readonly receive?: EximReceive
  readonly extra?: readonly string[]
  readonly exim: string
  readonly root: string
  readonly host: string
  readonly port: number
}): string {
  const { root, relay, receive } = at
  const offers = (what: NonNullable<EximReceive['without']>[number]) => (receive?.without?.includes(what) ? '' : '*')
  const main = [
    `exim_path = ${at.exim}`,
    `spool_directory = ${root}/spool`,
    `log_file_path = ${root}/log/%s`,
    `pid_file_path = ${root}/exim.pid`,
    `primary_hostname = exim.${receive?.domain ?? 'relay.test'}`,
    `local_interfaces = ${at.host}`,
    `daemon_smtp_ports = ${at.port}`,
    'deliver_drop_privilege = true',
    'keep_environment =',
    'never_users =',
    'host_lookup =',
    'rfc1413_query_timeout = 0s',
    'dns_csa_search_limit = 0',
    'disable_ipv6 = true',
    'smtp_accept_max = 0',
    'smtp_accept_queue_per_connection = 0',
    'timeout_frozen_after = 0s',
    'bounce_return_size_limit = 10K',
    'remote_max_parallel = 2',
    `message_size_limit = ${receive?.sizeBytes ?? 52_428_800}`,
    `tls_certificate = ${root}/tls.pem`,
    `tls_privatekey = ${root}/tls.pem`,
    `tls_advertise_hosts = ${offers('STARTTLS')}`,
    `smtputf8_advertise_hosts = ${offers('SMTPUTF8')}`,
    `chunking_advertise_hosts = ${offers('CHUNKING')}`,
    `pipelining_advertise_hosts = ${offers('PIPELINING')}`,
    `accept_8bitmime = ${offers('8BITMIME') === '*'}`,
    `dsn_advertise_hosts = ${receive?.offersDsn ? '*' : ''}`,
    'acl_smtp_rcpt = check_rcpt',
    'acl_smtp_data = accept',
    ...(at.extra ?? []),
  ]
  const rcpt = [
    ...(receive?.login ? ['  require authenticated = *', '  accept'] : []),
    ...(receive && !receive.login
      ? [
          `  deny message = unknown user`,
          `    !local_parts = ${receive.users.join(' : ')}`,
          `  deny message = relay not permitted`,
          `    !domains = ${receive.domain}`,
        ]
      : []),
    ...(receive?.greylist
      ? [
          `  defer message = ${receive.greylist}`,
          `    condition = \${if !exists{${root}/grey/$local_part}}`,
          `    set acl_m_seen = \${run{/usr/bin/touch ${root}/grey/$local_part}}`,
        ]
      : []),
    '  accept',
  ]
  const routers = [
    ...(receive ? ['here:', '  driver = accept', `  domains = ${receive.domain}`, '  transport = maildir'] : []),
    ...(relay
      ? ['onward:', '  driver = manualroute', `  route_list = * ${relay.host}`, '  self = send', '  transport = onward']
      : []),
  ]
  const transports = [
    'maildir:',
    '  driver = appendfile',
    '  maildir_format',
    '  create_directory',
    // Exim takes no local part into a path that has not been looked up (its taint check).
    `  directory = ${root}/mail/\${lookup{$local_part}nwildlsearch{${root}/users}{$value}}`,
    '  user = Debian-exim',
    '  group = Debian-exim',
    ...(relay ? onwardOf(relay) : []),
  ]
  const login = relay?.login
  const authenticators = [
    ...(login
      ? [
          'plain_client:',
          '  driver = plaintext',
          '  public_name = PLAIN',
          // A list with colons between its items, and carets for NUL.
          `  client_send = ^${login.user}^${login.password.replaceAll('^', '^^').replaceAll(':', '::')}`,
        ]
      : []),
    ...(receive?.login
      ? [
          'plain_server:',
          '  driver = plaintext',
          '  public_name = PLAIN',
          '  server_prompts = :',
          '  server_set_id = $auth2',
          `  server_condition = \${if and{{eq{$auth2}{${receive.login.user}}}{eq{$auth3}{${receive.login.password}}}}}`,
        ]
      : []),
  ]
  const sections: [string, readonly string[]][] = [
    ['acl', ['check_rcpt:', ...rcpt]],
    ['routers', routers],
    ['transports', transports],
    ['retry', ['* * F,1h,1m']],
    ['authenticators', authenticators],
  ]
  return [...main, ...sections.flatMap(([name, lines]) => ['', `begin ${name}`, ...lines]), ''].join('\n')
}

function onwardOf(relay: EximRelay): string[] {
  return [
    'onward:',
    '  driver = smtp',
    `  port = ${relay.port}`,
    '  allow_localhost',
    '  connect_timeout = 10s',
    // The certificate of a test is its own authority.
    '  tls_verify_certificates =',
    '  hosts_try_dane =',
    `  hosts_try_chunking = ${relay.chunking === false ? '' : '*'}`,
    ...(relay.tls === 'none' ? ['  hosts_avoid_tls = *'] : []),
    ...(relay.tls === 'required' ? ['  hosts_require_tls = *'] : []),
    ...(relay.tls === 'implicit' ? ['  protocol = smtps', '  hosts_require_tls = *'] : []),
    ...(relay.login ? ['  hosts_require_auth = *'] : []),
  ]
}
