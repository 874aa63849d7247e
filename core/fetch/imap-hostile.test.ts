import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openImapWorld, type ImapWorld } from '../../test/support/imap-world.ts'
import { countPlaces } from '../store/imap.ts'

/** What a scripted server answers to a command besides its tagged OK; undefined: the usual; null: it never ends its answer. */
type Answer = (command: string, socket: Socket) => string | Buffer | undefined | null

let world: ImapWorld
let server: Server
let answer: Answer
const sockets: Socket[] = []

const USUAL: Readonly<Record<string, string>> = {
  'CAPABILITY': '* CAPABILITY IMAP4rev1 UIDPLUS MOVE\r\n',
  'NAMESPACE': '* NAMESPACE (("" "/")) NIL NIL\r\n',
  'LIST "" "*"': '* LIST () "/" INBOX\r\n',
  'LSUB "" "*"': '* LSUB () "/" INBOX\r\n',
  'STATUS': '* STATUS INBOX (UIDVALIDITY 1 UIDNEXT 3 MESSAGES 2)\r\n',
  'SELECT': '* FLAGS (\\Seen)\r\n* 2 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT 3] ok\r\n',
  'LOGOUT': '* BYE bye\r\n',
}

beforeEach(async () => {
  world = await openImapWorld('secret')
  server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.write('* OK hello\r\n')
    let rest = ''
    socket.on('data', (bytes: Buffer) => {
      rest += bytes.toString('latin1')
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const [, tag = '', command = ''] = /^(\S+) (.*)$/.exec(rest.slice(0, end)) ?? []
        rest = rest.slice(end + 2)
        const usual = Object.entries(USUAL).find(([verb]) => command.startsWith(verb))?.[1] ?? ''
        const said = answer(command, socket)
        if (said === null) continue
        socket.write(said ?? usual)
        socket.write(`${tag} OK done\r\n`)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server.close()
  await world.close()
})
async function visit(script: Answer) {
  answer = script
  const account = await world.add({ port: (server.address() as AddressInfo).port, user: 'ada' }, 'secret')
  const before = process.memoryUsage().arrayBuffers
  const result = await world.fetch(account)
  return { ...result, account, grownBytes: process.memoryUsage().arrayBuffers - before }
}

test('a literal larger than was asked for ends the session and is not held', async () => {
  const { problem, fetched, grownBytes } = await visit((command, socket) => {
    if (command.startsWith('UID SEARCH')) return '* SEARCH 1 2\r\n'
    if (!command.startsWith('UID FETCH')) return undefined
    socket.write('* 1 FETCH (UID 1 BODY[] {900000000}\r\n')
    return Buffer.alloc(8 * 1024 * 1024, 0x41)
  })
  expect(problem).toContain('does not speak IMAP as it should')
  expect(fetched).toBe(0)
  // The process is other tests' too; 900 MB are far above what they take.
  expect(grownBytes).toBeLessThan(256 * 1024 * 1024)
})

test('answers without end are cut off', async () => {
  const { problem } = await visit((command, socket) => {
    if (!command.startsWith('UID SEARCH')) return undefined
    const flood = `* OK ${'x'.repeat(2000)}\r\n* 1 FETCH (FLAGS (\\Seen))\r\n`.repeat(500)
    const more = () => {
      while (!socket.destroyed && socket.write(flood)) continue
    }
    socket.on('drain', more)
    more()
    return null
  })
  expect(problem).toContain('an answer of more than')
})

test('a line without end is cut off', async () => {
  const { problem } = await visit((command, socket) => {
    if (!command.startsWith('UID SEARCH')) return undefined
    const more = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(1024 * 1024, 0x31))) continue
    }
    socket.on('drain', more)
    more()
    return null
  })
  expect(problem).not.toBeNull()
})

