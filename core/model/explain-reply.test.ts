import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { adviceOf, adviceOfText, explainRefusal, explainReply, readReply } from './explain-reply.ts'
import { isAboutAddress, MEANINGS, REPLY_KINDS } from './reply-advice.ts'
import { REPLY_RULES } from './reply-rules.ts'
import type { Reply } from './reply.ts'

const folder = new URL('../../test/replies/', import.meta.url)

/** What a server said, taken apart by lines and nothing else: the test's own reader of the file. */
function* samples(file: string): Generator<{ kind: string; reply: Reply; text: string }> {
  let kind = ''
  let lines: string[] = []
  for (const line of readFileSync(new URL(file, folder), 'utf8').split('\n')) {
    if (line.startsWith('= ')) kind = line.slice(2)
    else if (/^\d{3}-/.test(line)) lines.push(line)
    else if (/^\d{3} /.test(line)) {
      lines.push(line)
      const [, code, enhanced] = /^(\d{3})[ -](\d\.\d+\.\d+)?/.exec(lines[0] ?? '') ?? []
      const texts = lines.map((one) => one.slice(4).replace(/^\d\.\d+\.\d+ /, ''))
      yield {
        kind,
        reply: { code: Number(code), ...(enhanced === undefined ? {} : { enhanced }), lines: texts },
        text: lines.join('\n'),
      }
      lines = []
    }
  }
}
const files = readdirSync(folder).filter((name) => name.endsWith('.txt'))
const all = files.flatMap((file) => [...samples(file)])

describe('real replies', () => {
  for (const file of files)
    test(`${file}: each is known for what it is`, () => {
      const seen = [...samples(file)].map(({ reply, text }) => `${adviceOf(reply)?.kind}: ${text}`)
      expect(seen).toEqual([...samples(file)].map(({ kind, text }) => `${kind}: ${text}`))
    })

  test('are many, and show every kind and every rule that has words of its own', () => {
    expect(all.length).toBeGreaterThan(300)
    const kinds = new Set(all.map(({ kind }) => kind))
    expect(REPLY_KINDS.filter((kind) => !kinds.has(kind))).toEqual([])
    const rules = new Set(all.map(({ reply }) => adviceOf(reply)?.rule))
    expect(REPLY_RULES.filter((rule) => rule.text && !rules.has(rule.id)).map(({ id }) => id)).toEqual([])
  })

  test('read the same from the text that is stored and shown', () => {
    for (const { kind, text } of all) expect(adviceOfText(text)?.kind).toBe(kind)
    for (const { kind, reply } of all) {
      const stored = `${reply.code} ${reply.enhanced === undefined ? '' : `${reply.enhanced} `}${reply.lines.join(' ')}`
      expect(`${adviceOfText(stored)?.kind}: ${stored}`).toBe(`${kind}: ${stored}`)
    }
  })
})

test('every rule has a name of its own and a pattern that no text can make slow', () => {
  expect(new Set(REPLY_RULES.map(({ id }) => id)).size).toBe(REPLY_RULES.length)
  for (const { code, status, text } of REPLY_RULES)
    for (const pattern of [code, status, text]) {
      const source = pattern?.source ?? ''
      expect(source).not.toMatch(/(?<!\\)[*+]/)
      expect(source).not.toMatch(/\{\d+,\}/)
      // One gap a branch: two that may share the same characters multiply.
      for (const branch of source.split('|')) expect(branch.match(/\{0,\d+\}/g)?.length ?? 0).toBeLessThan(2)
    }
})

test('advice says what it is, who acts and what to do, in whole sentences', () => {
  for (const { title, meaning, next } of Object.values(MEANINGS)) {
    expect(title).toMatch(/^[A-Z].*[^.]$/)
    expect(meaning).toMatch(/^[A-Z].*\.$/)
    expect(next).toMatch(/^[A-Z].*\.$/)
  }
})

test('a reply that refuses nothing needs no advice', () => {
  expect(adviceOf({ code: 250, lines: ['ok, no greylisting here'] })).toBeUndefined()
  expect(adviceOfText('354 go')).toBeNull()
  expect(adviceOfText('no reply at all')).toBeNull()
  expect(adviceOfText(null)).toBeNull()
})

test('what a server says beyond its first page changes nothing', () => {
  const lines = ['x '.repeat(5000), 'user unknown']
  expect(adviceOf({ code: 550, lines })?.kind).toBe('refused')
})

test('a reply is read from one line and from many', () => {
  expect(readReply('550-5.1.1 no\r\n550 5.1.1 such user')).toEqual({
    code: 550,
    enhanced: '5.1.1',
    lines: ['no', 'such user'],
  })
  expect(readReply('450 later')).toEqual({ code: 450, lines: ['later'] })
  expect(readReply('550')).toEqual({ code: 550, lines: [''] })
  expect(readReply('MAIL FROM:<>')).toBeUndefined()
  expect(readReply('5501 x')).toBeUndefined()
})

test('only a refusal of the address itself counts against the address', () => {
  expect(isAboutAddress('unknown-user')).toBe(true)
  for (const kind of ['blocklisted', 'spam', 'no-ptr', 'policy', 'authentication', 'too-large'] as const)
    expect(isAboutAddress(kind)).toBe(false)
})

test.each([
  ['550 5.1.1 no such user', 'There is no such mailbox', 'RFC 3463 §3, rule user.unknown2'],
  ['550 no', 'Refused', 'RFC 5321 §4.2.3, rule else.refused'],
  ['451 4.7.1 Greylisted', 'Greylisting: “come back later”', 'RFC 3463 §3, rule grey.word'],
  ['552 5.7.1 hm', 'The server will not take this from you', 'RFC 3463 §3, rule policy.status'],
  ['-ERR [IN-USE] x', 'The maildrop is in use', 'RFC 2449 §8.1.2'],
])('%j is explained', (line, title, source) => {
  expect(explainRefusal(line)).toMatchObject({ title, source })
})

test('a refusal is explained by its words, else by its most telling code', () => {
  expect(explainReply('550 5.1.1 xyz')).toContain('no mailbox of that name')
  expect(explainReply('550 xyz')).toContain('mailbox does not exist')
  expect(explainReply('550 xyz: mailbox is full')).toContain('room')
  expect(explainReply('-ERR [AUTH] no')).toContain('password is wrong')
  expect(explainReply('-ERR')).toContain('POP3 has one word')
})

test('a reply that goes well is explained in one sentence', () => {
  expect(explainReply('250-PIPELINING')).toBe('Done.')
  expect(explainReply('354 go')).toBe('The server is ready for the message.')
  expect(explainReply('+OK')).toBeUndefined()
  expect(explainReply('MAIL FROM:<>')).toBeUndefined()
  expect(explainRefusal('250 ok')).toBeUndefined()
})
