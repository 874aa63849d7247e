import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathOf } from './peers.ts'
import { eventually } from './posthorn.ts'

const SCRIPT = new URL('thunderbird-check.js', import.meta.url)

/** Where Thunderbird is to look, and who it is. */
export interface ThunderbirdTask {
  readonly host: string
  readonly user: string
  readonly password: string
  /** Who it writes to. */
  readonly to: string
  /** DER in base64: the certificate a person would confirm. */
  readonly certificate: string
  readonly servers: readonly { readonly security: 'tls' | 'starttls'; readonly pop3: number; readonly smtp: number }[]
}
/** What came of one pair of servers. Thunderbird's own numbers: socketType 3 is TLS, 2 STARTTLS; auth 3 is a password. */
export interface ThunderbirdAnswer {
  readonly incoming: { readonly port: number; readonly socketType: number; readonly auth: number }
  readonly outgoing: { readonly port: number; readonly socketType: number; readonly auth: number }
  readonly verified: boolean
  readonly verifiedWrong: boolean
  readonly fetched: { readonly status: number; readonly messages: number }
  readonly sent: number
}

/**
 * Has a Thunderbird of its own, with a new profile and no window, look at the servers, sign in with the right password and a wrong
 * one, fetch the mail and send a message. It is asked by its Marionette port.
 */
export async function askThunderbird(task: ThunderbirdTask): Promise<readonly ThunderbirdAnswer[]> {
  const profile = mkdtempSync(join(tmpdir(), 'posthorn-thunderbird-'))
  const port = await freePort()
  const prefs = {
    'marionette.port': port,
    'app.update.enabled': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    'mail.provider.suppress_dialog_on_startup': true,
    'mailnews.start_page.enabled': false,
  }
  const lines = Object.entries(prefs).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`)
  writeFileSync(join(profile, 'user.js'), lines.join('\n'))
  const flags = ['--marionette', '--remote-allow-system-access', '--headless', '--no-remote', '--profile', profile]
  const child = spawn(pathOf('thunderbird'), flags, {
    stdio: 'ignore',
    env: { ...process.env, HOME: profile, TMPDIR: profile },
  })
  const exited = once(child, 'exit')
  try {
    const marionette = new Marionette(await eventually(() => dial(port), 'Thunderbird', 60_000))
    await marionette.ask('WebDriver:NewSession', {})
    await marionette.ask('Marionette:SetContext', { value: 'chrome' })
    await marionette.ask('WebDriver:SetTimeouts', { script: 120_000 })
    const script = readFileSync(SCRIPT, 'utf8')
    const asked = await marionette.ask('WebDriver:ExecuteAsyncScript', { script, args: [task], sandbox: 'system' })
    const { value } = asked as { value: { answers: ThunderbirdAnswer[] } | { error: string } }
    if ('error' in value) throw new Error(value.error)
    return value.answers
  } finally {
    child.kill('SIGKILL')
    await exited
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function dial(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(socket)).on('error', () => resolve(undefined))
  })
}

/** Marionette's protocol: `LENGTH:JSON` both ways; a command is `[0, id, name, parameters]`, an answer `[1, id, error, result]`. */
class Marionette {
  readonly #socket: Socket
  readonly #waiting = new Map<number, (error: unknown, result: unknown) => void>()
  #heard = Buffer.alloc(0)
  #serial = 0

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => this.#take(bytes))
    socket.on('close', () => this.#waiting.forEach((settle) => settle('Thunderbird has gone', undefined)))
  }

  ask(name: string, parameters: object): Promise<unknown> {
    const id = ++this.#serial
    const command = JSON.stringify([0, id, name, parameters])
    this.#socket.write(`${Buffer.byteLength(command)}:${command}`)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (error, result) => {
        if (error === null) resolve(result)
        else reject(new Error(`Thunderbird, ${name}: ${JSON.stringify(error)}`))
      })
    })
  }

  #take(bytes: Buffer): void {
    this.#heard = Buffer.concat([this.#heard, bytes])
    for (;;) {
      const colon = this.#heard.indexOf(':')
      const end = colon + 1 + Number(this.#heard.subarray(0, Math.max(colon, 0)).toString())
      if (colon === -1 || this.#heard.length < end) return
      const said: unknown = JSON.parse(this.#heard.subarray(colon + 1, end).toString())
      this.#heard = this.#heard.subarray(end)
      if (!Array.isArray(said)) continue // its greeting
      const [, id, error, result] = said as [number, number, unknown, unknown]
      this.#waiting.get(id)?.(error, result)
      this.#waiting.delete(id)
    }
  }
}
