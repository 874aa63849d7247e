import { afterEach, beforeEach, expect, test } from 'vitest'
import { readAttachment, readFields, readMessage } from '../message/read.ts'
import { PERSON } from '../store/folder.ts'
import { getMessage } from '../store/message-list.ts'
import { listRuleHistory } from '../store/rule-history.ts'
import { listRules } from '../store/rule.ts'
import { listTags, tagsOf } from '../store/tag.ts'
import { fakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { RuleHouse } from '../../test/support/rule-house.ts'

let clock: FakeClock
let house: RuleHouse
beforeEach(async () => {
  clock = fakeClock()
  house = await new RuleHouse(clock).open()
})
afterEach(() => house.close())

const tag = (name: string) => house.store.write('tag.save', { name, colour: '#00aa00', number: null })

test('mail is moved, tagged, starred and marked when it comes, in the order of the rules, until one says stop', async () => {
  const work = await tag('Work')
  await house.rule('subject:report', 'tag:Work; star; read')
  await house.rule('tag:Work', 'move:archive; stop')
  await house.rule('*', 'delete')
  const report = await house.arrive(house.mail({ Subject: 'the report' }))
  const other = await house.arrive(house.mail())
  await house.sorted()
  expect(house.where(report)).toBe('Archive')
  expect(house.where(other)).toBe('Trash')
  expect(house.message(report)).toMatchObject({ seen: true, starred: true })
  expect(tagsOf(house.store.read, report)).toEqual([work.id])
  expect(house.told(report)).toEqual(['tagged Work', 'starred', 'marked read', 'moved to Archive'])
  expect(listRules(house.store.read)).toMatchObject([
    { matches: 1, lastMatchMs: clock.nowMs() },
    { matches: 1 },
    { matches: 1 },
  ])
})

test('a tag, a star and the mark of being read are taken off again', async () => {
  await tag('Work')
  await house.rule('*', 'tag:Work; star; read')
  await house.rule('*', 'untag:Work; unstar; unread')
  const id = await house.arrive(house.mail())
  await house.sorted()
  expect(house.message(id)).toMatchObject({ seen: false, starred: false })
  expect(tagsOf(house.store.read, id)).toEqual([])
  expect(house.told(id).slice(3)).toEqual(['the tag Work taken off', 'the star taken off', 'marked unread'])
})

test('a copy has the same bytes and is found, and no rule is asked about it', async () => {
  await house.rule('*', 'copy:archive')
  const id = await house.arrive(house.mail({ Subject: 'twice' }, 'unmistakable'))
  await house.sorted()
  const [copy, ...others] = house.inFolder('archive')
  expect(others).toEqual([])
  expect(await house.store.readBody(copy!.view)).toEqual(await house.store.readBody(house.message(id)!.view))
  const { rows } = await house.store.query('message.search', {
    query: { kind: 'text', field: null, text: 'unmistakable', isPrefix: false },
    before: null,
    limit: 10,
    nowMs: clock.nowMs(),
  })
  expect(rows.map((row) => row.id).toSorted()).toEqual([id, copy!.id].toSorted())
})

test('what is removed for good is gone with its bytes; to the Trash it can be brought back from', async () => {
  await house.rule('subject:spam', 'erase')
  await house.rule('subject:old', 'delete; delete')
  const spam = await house.arrive(house.mail({ Subject: 'spam' }))
  const { blobId } = house.message(spam)!
  const old = await house.arrive(house.mail({ Subject: 'old' }))
  await house.sorted()
  expect(house.message(spam)).toBeUndefined()
  await expect(house.store.readBody({ blobId, prefix: '', removed: [], sizeBytes: 1 })).rejects.toMatchObject({
    code: 'blob.damaged',
  })
  expect(house.where(old)).toBe('Trash')
  expect(house.told(old)).toEqual(['moved to the Trash', 'is in the Trash already'])
})

test('a rule sends on: as an attachment, below a header, and the message itself', async () => {
  await house.rule('subject:a', 'forward:kim@far.test,lee@far.test')
  await house.rule('subject:b', 'forward-inline:kim@far.test')
  await house.rule('subject:c', 'redirect:kim@far.test')
  const type = { 'MIME-Version': '1.0', 'Content-Type': 'text/plain; charset=utf-8' }
  for (const Subject of ['a', 'b', 'c']) await house.arrive(house.mail({ Subject, ...type }, 'the text'))
  await house.sorted()
  const [attached, inline, redirected] = await house.sent()
  expect(attached).toMatchObject({ from: 'me@here.test', to: ['kim@far.test', 'lee@far.test'] })
  expect(attached?.raw).toContain('Subject: Fwd: a\r\n')
  expect(attached?.raw).toContain('From: "Me, Myself" <me@here.test>\r\n')
  expect(attached?.raw).toMatch(
    /Content-Type: message\/rfc822\r\n[^]*\r\n\r\nReturn-Path[^]*Subject: a\r\n[^]*the text\r\n\r\n--/,
  )
  expect(attached?.raw).toContain('X-Loop: me@here.test\r\n')
  expect(inline?.raw).toMatch(/\r\nContent-Type: text\/plain; charset=utf-8\r\n\r\nthe text\r\n\r\n--/)
  expect(redirected).toMatchObject({ from: 'me@here.test', to: ['kim@far.test'] })
  expect(redirected?.raw).toMatch(/^Received: \(by a rule of me@here\.test\) by here\.test; [^]*\r\nResent-From: /)
  expect(redirected?.raw).toMatch(/Resent-To: kim@far\.test\r\nResent-Date: [^]*From: Ada <ada@far\.test>\r\n/)
  expect(redirected?.raw).not.toContain('Return-Path')
  expect(house.inFolder('inbox').every((message) => message.forwarded)).toBe(true)
  const [history] = listRuleHistory(house.store.read, house.inFolder('inbox')[0]!.id)
  expect(history?.entryIds).toHaveLength(1)
})

test('the queue says which rule caused what is in it', async () => {
  await house.rule('*', 'redirect:kim@far.test')
  const id = await house.arrive(house.mail())
  await house.sorted()
  const { listAudit } = await import('../store/queue-audit.ts')
  expect(listAudit(house.store.read, Number.MAX_SAFE_INTEGER, 10)).toMatchObject([
    { who: 'engine', what: 'rule', entryId: 1, detail: expect.stringContaining(`redirects message ${id}`) },
  ])
})

test('an answer goes to each sender once in so many days, with the null reverse-path and marked as automatic', async () => {
  await house.rule('*', 'reply:"I am away. Your {subject} waits." every:3d')
  await house.arrive(house.mail({ 'Subject': 'question', 'Message-ID': '<q@far.test>' }))
  await house.arrive(house.mail({ Subject: 'another' }))
  await house.sorted()
  const [answer, ...others] = await house.sent()
  expect(others).toEqual([])
  expect(answer).toMatchObject({ from: null, to: ['ada@far.test'] })
  expect(answer?.raw).toContain('Auto-Submitted: auto-replied\r\n')
  expect(answer?.raw).toContain('Subject: Auto: question\r\n')
  expect(answer?.raw).toContain('In-Reply-To: <q@far.test>\r\n')
  expect(answer?.raw).toContain('References: <q@far.test>\r\n')
  expect(answer?.raw).toContain('I am away. Your question waits.')
  clock.advance(3 * 86_400_000 + 1)
  await house.arrive(house.mail())
  await house.sorted()
  expect(await house.sent()).toHaveLength(2)
})

test('what is removed after it is sent on stays until it is in the queue, and stays for good where that fails', async () => {
  await house.rule('*', 'redirect:kim@far.test; erase')
  const accept = house.accept
  house.accept = async () => ({ accepted: false, reply: { code: 554, enhanced: '5.4.6', lines: ['too many hops'] } })
  const refused = await house.arrive(house.mail())
  await house.sorted()
  expect(house.message(refused)).toBeDefined()
  expect(house.told(refused)).toEqual([
    'not redirected to kim@far.test: The queue does not take it: too many hops.',
    'not removed for good: something of it could not be sent',
  ])
  expect(house.trouble()).toBe('The queue does not take it: too many hops.')
  house.accept = accept
  const taken = await house.arrive(house.mail())
  await house.sorted()
  expect(house.message(taken)).toBeUndefined()
  expect(await house.sent()).toHaveLength(1)
  expect(house.trouble()).toBeNull()
})

test('what the queue does not take for now is tried again, and said on the rule meanwhile', async () => {
  await house.rule('*', 'redirect:kim@far.test')
  const accept = house.accept
  house.accept = async () => ({ accepted: false, reply: { code: 452, enhanced: '4.3.1', lines: ['no room'] } })
  await house.arrive(house.mail())
  await house.sorted()
  expect(house.trouble()).toBe('The queue does not take it: no room. It is tried again.')
  house.accept = accept
  clock.advance(61_000)
  await house.sorted()
  expect(await house.sent()).toHaveLength(1)
})

test('no more is sent in a day than the settings allow, and the rule says so', async () => {
  house.settings = { ...house.settings, 'rules.forwardsPerDay': 2, 'rules.repliesPerDay': 0 }
  await house.rule('*', 'redirect:kim@far.test; reply:away')
  const ids = [await house.arrive(house.mail()), await house.arrive(house.mail()), await house.arrive(house.mail())]
  await house.sorted()
  expect(await house.sent()).toHaveLength(2)
  expect(house.told(ids[2]!)).toEqual([
    'not redirected to kim@far.test: rules send at most 2 such messages a day',
    'not answered ada@far.test: rules send at most 0 such messages a day',
  ])
  expect(house.trouble()).toContain('at most 0')
  clock.advance(86_400_001)
  await house.arrive(house.mail())
  await house.sorted()
  expect(await house.sent()).toHaveLength(3)
})

test('nothing is sent because of mail that came to its server long ago', async () => {
  await house.rule('*', 'redirect:kim@far.test; reply:away')
  const id = await house.arrive(house.mail())
  clock.advance(8 * 86_400_000)
  await house.sorted()
  expect(await house.sent()).toEqual([])
  expect(house.told(id)).toEqual([
    'not redirected: it came to its server more than 7 days ago',
    'not answered: it came to its server more than 7 days ago',
  ])
})

test('a folder or a tag that is gone is said on the rule; the mail stays and the rest is done', async () => {
  const work = await tag('Work')
  const folderId = await house.store.write('folder.ensure', {
    owner: { accountId: null, userId: house.userId },
    role: 'junk',
  })
  await house.store.write('rule.save', {
    name: 'gone',
    enabled: true,
    scope: { kind: 'all' },
    condition: { kind: 'all', of: [], not: false },
    actions: [
      { do: 'move', to: { kind: 'folder', folderId: folderId + 1000 } },
      { do: 'copy', to: { kind: 'folder', folderId: folderId + 1000 } },
      { do: 'tag', tagId: work.id },
      { do: 'star' },
    ],
  })
  await house.store.write('tag.remove', { id: work.id })
  const id = await house.arrive(house.mail())
  await house.sorted()
  expect(house.where(id)).toBe('Inbox')
  expect(house.told(id)).toEqual([
    'not moved: the folder is gone',
    'not copied: the folder is gone',
    'not tagged: the tag is gone',
    'starred',
  ])
  expect(house.trouble()).toBe('not tagged: the tag is gone')
})

test('rules are for whose mail they say: all is not the mail of local users', async () => {
  const bob = { accountId: null, userId: house.userId }
  await house.rule('*', 'star')
  await house.rule('*', 'move:archive', { kind: 'user', userId: house.userId })
  const mine = await house.arrive(house.mail())
  const his = await house.arrive(house.mail({ To: 'bob@here.test' }), bob)
  await house.sorted()
  expect(house.message(mine)?.starred).toBe(true)
  expect(house.where(mine)).toBe('Inbox')
  expect(house.message(his)?.starred).toBe(false)
  expect(house.inFolder('archive', bob).map(({ id }) => id)).toEqual([his])
})

test('with no rule that is enabled nothing is noted of mail that comes', async () => {
  const id = await house.rule('*', 'star')
  await house.store.write('rule.enable', { id, enabled: false })
  const message = await house.arrive(house.mail())
  await house.sorted()
  expect(getMessage(house.store.read, message)?.starred).toBe(false)
  expect(listRuleHistory(house.store.read, message)).toEqual([])
  expect(house.inFolder('inbox', PERSON)).toHaveLength(1)
  expect(listTags(house.store.read)).toEqual([])
})

test('what was done long ago is forgotten, as long as the settings say', async () => {
  house.settings = { ...house.settings, 'rules.historyDays': 10, 'rules.sendMaxAgeDays': 30 }
  await house.rule('*', 'star')
  const id = await house.arrive(house.mail())
  house.runner.start()
  await house.sorted()
  const forget = async (days: number) => {
    for (let hour = 0; hour < days * 24; hour += 6) {
      clock.advance(6 * 3_600_000)
      await house.store.write('rule.todo-later', { messageId: 0, dueMs: 0 }) // behind whatever that has begun
    }
  }
  await forget(9)
  expect(house.told(id)).toEqual(['starred'])
  await forget(2)
  expect(house.told(id)).toEqual([])
})

test('a sender is not answered sooner because little is remembered of what rules did', async () => {
  house.settings = { ...house.settings, 'rules.historyDays': 1 }
  await house.rule('*', 'reply:away every:30d')
  await house.arrive(house.mail())
  await house.sorted()
  for (const days of [20, 9]) {
    clock.advance(days * 86_400_000)
    await house.store.write('rule.forget', { beforeMs: clock.nowMs() - 86_400_000 })
    await house.arrive(house.mail())
    await house.sorted()
    expect(await house.sent()).toHaveLength(1)
  }
  clock.advance(2 * 86_400_000)
  await house.arrive(house.mail())
  await house.sorted()
  expect(await house.sent()).toHaveLength(2)
})

test('no CR and no LF stands alone in what is sent on, whatever was fetched', async () => {
  const { id: accountId } = await house.store.write('account.add', {
    name: 'Far',
    host: 'mail.far.test',
    port: 995,
    tls: 'implicit',
    user: 'me@here.test',
    keep: true,
    everySeconds: 300,
    secret: { login: 'password', value: Buffer.from('x') },
  })
  await house.rule('*', 'forward:kim@far.test; forward-inline:kim@far.test,lee@far.test; redirect:kim@far.test')
  const raw = Buffer.from(
    'From: ada@far.test\nTo: me@here.test\r\nContent-Type: text/plain;\n charset=utf-8\r\nX-Loop: a\rb\r\n\r\none\n.\ntwo\r.\r\nMAIL FROM:<x@y.test>\r',
  )
  const arrivals = [{ uidl: 'a', body: { raw }, fields: readFields(raw), receivedMs: clock.nowMs() }]
  const from = { host: 'mail.far.test', user: 'me@here.test' }
  await house.store.write('pop3.keep', { accountId, from, arrivals })
  await house.sorted()
  const sent = await house.sent()
  expect(sent).toHaveLength(3)
  for (const { raw: text } of sent) {
    expect(text).toContain('\r\n.\r\ntwo\r\n.\r\nMAIL')
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  }
})

test('a long message beyond ASCII is sent on whole, in 7 bits, and reads as it did', async () => {
  await house.rule('*', 'forward:kim@far.test; forward-inline:kim@far.test,lee@far.test; redirect:kim@far.test')
  const text = 'grüße an alle\n'.repeat(30_000)
  const type = {
    'MIME-Version': '1.0',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Transfer-Encoding': '8bit',
  }
  await house.arrive(house.mail(type, text))
  await house.sorted()
  const raws = (await house.sent()).map(({ raw }) => Buffer.from(raw, 'latin1'))
  expect(raws.map((raw) => raw.every((byte) => byte < 0x80))).toEqual([true, true, true])
  const plain = (raw: Uint8Array) => readMessage(raw).text?.replaceAll('\r\n', '\n')
  const attached = readAttachment(raws[0]!, 0)
  expect(attached?.contentType).toBe('message/rfc822')
  expect(plain(attached!.bytes)).toBe(`${text}\n`)
  expect(plain(raws[1]!)).toContain(text)
  expect(plain(raws[2]!)).toBe(`${text}\n`)
})
