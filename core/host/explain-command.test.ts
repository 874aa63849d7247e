import { expect, test } from 'vitest'
import { explain } from './explain-command.ts'

async function said(...argv: string[]): Promise<string> {
  const out: (string | Uint8Array)[] = []
  const stdin: AsyncIterable<Uint8Array> = { async *[Symbol.asyncIterator]() {} }
  const io = {
    cwd: '/',
    stdin,
    stdout: async (text: string | Uint8Array) => void out.push(text),
    stderr: async () => {},
    signal: new AbortController().signal,
  }
  expect(await explain(argv, io)).toBe(0)
  return out.join('')
}

test('says what a reply means, who acts and what to do, and by which rule it knows', async () => {
  const words = await said('550 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org')
  expect(words).toMatch(/^Your network is on a block list\n\n/)
  expect(words).toContain('Who acts:  you\n')
  expect(words).toContain('What next: Send by a smarthost')
  expect(words).toMatch(/550: Refused\n5\.7\.1: .*\nrule list\.names \(blocklisted\)\n$/)
})

test('takes a reply of several lines, and words that are not quoted', async () => {
  expect(await said('550-5.1.1 The email account that you tried to reach\\n550 5.1.1 does not exist')).toMatch(
    /^There is no such mailbox\n/,
  )
  expect(await said('451', '4.7.1', 'Greylisted')).toMatch(/^Greylisting/)
})

test('gives the same as JSON', async () => {
  expect(JSON.parse(await said('--json', '452 4.2.2 full'))).toMatchObject({
    code: 452,
    enhanced: '4.2.2',
    advice: { kind: 'mailbox-full', who: 'recipient', rule: 'full.status2' },
  })
  expect(JSON.parse(await said('--json', '250 ok'))).toEqual({
    code: 250,
    enhanced: null,
    advice: null,
    words: [],
  })
})

test('a reply that refuses nothing is told for what it is', async () => {
  expect(await said('354 go')).toBe('The server is ready for the message.\n\n354: Go on\n')
})

test('says what a command or a capability is, in each protocol that has it', async () => {
  const chunking = await said('what is CHUNKING?')
  expect(chunking).toMatch(/^CHUNKING \(SMTP capability\): The message in pieces of a known size\n/)
  expect(chunking).toMatch(/\n {2}RFC 3030 §2\n$/)
  expect((await said('starttls')).match(/^STARTTLS \(.*\)/gm)).toEqual([
    'STARTTLS (SMTP command)',
    'STARTTLS (SMTP capability)',
    'STARTTLS (IMAP command)',
    'STARTTLS (IMAP capability)',
  ])
  expect(await said('250-AUTH PLAIN LOGIN')).toContain('PLAIN (SASL mechanism)')
  expect(await said('5.7.25')).toMatch(/\n5\.7\.25: The address has no name\n/)
})

test('what is no reply is a slip of the keyboard', async () => {
  await expect(said('no such user')).rejects.toMatchObject({ code: 'usage' })
})
