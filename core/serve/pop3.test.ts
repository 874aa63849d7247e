import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { playOverSocket } from '../../test/support/dialogue-socket.ts'
import { readDialogue } from '../../test/support/dialogue.ts'
import { localhost } from '../../test/support/localhost.ts'
import { ADAS_MAIL } from '../../test/support/pop3-server-house.ts'
import { newMessage, openPop3Service, type Pop3Service } from '../../test/support/pop3-server-service.ts'
import { TEST_KEY } from '../../test/support/store.ts'
import { databasePath, openDatabase } from '../store/database.ts'
import { findFolder } from '../store/folder.ts'

const folder = new URL('../../test/dialogues/pop3-server/', import.meta.url)
const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .toSorted()
const tls = { ca: localhost.cert, servername: 'localhost', rejectUnauthorized: true }
const CLEAR = { 'submission.allowClearTextLogin': true } as const
const [ADA, BOB] = [1, 2] as const

let service: Pop3Service | undefined
afterEach(async () => {
  await service?.close()
  service = undefined
})
async function start(changed: Parameters<typeof openPop3Service>[0] = {}): Promise<Pop3Service> {
  return (service = await openPop3Service({ settings: CLEAR, ...changed }))
}

/** A client that says a line and waits for what answers it. */
class Client {
  readonly socket: Socket
  text = ''
  isClosed = false
  #wake = () => {}

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes: Buffer) => {
      this.text += bytes.toString('latin1')
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.isClosed = true
      this.#wake()
    })
  }
  static dial(port: number): Client {
    return new Client(connect({ port, host: '127.0.0.1' }))
  }
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.text)
      if (found !== null) {
        const heard = this.text.slice(0, found.index + found[0].length)
        this.text = this.text.slice(heard.length)
        return heard
      }
      if (this.isClosed) throw new Error(`hung up before ${pattern}: ${this.text}`)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
  async closed(): Promise<string> {
    while (!this.isClosed) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.text
  }
  /** One status line. */
  async ask(line: string): Promise<string> {
    this.socket.write(`${line}\r\n`)
    return (await this.until(/\r\n/)).trimEnd()
  }
  /** A status and what comes behind it up to the lone dot. */
  async askAll(line: string): Promise<string> {
    this.socket.write(`${line}\r\n`)
    return this.until(/(?:^|\r\n)\.\r\n/)
  }
  async signIn(user = 'ada', password = 'secret'): Promise<string> {
    await this.until(/^\+OK .*\r\n/)
    await this.ask(`USER ${user}`)
    return this.ask(`PASS ${password}`)
  }
}
const signedIn = async (port: number, user?: string, password?: string) => {
  const client = Client.dial(port)
  expect(await client.signIn(user, password)).toMatch(/^\+OK /)
  return client
}

test.each(scripts)('plays %s over loopback', async (name) => {
  const { port, deliver, inbox } = await start({ settings: {} })
  await deliver(ADA, ...ADAS_MAIL)
  const script = readDialogue(new URL(name, folder))
  // Bob's maildrop is in use.
  const held = name === 'in-use.txt' ? await holdBob(port) : undefined
  await playOverSocket(script, {
    port,
    tls,
    facts: async () => (await inbox(ADA)).map((text) => `left ${/^Subject: (.*)\r$/m.exec(text)?.[1] ?? ''}`),
  })
  held?.destroy()
})

async function holdBob(port: number): Promise<Socket> {
  const plain = connect({ port, host: '127.0.0.1' })
  const first = new Client(plain)
  await first.until(/\r\n/)
  await first.ask('STLS')
  plain.removeAllListeners('data')
  const socket = connectTls({ socket: plain, ...tls })
  const client = new Client(socket)
  await once(socket, 'secureConnect')
  await client.ask('USER bob')
  expect(await client.ask('PASS secret')).toMatch(/^\+OK /)
  return socket
}

const ONE = 'Subject: one\r\n\r\n1\r\n'
const TWO = 'Subject: two\r\n\r\n2\r\n'
const THREE = 'Subject: three\r\n\r\n3\r\n'

