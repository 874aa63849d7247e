import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mboxOf, openTransferHouse, type TransferHouse } from '../../test/support/transfer-house.ts'
import { systemClock } from '../base/clock.ts'
import { startThread } from '../base/start-thread.ts'
import { listContacts } from '../store/contact.ts'
import { tagNamesOf } from '../store/export-list.ts'
import { ImportThreads, type ImportThreadName } from './import-threads.ts'

let house: TransferHouse
beforeEach(async () => {
  house = await openTransferHouse()
})
afterEach(() => house.close())

function write(name: string, text: string | Uint8Array): string {
  const path = join(house.files, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
  return path
}
const count = () => house.store.read.prepare<[], { n: number }>('SELECT count(*) AS n FROM message').get()?.n
const subjects = (folder: string) => house.list(folder).map(({ subject }) => subject)
const found = async (text: string) => {
  const { parseSearch } = await import('../model/search-query.ts')
  const query = parseSearch(text).query!
  const { rows } = await house.store.query('message.search', { query, before: null, limit: 100, nowMs: Date.now() })
  return rows.map(({ subject }) => subject)
}

describe('an import', () => {
  test('keeps an mbox file in a folder by its name, by the dates of its mail, found by words and days', async () => {
    const done = await house.bring([write('letters.mbox', mboxOf(600))])
    expect(done).toMatchObject({
      state: 'done',
      imported: 600,
      duplicates: 0,
      problems: 0,
      sourcesDone: 1,
      folder: null,
    })
    expect(done.bytesDone).toBe(done.bytesTotal)
    expect(subjects('letters')).toEqual(Array.from({ length: 600 }, (_, n) => `m ${n}`))
    expect(await found('"text 598"')).toEqual(['m 598'])
    expect(await found('in:letters before:2020-01-02 subject:m')).toHaveLength(24)
    expect(house.touched.size).toBe(1)
    const [first] = house.list('letters')
    expect(first).toMatchObject({ dateMs: Date.UTC(2020, 0, 1), receivedMs: Date.UTC(2020, 0, 1), seen: true })
    expect(await house.textOf(first!)).toContain('Message-ID: <m-0@author.example>\r\n\r\ntext 0\r\n')
  })

  test('puts all of it into one folder where that is wanted', async () => {
    const paths = [write('a.mbox', mboxOf(3, 'a')), write('b.mbox', mboxOf(3, 'b'))]
    expect(await house.bring(paths, { name: 'Old mail' })).toMatchObject({ imported: 6, folder: 'Old mail' })
    expect(subjects('Old mail')).toHaveLength(6)
    expect(await house.bring(paths, { name: 'inbox' })).toMatchObject({ imported: 0, duplicates: 6, folder: 'Inbox' })
  })

  test('knows mail that is here already, whatever programs have noted in it, and other mail of the same Message-ID', async () => {
    const mbox = mboxOf(4)
    await house.bring([write('a.mbox', mbox)])
    const noted = mbox
      .replaceAll(/^Subject/gm, 'Status: RO\nX-Mozilla-Status: 0001\nSubject')
      .replaceAll(/^text 2$/gm, 'text 2\n\n\n')
    const other = noted.replace('text 3', 'another text')
    expect(await house.bring([write('b.mbox', other)])).toMatchObject({ imported: 1, duplicates: 3 })
    expect(count()).toBe(5)
  })

  test('knows mail without Message-ID and Date again', async () => {
    const mbox =
      'From a@b.example Sat Jan  3 01:05:34 2026\nSubject: no id\n\nx\n\nFrom a@b.example Sat Jan  3 01:05:35 2026\nSubject: no id\n\ny\n'
    expect(await house.bring([write('a.mbox', mbox)])).toMatchObject({ imported: 2, duplicates: 0 })
    expect(await house.bring([write('b.mbox', mbox)])).toMatchObject({ imported: 0, duplicates: 2 })
  })

  test('does not count what lies in the Trash as being here', async () => {
    await house.bring([write('a.mbox', mboxOf(2))])
    await house.store.write('message.remove', { ids: house.list('a').map(({ id }) => id) })
    expect(await house.bring([write('b.mbox', mboxOf(2))])).toMatchObject({ imported: 2, duplicates: 0 })
  })

  test('makes flags and tags of what another program noted', async () => {
    const mbox = mboxOf(1).replace('Subject', 'Status: RO\nX-Status: AF\nX-Keywords: holidays\nSubject')
    await house.bring([write('a.mbox', mbox)])
    const [message] = house.list('a')
    expect(message).toMatchObject({ seen: true, starred: true, answered: true, forwarded: false })
    expect(tagNamesOf(house.store.read, message!.id)).toEqual(['holidays'])
  })

  test('names what did not come in, with file and place', async () => {
    const mbox = `${mboxOf(1)}From x@y.example Sat Jan  3 01:05:34 2026\n${mboxOf(1, 'z').replace('Subject', 'X-Mozilla-Status: 0009\nSubject')}`
    const path = write('a.mbox', mbox)
    const missing = join(house.files, 'missing.mbox')
    const picture = write('b.png', '\x89PNG\r\n\x1a\n')
    const done = await house.bring([path, missing, picture])
    expect(done).toMatchObject({ state: 'done', imported: 1, deleted: 1, problems: 3 })
    const { rows, total, more } = await house.api.imports.report({ id: done.id, after: null, limit: 200 })
    expect({ total, more }).toEqual({ total: 4, more: false })
    expect(rows.map(({ path: at, what, reason }) => [at, what, reason])).toEqual([
      [missing, 'refused', 'there is no such file'],
      [picture, 'refused', 'it does not begin as mail does'],
      [path, 'refused', 'it is empty'],
      [path, 'deleted', 'it was marked as deleted there'],
    ])
    expect(rows[2]?.offset).toBe(mboxOf(1).length)
    expect(rows[3]?.subject).toBe('z 0')
  })

  test('of very many that were deleted there keeps its place, and names a thousand of them', async () => {
    const gone = mboxOf(1500).replaceAll('Subject', 'X-Mozilla-Status: 0009\nSubject')
    const done = await house.bring([write('a.mbox', gone + mboxOf(1, 'z'))])
    expect(done).toMatchObject({ state: 'done', imported: 1, deleted: 1500, problems: 0 })
    const named = house.store.read.prepare<[], { n: number }>('SELECT count(*) AS n FROM import_problem').get()
    expect(named).toEqual({ n: 1000 })
    expect((await house.api.imports.report({ id: done.id, after: null, limit: 1 })).total).toBe(1500)
  })

  test('of nothing is refused in words, and leaves nothing behind', async () => {
    const start = house.api.imports.start({ from: { paths: [join(house.files, 'none')] }, into: null })
    await expect(start).rejects.toMatchObject({
      code: 'import.nothing',
      message: expect.stringContaining('there is no such file'),
    })
    expect(await house.api.imports.list()).toEqual([])
  })

  test('learns whom mail in Sent was written to, and puts mail into its conversation', async () => {
    const answer = mboxOf(1, 're').replace('Subject: re 0', 'Subject: Re: m 0\nIn-Reply-To: <m-0@author.example>')
    await house.bring([write('Inbox', mboxOf(1)), write('Sent', answer)])
    expect(listContacts(house.store.read, { after: null, limit: 10 }).map(({ address }) => address)).toEqual([
      'bob@far.example',
    ])
    expect(house.list('Sent')[0]?.threadId).toBe(house.list('Inbox')[0]?.threadId)
  })

  test('keeps a long message byte by byte, and knows it again', async () => {
    const body = `${'a line of some length, again and again\n'.repeat(20_000)}From here\n`
    const mbox = `From a@b.example Sat Jan  3 01:05:34 2026\nSubject: long\nMessage-ID: <long@b.example>\n\n${body.replace('From here', '>From here')}\n`
    expect(await house.bring([write('a.mbox', mbox)])).toMatchObject({ imported: 1 })
    const [message] = house.list('a')
    const text = `Subject: long\nMessage-ID: <long@b.example>\n\n${body}`.replaceAll('\n', '\r\n')
    expect((await house.textOf(message!)) === text).toBe(true)
    expect(await house.bring([write('b.mbox', mbox)])).toMatchObject({ imported: 0, duplicates: 1 })
    expect(house.store.read.prepare(`SELECT count(*) AS n FROM blob WHERE state = 'staged'`).get()).toEqual({ n: 0 })
  })

  test('of many folders keeps the folders, and what is no mail is named', async () => {
    write('box/a.mbox', mboxOf(1, 'a'))
    write('box/sub/b.eml', 'Subject: b\n\nx\n')
    write('box/sub/c.eml', 'Subject: c\n\nx\n')
    write('box/sub/notes.doc', 'hello')
    expect(await house.bring([join(house.files, 'box')])).toMatchObject({ imported: 3, problems: 1, sourcesTotal: 2 })
    expect(subjects('box/a')).toEqual(['a 0'])
    expect(subjects('box/sub')).toEqual(['b', 'c'])
    expect(house.list('box/sub')[0]).toMatchObject({ seen: false })
  })

  test('is looked at before it is begun', async () => {
    write('box/a.mbox', mboxOf(2))
    const from = { paths: [join(house.files, 'box')] }
    expect(await house.api.imports.look({ from, into: null })).toMatchObject({
      sources: [{ kind: 'mbox', folder: 'box/a', path: join(house.files, 'box', 'a.mbox') }],
      total: 1,
      sizeBytes: mboxOf(2).length,
    })
    expect((await house.api.imports.look({ from, into: { name: 'F' } })).sources[0]?.folder).toBe('F')
  })
})

describe('a maildir', () => {
  test('comes with its flags, keywords and folders, those of Maildir++ and those inside others', async () => {
    for (const name of [
      'cur',
      'new',
      'tmp',
      '.Sent/cur',
      '.Sent/new',
      '.A.M&APw-nchen/cur',
      '.A.M&APw-nchen/new',
      'plain/cur',
      'plain/tmp',
    ])
      mkdirSync(join(house.files, 'Maildir', name), { recursive: true })
    write('Maildir/dovecot-keywords', '0 holidays\n1 $Forwarded\n')
    write('Maildir/cur/1500000000.1.host:2,FRSa', 'Subject: one\n\nx\n')
    write('Maildir/cur/1500000001.2.host:2,PSb', 'Subject: two\n\nx\n')
    write('Maildir/cur/1500000002.3.host:2,ST', 'Subject: gone\n\nx\n')
    write('Maildir/new/1500000003.4.host', 'Subject: four\n\nx\n')
    write('Maildir/.Sent/cur/1500000004.5.host:2,S', 'Subject: five\n\nx\n')
    write('Maildir/.A.M&APw-nchen/cur/1500000005.6.host:2,', 'Subject: six\n\nx\n')
    write('Maildir/plain/cur/1500000006.7.host', 'Subject: seven\n\nx\n')
    const done = await house.bring([join(house.files, 'Maildir')])
    expect(done).toMatchObject({ imported: 6, deleted: 1, problems: 0 })
    const [one, two, four] = house.list('Inbox')
    expect(one).toMatchObject({
      subject: 'one',
      seen: true,
      starred: true,
      answered: true,
      forwarded: false,
      receivedMs: 1.5e12,
    })
    expect(tagNamesOf(house.store.read, one!.id)).toEqual(['holidays'])
    expect(two).toMatchObject({ subject: 'two', seen: true, starred: false, forwarded: true })
    expect(four).toMatchObject({ subject: 'four', seen: false })
    expect(subjects('Sent')).toEqual(['five'])
    expect(house.list('A/München')).toMatchObject([{ subject: 'six', seen: false }])
    expect(house.list('plain')).toMatchObject([{ subject: 'seven', seen: true }])
  })
})

describe('a Thunderbird profile', () => {
  const profile = () => join(house.files, 'tb', 'abcd.default')
  const tb = (name: string, text: string) => write(join('tb', 'abcd.default', name), text)
  const from = 'From - Sat Jan 03 01:05:34 2026\n'
  const message = (subject: string, status = '0001') =>
    `${from}X-Mozilla-Status: ${status}\nX-Mozilla-Status2: 00000000\nX-Mozilla-Keys: $label2  \nSubject: ${subject}\n\nx\n\n`
  const pref = (n: number, key: string, value: string) =>
    `user_pref("mail.server.server${n}.${key}", ${JSON.stringify(value)});\n`

  test('comes with the folders of each account, without what was deleted and what is no mail', async () => {
    write(
      'tb/profiles.ini',
      '[Install1]\nDefault=abcd.default\n\n[Profile0]\nName=me\nIsRelative=1\nPath=abcd.default\n',
    )
    tb(
      'prefs.js',
      pref(1, 'directory-rel', '[ProfD]ImapMail/imap.example') +
        pref(1, 'name', 'ada@author.example') +
        pref(1, 'type', 'imap'),
    )
    tb('ImapMail/imap.example/INBOX', message('one') + message('gone', '0009') + message('three', '0005'))
    tb('ImapMail/imap.example/INBOX.msf', '// <!-- <mdb:mork:z v="1.4"/> -->')
    tb('ImapMail/imap.example/Archives', '')
    tb('ImapMail/imap.example/Archives.sbd/2024', message('four'))
    tb('ImapMail/imap.example/msgFilterRules.dat', 'version="9"')
    tb('Mail/Local Folders/Letters/cur/1.eml', 'Subject: five\n\nx\n')
    mkdirSync(join(profile(), 'Mail/Local Folders/Letters/tmp'))
    const done = await house.bring([join(house.files, 'tb')])
    expect(done).toMatchObject({ state: 'done', imported: 4, deleted: 1, problems: 0 })
    const inbox = house.list('ada@author.example/INBOX')
    expect(inbox).toMatchObject([
      { subject: 'one', seen: true, starred: false },
      { subject: 'three', seen: true, starred: true },
    ])
    expect(tagNamesOf(house.store.read, inbox[0]!.id)).toEqual(['Work'])
    expect(subjects('ada@author.example/Archives/2024')).toEqual(['four'])
    expect(subjects('Local Folders/Letters')).toEqual(['five'])
  })

  test('with one account fills the own folders', async () => {
    tb('prefs.js', '')
    tb('Mail/pop.example/Inbox', message('one'))
    tb('Mail/pop.example/Sent', message('two'))
    tb('Mail/pop.example/Unsent Messages', '')
    await house.bring([profile()])
    expect([subjects('Inbox'), subjects('Sent')]).toEqual([['one'], ['two']])
  })
})

describe('an import that is stopped', () => {
  test('goes on where it was, and each message is there once', async () => {
    const path = write('big.mbox', mboxOf(600))
    const id = await house.stopped(path)
    const [stopped] = await house.api.imports.list()
    expect(stopped).toMatchObject({ id, state: 'cancelled' })
    expect(stopped!.imported).toBe(256)
    await house.api.imports.resume({ id })
    expect(await house.ended(id)).toMatchObject({ state: 'done', imported: 600, duplicates: 0 })
    expect(new Set(subjects('big')).size).toBe(600)
    await expect(house.api.imports.resume({ id })).rejects.toMatchObject({ code: 'conflict' })
    await house.api.imports.remove({ id })
    expect(await house.api.imports.list()).toEqual([])
  })

  test('by the end of the program is shown as interrupted, and goes on in the next run', async () => {
    const path = write('big.mbox', mboxOf(600))
    const { id } = await house.api.imports.start({ from: { paths: [path] }, into: null })
    await house.imports.close()
    const again = await openTransferHouse({}, house.store.folder)
    try {
      expect(await again.api.imports.list()).toMatchObject([{ id, state: 'interrupted' }])
      await again.api.imports.resume({ id })
      expect(await again.ended(id)).toMatchObject({ state: 'done', imported: 600, duplicates: 0 })
    } finally {
      await again.imports.close()
      await again.store.close()
      rmSync(again.files, { recursive: true })
    }
  })

  test('in a folder of files goes on behind the last of them', async () => {
    write('many/a.mbox', mboxOf(200))
    for (let n = 0; n < 300; n++)
      write(`many/${String(n).padStart(4, '0')}.eml`, `Subject: ${n}\nMessage-ID: <${n}@x.example>\n\nx\n`)
    const id = await house.stopped(join(house.files, 'many'))
    expect(house.imports.get(id)).toMatchObject({ state: 'cancelled', imported: 256 })
    await house.api.imports.resume({ id })
    expect(await house.ended(id)).toMatchObject({ state: 'done', imported: 500, duplicates: 0, problems: 0 })
    expect(house.list('many/a')).toHaveLength(200)
  })

  test('because its disk is gone says so, and goes on when it is back', async () => {
    const path = write('disk/mail.mbox', mboxOf(600))
    const id = await house.stopped(path)
    renameSync(join(house.files, 'disk'), join(house.files, 'gone'))
    await house.api.imports.resume({ id })
    expect(await house.ended(id)).toMatchObject({ state: 'failed', reason: `read "${path}": it is not there any more` })
    renameSync(join(house.files, 'gone'), join(house.files, 'disk'))
    appendFileSync(path, mboxOf(1, 'new'))
    await house.api.imports.resume({ id })
    expect(await house.ended(id)).toMatchObject({ state: 'done', imported: 601, duplicates: 0, reason: null })
  })
})

test('mail whose reading ends a thread is kept by its header, and all other mail as ever', async () => {
  // A thread that dies of one message: the real one, behind another that looks for a word.
  const startOne = (name: ImportThreadName) => {
    const worker = startThread('mailbox', name, null)
    if (name !== 'import-parse') return worker
    const post = worker.postMessage.bind(worker)
    worker.postMessage = (message: unknown, ...rest: never[]) => {
      const { packed, isHeaderOnly } = message as { packed: Buffer; isHeaderOnly: boolean }
      if (!isHeaderOnly && Buffer.from(packed).includes('poison')) void worker.terminate()
      else post(message, ...rest)
    }
    return worker
  }
  const threads = new ImportThreads(systemClock, startOne)
  const other = await openTransferHouse({ threads })
  try {
    const path = join(other.files, 'a.mbox')
    writeFileSync(
      path,
      mboxOf(40, 'm', (n) => (n === 17 ? 'poison\n' : `text ${n}\n`)),
    )
    expect(await other.bring([path])).toMatchObject({ state: 'done', imported: 40, problems: 0 })
    const rows = other.list('a')
    expect(rows.map(({ subject }) => subject)).toEqual(Array.from({ length: 40 }, (_, n) => `m ${n}`))
    expect(await other.textOf(rows[17]!)).toContain('poison')
  } finally {
    await other.close()
    await threads.close()
  }
})

describe('a file that is sent in', () => {
  const send = async (filename: string, bytes: Buffer, piece = 1000) => {
    const { handle } = await house.api.imports.upload.begin({ filename, sizeBytes: bytes.length })
    for (let at = 0; at < bytes.length; at += piece)
      await house.api.imports.upload.chunk({ handle, base64: bytes.subarray(at, at + piece).toString('base64') })
    return handle
  }
  test('is imported like one of this computer, and is gone afterwards', async () => {
    const mbox = Buffer.from(mboxOf(300))
    const uploads = [
      await send('letters.mbox', mbox, 10_007),
      await send('one.eml', Buffer.from('Subject: one\n\nx\n')),
    ]
    const { id } = await house.api.imports.start({ from: { uploads }, into: null })
    expect(await house.ended(id)).toMatchObject({ state: 'done', imported: 301, from: ['letters.mbox', 'one.eml'] })
    expect(subjects('letters')).toHaveLength(300)
    expect(subjects('Inbox')).toEqual(['one'])
    await expect(house.api.imports.start({ from: { uploads }, into: null })).rejects.toMatchObject({
      code: 'not-found',
    })
  })
  test('lies encrypted on the disk while it waits', async () => {
    const { readdirSync, readFileSync } = await import('node:fs')
    await send('letters.mbox', Buffer.from(mboxOf(3)))
    const folder = join(house.files, 'uploads')
    for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name)).includes('Subject')).toBe(false)
  })
  test('that is not whole is refused, and so is more than was announced', async () => {
    const { handle } = await house.api.imports.upload.begin({ filename: 'a', sizeBytes: 10 })
    await expect(house.api.imports.start({ from: { uploads: [handle] }, into: null })).rejects.toMatchObject({
      code: 'conflict',
    })
    const base64 = Buffer.alloc(11).toString('base64')
    await expect(house.api.imports.upload.chunk({ handle, base64 })).rejects.toMatchObject({ code: 'conflict' })
    await house.api.imports.upload.drop({ handle })
    await expect(house.api.imports.upload.chunk({ handle, base64 })).rejects.toMatchObject({ code: 'not-found' })
  })
})