test('numbers and messages that nobody asked about are passed over', async () => {
  const body = 'Subject: one\r\n\r\nhi\r\n'
  const { problem, fetched, account } = await visit((command) => {
    if (command.startsWith('UID SEARCH')) return '* SEARCH 0 1 2 4294967296 99999999999999999999 -5 two\r\n'
    if (!command.startsWith('UID FETCH')) return undefined
    const size = `RFC822.SIZE ${body.length} INTERNALDATE " 1-Jul-2025 10:00:00 +0000" FLAGS ()`
    const all = [1, 7, 0, 4_294_967_296].map(
      (uid) =>
        `* 1 FETCH (UID ${uid} ${size}${command.includes('BODY') ? ` BODY[] {${body.length}}\r\n${body}` : ''})\r\n`,
    )
    return all.join('')
  })
  expect(fetched).toBe(1)
  expect(problem).toContain('did not give out 1 of its messages')
  expect(countPlaces(world.store.read, account.id)).toBe(1)
  expect(world.look(account)).toEqual({ Inbox: ['one'] })
})

test('a search that leaves out what is there, or is refused, removes nothing here', async () => {
  const body = 'Subject: one\r\n\r\nhi\r\n'
  let search = '* SEARCH 1 2\r\n'
  const script: Answer = (command) => {
    if (command.startsWith('UID SEARCH')) return search
    if (!command.startsWith('UID FETCH')) return undefined
    const part = command.includes('BODY') ? ` BODY[] {${body.length}}\r\n${body}` : ''
    return [1, 2].map((uid) => `* ${uid} FETCH (UID ${uid} FLAGS () RFC822.SIZE ${body.length}${part})\r\n`).join('')
  }
  const { account } = await visit(script)
  expect(world.look(account)).toEqual({ Inbox: ['one', 'one'] })
  search = '* SEARCH\r\n'
  await world.fetch(account)
  search = '* SEARCH 2\r\n'
  await world.fetch(account)
  expect(world.look(account)).toEqual({ Inbox: ['one', 'one'] })
})

test('a server that lists no folders takes none away', async () => {
  const { account } = await visit((command) => (command.startsWith('UID SEARCH') ? '* SEARCH\r\n' : undefined))
  answer = (command) => (/^(?:LIST|LSUB)/.test(command) ? '* OK nothing\r\n' : undefined)
  await world.fetch(account)
  expect(Object.keys(world.look(account))).toEqual(['Inbox'])
})

test('of what is said to have vanished nothing goes where the count speaks against it', async () => {
  const body = 'Subject: one\r\n\r\nhi\r\n'
  let modseq = 10
  let vanished = ''
  const asked: string[] = []
  const script: Answer = (command) => {
    asked.push(command)
    if (command === 'CAPABILITY') return '* CAPABILITY IMAP4rev1 ENABLE CONDSTORE QRESYNC UIDPLUS MOVE\r\n'
    if (command.startsWith('ENABLE')) return '* ENABLED CONDSTORE QRESYNC\r\n'
    if (command.startsWith('STATUS'))
      return `* STATUS INBOX (UIDVALIDITY 1 UIDNEXT 3 MESSAGES 2 HIGHESTMODSEQ ${modseq})\r\n`
    if (command.startsWith('SELECT')) return `${USUAL['SELECT']}* OK [HIGHESTMODSEQ ${modseq}] ok\r\n${vanished}`
    if (command.startsWith('UID SEARCH')) return '* SEARCH 1 2\r\n'
    if (!command.startsWith('UID FETCH')) return undefined
    const part = command.includes('BODY') ? ` BODY[] {${body.length}}\r\n${body}` : ''
    return [1, 2].map((uid) => `* ${uid} FETCH (UID ${uid} FLAGS () RFC822.SIZE ${body.length}${part})\r\n`).join('')
  }
  const { account } = await visit(script)
  expect(world.look(account)).toEqual({ Inbox: ['one', 'one'] })
  for (const said of ['1:4294967295', '1', 'two', '', `${'1:9,'.repeat(1000)}2`]) {
    modseq++
    vanished = `* VANISHED (EARLIER) ${said}\r\n* VANISHED\r\n* VANISHED ()\r\n* VANISHED NIL NIL\r\n`
    asked.splice(0)
    expect((await world.fetch(account)).problem).toBeNull()
    expect(asked).toContain(`SELECT INBOX (QRESYNC (1 ${modseq - 1}))`)
    expect(world.look(account)).toEqual({ Inbox: ['one', 'one'] })
  }
  modseq++
  vanished = `* VANISHED (EARLIER) ${'1:4294967295,'.repeat(100_000)}2\r\n`
  expect((await world.fetch(account)).problem).toContain('a word of more than')
  expect(world.look(account)).toEqual({ Inbox: ['one', 'one'] })
})