describe('a maildrop', () => {
  test('is the Inbox of the user who signed in, and of nobody else', async () => {
    const { port, deliver, store, logins } = await start()
    await deliver(ADA, ONE)
    await deliver(BOB, TWO, THREE)
    await deliver(null, TWO)
    expect(await Client.dial(port).signIn('ada')).toBe(`+OK maildrop has 1 messages (${ONE.length} octets)`)
    expect(await Client.dial(port).signIn('bob')).toBe(
      `+OK maildrop has 2 messages (${TWO.length + THREE.length} octets)`,
    )
    const identity = store.read.prepare("SELECT id FROM identity WHERE local = 'me'").get() as { id: number }
    const verifier = Buffer.from(JSON.stringify({ password: 'program', salt: 'W22ZaJ0SNY7soEsUEjb6gQ==' }))
    await store.write('app-password.add', { owner: { identityId: identity.id }, name: 'a program', verifier })
    const person = await signedIn(port, 'me@client.example', 'program')
    expect(await person.askAll('RETR 1')).toContain(TWO)
    expect(logins.usedMs('appPasswords', 1)).toBeDefined()
    person.socket.destroy()
  })
  test('is open to one session at a time, and free when that one ends in whatever way', async () => {
    const { port, deliver } = await start()
    await deliver(ADA, ONE)
    const first = await signedIn(port)
    const second = Client.dial(port)
    expect(await second.signIn()).toMatch(/^-ERR \[IN-USE\]/)
    // Bob's is another one.
    await signedIn(port, 'bob')
    expect(await first.ask('QUIT')).toMatch(/^\+OK/)
    await first.closed()
    await second.ask('USER ada')
    expect(await second.ask('PASS secret')).toMatch(/^\+OK/)
    second.socket.resetAndDestroy()
    for (;;) {
      const third = Client.dial(port)
      const said = await third.signIn()
      third.socket.destroy()
      if (said.startsWith('+OK')) break
      expect(said).toMatch(/IN-USE/)
    }
  })
  test('stays what it was for a session, whatever comes and goes meanwhile', async () => {
    const { port, deliver, store, inbox } = await start()
    const [one = 0, two = 0, three = 0] = await deliver(ADA, ONE, TWO, THREE)
    const client = await signedIn(port)
    await deliver(ADA, 'Subject: late\r\n\r\n4\r\n')
    await store.write('message.move', { ids: [one], to: { role: 'archive' } })
    await store.write('message.remove', { ids: [two] })
    await store.write('message.remove', { ids: [two] })
    expect(await client.ask('STAT')).toBe(`+OK 3 ${ONE.length + TWO.length + THREE.length}`)
    expect(await client.ask('RETR 1')).toMatch(/^-ERR the message was removed here meanwhile/)
    expect(await client.ask('TOP 2 0')).toMatch(/^-ERR the message was removed here meanwhile/)
    expect(await client.askAll('RETR 3')).toContain(THREE)
    for (const number of [1, 2, 3]) expect(await client.ask(`DELE ${number}`)).toMatch(/^\+OK/)
    expect(await client.ask('QUIT')).toMatch(/^\+OK/)
    // What was filed elsewhere meanwhile stays there.
    expect(await inbox(ADA)).toEqual(['Subject: late\r\n\r\n4\r\n'])
    const archive = findFolder(store.read, { accountId: null, userId: ADA }, 'archive')
    expect(archive?.total).toBe(1)
    expect(three).toBeGreaterThan(0)
  })
  test('lists by arrival and names its messages the same in each session, and no two the same', async () => {
    const { port, deliver, store } = await start()
    const ids = await deliver(ADA, ONE, TWO, THREE)
    const uidls = async () => {
      const client = await signedIn(port)
      const listed = await client.askAll('UIDL')
      await client.ask('QUIT')
      await client.closed()
      return listed.split('\r\n').slice(1, -2)
    }
    const before = await uidls()
    expect(new Set(before.map((line) => line.split(' ')[1])).size).toBe(3)
    for (const line of before) expect(line).toMatch(/^[123] [A-Za-z0-9_-]{1,70}$/)
    for (const id of ids) expect(before.join('\n')).not.toContain(String(id))
    await store.write('message.remove', { ids: ids.slice(0, 1) })
    await deliver(ADA, ONE)
    const after = await uidls()
    expect(after.slice(0, 2).map((line) => line.split(' ')[1])).toEqual(
      before.slice(1).map((line) => line.split(' ')[1]),
    )
    expect(before.map((line) => line.split(' ')[1])).not.toContain(after[2]?.split(' ')[1])
  })
  test('of a user without any mail is empty', async () => {
    const { port } = await start()
    const client = await signedIn(port)
    expect(await client.askAll('LIST')).toBe('+OK 0 messages (0 octets)\r\n.\r\n')
    expect(await client.ask('RETR 1')).toMatch(/^-ERR/)
    expect(await client.ask('QUIT')).toMatch(/^\+OK/)
  })
})

