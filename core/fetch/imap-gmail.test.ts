import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { openImapWorld } from '../../test/support/imap-world.ts'

/** A mailbox as Gmail has it: a message is in All Mail under one number, and in the folder of each of its labels under another. */
interface Mail {
  readonly subject: string
  readonly uid: number
  labels: string[]
}
const FOLDERS: Readonly<Record<string, string>> = {
  'INBOX': '\\HasNoChildren',
  'Work': '\\HasNoChildren',
  '[Gmail]/All Mail': '\\HasNoChildren \\All',
  '[Gmail]/Important': '\\HasNoChildren \\Important',
  '[Gmail]/Trash': '\\HasNoChildren \\Trash',
}
const bodyOf = ({ subject }: Mail) => `Subject: ${subject}\r\nMessage-ID: <${subject}@far.example>\r\n\r\nhi\r\n`

/** Answers as Gmail does to what a session asks, and does what MOVE to All Mail does there: takes the label off. */
function gmail(mails: Mail[], asked: string[]) {
  let modseq = 1
  const inFolder = (path: string) => mails.filter(({ labels }) => path.endsWith('All Mail') || labels.includes(path))
  const server = createServer((socket) => {
    let selected = ''
    let rest = ''
    socket.on('error', () => {})
    socket.write('* OK hello\r\n')
    const answer = (command: string): string => {
      asked.push(command)
      const path =
        /"([^"]+)"|(INBOX|Work)/
          .exec(command)
          ?.slice(1)
          .find((one) => one !== undefined) ?? ''
      if (command === 'CAPABILITY')
        return '* CAPABILITY IMAP4rev1 NAMESPACE UIDPLUS MOVE SPECIAL-USE CONDSTORE ENABLE X-GM-EXT-1\r\n'
      if (command.startsWith('ENABLE')) return '* ENABLED CONDSTORE\r\n'
      if (command.startsWith('NAMESPACE')) return '* NAMESPACE (("" "/")) NIL NIL\r\n'
      if (command.startsWith('LIST'))
        return Object.entries(FOLDERS)
          .map(([name, flags]) => `* LIST (${flags}) "/" "${name}"\r\n`)
          .join('')
      if (command.startsWith('STATUS'))
        return `* STATUS "${path}" (UIDVALIDITY 1 UIDNEXT 100 MESSAGES ${inFolder(path).length} HIGHESTMODSEQ ${modseq})\r\n`
      if (command.startsWith('SELECT')) {
        selected = path
        return `* ${inFolder(path).length} EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT 100] ok\r\n* OK [HIGHESTMODSEQ ${modseq}] ok\r\n`
      }
      if (command.startsWith('UID SEARCH')) {
        const found = inFolder(selected).filter(({ labels }) => !command.includes('X-GM-RAW') || labels.length === 0)
        return `* SEARCH ${found.map(({ uid }) => uid).join(' ')}\r\n`
      }
      if (command.startsWith('UID MOVE')) {
        const one = mails.find(({ uid }) => command.includes(` ${uid} `))!
        one.labels = one.labels.filter((label) => label !== selected)
        modseq++
        return `* OK [COPYUID 1 ${one.uid} ${one.uid}] moved\r\n`
      }
      if (!command.startsWith('UID FETCH')) return ''
      return inFolder(selected)
        .map((one, n) => {
          const part = command.includes('BODY') ? ` BODY[] {${bodyOf(one).length}}\r\n${bodyOf(one)}` : ''
          return `* ${n + 1} FETCH (UID ${one.uid} FLAGS (\\Seen) RFC822.SIZE ${bodyOf(one).length}${part})\r\n`
        })
        .join('')
    }
    socket.on('data', (bytes: Buffer) => {
      rest += bytes.toString('latin1')
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const [, tag = '', command = ''] = /^(\S+) (.*)$/.exec(rest.slice(0, end)) ?? []
        rest = rest.slice(end + 2)
        socket.write(`${answer(command)}${tag} OK done\r\n`)
      }
    })
  })
  return { server, change: () => modseq++ }
}

test('at Gmail mail that was archived is here, and mail that has a label is not here a second time', async () => {
  const mails: Mail[] = [
    { subject: 'new', uid: 1, labels: ['INBOX'] },
    { subject: 'labelled', uid: 2, labels: ['Work'] },
    { subject: 'archived', uid: 3, labels: [] },
  ]
  const asked: string[] = []
  const { server, change } = gmail(mails, asked)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const world = await openImapWorld('secret')
  try {
    const account = await world.add({ port: (server.address() as AddressInfo).port, user: 'ada' }, 'secret')
    const look = async () => {
      expect((await world.fetch(account)).problem).toBeNull()
      return world.look(account)
    }
    const seen = (...subjects: string[]) => subjects.map((subject) => `${subject} \\Seen`)
    const all = (inbox: string[], work: string[], rest: string[]) => ({
      'Inbox': seen(...inbox),
      'Work': seen(...work),
      '[Gmail]/All Mail': seen(...rest),
      '[Gmail]/Trash': [],
    })
    expect(await look()).toEqual(all(['new'], ['labelled'], ['archived']))

    // Archived here: it leaves the Inbox there, and is here once.
    const [inbox] = world.messages(account, 'Inbox')
    await world.store.write('message.move', { ids: [inbox!.id], to: { role: 'archive' } })
    expect(await look()).toEqual(all([], ['labelled'], ['new', 'archived']))
    expect(asked.filter((one) => one.startsWith('UID MOVE'))).toEqual(['UID MOVE 1 "[Gmail]/All Mail"'])
    expect(mails[0]!.labels).toEqual([])

    // Another program gives a label, and takes one off.
    mails[2]!.labels = ['Work']
    mails[1]!.labels = []
    change()
    expect(await look()).toEqual(all([], ['archived'], ['new', 'labelled']))
    asked.splice(0)
    await look()
    expect(asked.filter((one) => /^(?:SELECT|UID)/.test(one))).toEqual([])
  } finally {
    await world.close()
    server.close()
  }
})