describe('deleting', () => {
  test('happens at QUIT, all at once, and those who watch the folder hear of it', async () => {
    const { port, deliver, inbox, store, changed } = await start()
    await deliver(ADA, ONE, TWO, THREE)
    const client = await signedIn(port)
    await client.ask('DELE 1')
    await client.ask('DELE 3')
    expect(await inbox(ADA)).toHaveLength(3)
    expect(await client.ask('QUIT')).toBe('+OK bye, 2 messages deleted')
    expect(await inbox(ADA)).toEqual([TWO])
    const inboxFolder = findFolder(store.read, { accountId: null, userId: ADA }, 'inbox')
    expect(inboxFolder).toMatchObject({ total: 1, unread: 1 })
    expect(changed).toEqual([inboxFolder?.id])
  })
  test('that cannot be stored is said, and nothing is gone', async () => {
    const { port, deliver, inbox } = await start({
      meddle: (store) => ({
        ...store,
        write: (name, args) =>
          name === 'maildrop.remove' ? Promise.reject(new Error('the disk is full')) : store.write(name, args),
      }),
    })
    await deliver(ADA, ONE, TWO)
    const client = await signedIn(port)
    await client.ask('DELE 1')
    expect(await client.ask('QUIT')).toBe('-ERR [SYS/TEMP] some deleted messages not removed')
    await client.closed()
    expect(await inbox(ADA)).toEqual([ONE, TWO])
    expect(await signedIn(port)).toBeDefined()
  })
  test('of very many is done some hundreds at a time, and what fails on the way is said', async () => {
    let writes = 0
    const { port, deliver, inbox, changed } = await start({
      meddle: (store) => ({
        ...store,
        write: (name, args) =>
          name === 'maildrop.remove' && ++writes === 2
            ? Promise.reject(new Error('the disk is full'))
            : store.write(name, args),
      }),
    })
    await deliver(ADA, ...Array.from({ length: 501 }, (_, n) => `Subject: ${n}\r\n\r\n`))
    const remove = async (count: number) => {
      const client = await signedIn(port)
      client.socket.write(Array.from({ length: count }, (_, n) => `DELE ${n + 1}\r\n`).join(''))
      await client.until(new RegExp(`message ${count} goes at QUIT\r\n`))
      return client.ask('QUIT')
    }
    expect(await remove(501)).toBe('-ERR [SYS/TEMP] some deleted messages not removed')
    expect(await inbox(ADA)).toEqual(['Subject: 500\r\n\r\n'])
    expect(changed).toHaveLength(1)
    expect(await remove(1)).toBe('+OK bye, 1 messages deleted')
    expect(await inbox(ADA)).toEqual([])
  })
  test('never happens without QUIT, at whatever byte the connection is dropped', async () => {
    const { port, deliver, inbox } = await start()
    await deliver(ADA, ONE)
    const session = 'USER ada\r\nPASS secret\r\nLIST\r\nRETR 1\r\nDELE 1\r\nNOOP\r\nQUIT\r\n'
    for (let cut = 0; cut < session.length; cut++) {
      const client = Client.dial(port)
      client.socket.end(session.slice(0, cut))
      const text = await client.closed()
      expect(text, String(cut)).not.toContain('bye')
    }
    expect(await inbox(ADA)).toEqual([ONE])
    const client = Client.dial(port)
    client.socket.end(session)
    expect(await client.closed()).toMatch(/bye, 1 messages deleted\r\n$/)
    expect(await inbox(ADA)).toEqual([])
  })
  test('is refused, and the session ended, once its password is revoked', async () => {
    const { port, deliver, inbox, store } = await start()
    await deliver(ADA, ONE)
    const verifier = Buffer.from(JSON.stringify({ password: 'program', salt: 'W22ZaJ0SNY7soEsUEjb6gQ==' }))
    const { id } = await store.write('app-password.add', { owner: { userId: ADA }, name: 'a program', verifier })
    const client = await signedIn(port, 'ada', 'program')
    await client.ask('DELE 1')
    await store.write('app-password.remove', { id })
    expect(await client.ask('QUIT')).toMatch(/^-ERR \[AUTH\] the password of this session has been revoked/)
    expect(await inbox(ADA)).toEqual([ONE])
  })
})

describe('a message', () => {
  test('of many megabytes comes whole and as it was, its dots doubled on the way', async () => {
    const { port, deliver } = await start()
    const line = `.${'x'.repeat(74)}\r\n`
    const large = Buffer.from(`Subject: large\r\n\r\n${line.repeat(40_000)}..\r\n.\r\n`, 'latin1')
    await deliver(ADA, large)
    const client = await signedIn(port)
    expect(await client.ask('LIST 1')).toBe(`+OK 1 ${large.length}`)
    const [status, ...rest] = (await client.askAll('RETR 1')).split('\r\n')
    expect(status).toBe(`+OK ${large.length} octets`)
    const body = rest.slice(0, -2).map((one) => `${one.replace(/^\./, '')}\r\n`)
    expect(body.join('') === large.toString('latin1')).toBe(true)
  })
  test('has the fields that delivery put before it, and not what was taken out', async () => {
    const { port, store } = await start()
    const raw = Buffer.from('Bcc: eve@client.example\r\nSubject: x\r\n\r\nbody')
    await store.write('message.deliver', {
      owner: { accountId: null, userId: ADA },
      role: 'inbox',
      message: { ...newMessage(raw, Date.now()), prefix: 'Return-Path: <a@b.example>\r\n', removed: [[0, 25]] },
    })
    const client = await signedIn(port)
    expect(await client.askAll('RETR 1')).toBe(
      '+OK 46 octets\r\nReturn-Path: <a@b.example>\r\nSubject: x\r\n\r\nbody\r\n.\r\n',
    )
  })
  test('whose bytes are damaged is refused where that is known, and else cut off without its final dot', async () => {
    const { port, deliver, store } = await start({ real: true })
    const large = `Subject: large\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(10_000)}`
    await deliver(ADA, ONE, large, TWO)
    const other = openDatabase({ path: databasePath(store.folder), key: TEST_KEY }, 'write')
    const blobs = other.prepare('SELECT blob_id AS id FROM message ORDER BY id').all() as { id: number }[]
    other.prepare('UPDATE blob_chunk SET bytes = ? WHERE id = ?').run(Buffer.from('other'), (blobs[0]?.id ?? 0) * 4096)
    other
      .prepare('UPDATE blob_chunk SET bytes = zeroblob(length(bytes)) WHERE id = ?')
      .run((blobs[1]?.id ?? 0) * 4096 + 1)
    other.close()
    const client = await signedIn(port)
    expect(await client.ask('RETR 1')).toMatch(/^-ERR \[SYS\/PERM\]/)
    client.socket.write('RETR 2\r\n')
    const cut = await client.closed()
    expect(cut).toMatch(/^\+OK/)
    expect(cut).not.toMatch(/\r\n\.\r\n/)
    const again = await signedIn(port)
    expect(await again.ask('RETR 2')).toMatch(/^-ERR \[SYS\/PERM\]/)
    expect(await again.askAll('RETR 3')).toContain(TWO)
  })
})
