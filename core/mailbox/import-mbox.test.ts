import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { scratch, takeAll } from '../../test/support/taken.ts'

const MARK = 'From ada@author.example Sat Jan  3 01:05:34 2026'
let files: ReturnType<typeof scratch>
beforeEach(() => {
  files = scratch()
})
afterEach(() => files.remove())

const texts = async (mbox: string, quoting?: 'mboxrd' | 'mboxo') =>
  (await takeAll([files.write('mail.mbox', mbox)], quoting)).taken.map(({ text }) => text)

describe('where messages of an mbox file end', () => {
  const one = 'Subject: one\n\nfirst\n'
  const two = 'Subject: two\n\nsecond\n'
  const cases: Readonly<Record<string, readonly [string, readonly string[]]>> = {
    'two messages with blank lines between': [`${MARK}\n${one}\n${MARK}\n${two}\n`, [one, two]],
    'CRLF at each line': [`${MARK}\n${one}\n${MARK}\n${two}\n`.replaceAll('\n', '\r\n'), [one, two]],
    'no newline at the end': [`${MARK}\n${one}\n${MARK}\nSubject: two\n\nsecond`, [one, 'Subject: two\n\nsecond']],
    'no blank line before the next message': [`${MARK}\n${one}${MARK}\n${two}`, [one, two]],
    'several blank lines before it': [`${MARK}\n${one}\n\n\n${MARK}\n${two}`, [`${one}\n\n`, two]],
    'blank lines before the first': [`\n\n${MARK}\n${one}`, [one]],
    'a body that is empty': [`${MARK}\nSubject: one\n\n${MARK}\n${two}`, ['Subject: one\n', two]],
    'text that begins with "From "': [
      `${MARK}\n${one}\nFrom here on all is well\n\n${MARK}\n${two}`,
      [`${one}\nFrom here on all is well\n`, two],
    ],
    'text with "From " and a colon in the next line': [
      `${MARK}\n${one}\nFrom bob\nnote: well\n`,
      [`${one}\nFrom bob\nnote: well\n`],
    ],
    'a line with a date in running text': [`${MARK}\n${one}see\n${MARK}\nhello\n`, [`${one}see\n${MARK}\nhello\n`]],
    'Thunderbird, with a dash for the sender': [
      `From - Sat Jan 03 01:05:34 2026\n${one}\nFrom - Sat Jan 03 01:05:35 2026\n${two}`,
      [one, two],
    ],
    'Thunderbird, with nothing behind "From "': [`From \n${one}\nFrom \n${two}`, [one, two]],
    'a zone before the year, as Google writes it': [
      `From 17@xxx Sat Jan 03 01:05:34 +0000 2026\n${one}\nFrom 18@xxx Sat Jan 03 01:05:35 +0000 2026\n${two}`,
      [one, two],
    ],
    'a sender with spaces': [`From "a b"@author.example Sat Jan  3 01:05:34 2026\n${one}`, [one]],
    'a date as a Date field has it': [`From ada@author.example Sat, 3 Jan 2026 01:05:34 +0000\n${one}`, [one]],
  }
  test.each(Object.entries(cases))('%s', async (_name, [mbox, expected]) => {
    expect(await texts(mbox)).toEqual(expected)
  })

  test('a message that is empty is named, and what follows comes in', async () => {
    const { taken, problems } = await takeAll([files.write('a.mbox', `${MARK}\n${MARK}\nSubject: two\n\nx\n`)])
    expect(taken.map(({ text }) => text)).toEqual(['Subject: two\n\nx\n'])
    expect(problems).toMatchObject([{ place: 0, what: 'refused', reason: 'it is empty' }])
  })

  test('a message without a header is kept as it is, and named', async () => {
    const { taken, problems } = await takeAll([files.write('a.mbox', `${MARK}\n\nno header\n`)])
    expect(taken.map(({ text }) => text)).toEqual(['\nno header\n'])
    expect(problems).toMatchObject([{ place: 0, what: 'damaged' }])
  })

  test('marks that lie across the windows a file is read in are found', async () => {
    const sizes = [1_048_570, 1_048_571, 1_048_572, 1_048_573, 1_048_574, 1_048_575, 1_048_576, 1_048_577]
    for (const size of sizes) {
      const head = `${MARK}\nSubject: one\n\n`
      const first = `Subject: one\n\n${`${'x'.repeat(size - head.length - 1)}\n`}`
      const found = await texts(`${MARK}\n${first}\n${MARK}\n${two}`)
      expect(found.map((text) => text.length)).toEqual([first.length, two.length])
    }
  })
})

describe('what quoted lines become', () => {
  const body = (lines: string) => `${MARK}\nSubject: one\n\n${lines}\n`
  const back = async (lines: string, quoting?: 'mboxrd' | 'mboxo') =>
    (await texts(body(lines), quoting)).map((text) => text.slice('Subject: one\n\n'.length))

  test('mboxrd loses one > of each', async () => {
    expect(await back('>From a\n>>From b\n>>>From c\n> From d\n', 'mboxrd')).toEqual([
      'From a\n>From b\n>>From c\n> From d\n',
    ])
  })
  test('mboxo loses the > of lines that have one and stand in no quoted text', async () => {
    expect(await back('>From a\nx\n>>From b\nx\n> text\n>From c\n', 'mboxo')).toEqual([
      'From a\nx\n>>From b\nx\n> text\n>From c\n',
    ])
  })
  test('a file is mboxo where quoted lines stand as deep as the text beside them', async () => {
    const quoted = '>> an old letter\n>>From the beginning\n\n>> another\n>>From its end\n'
    expect(await back(quoted)).toEqual([quoted])
  })
  test('and mboxrd where they stand one deeper, or nothing tells', async () => {
    expect(await back('> an old letter\n>>From the beginning\n')).toEqual(['> an old letter\n>From the beginning\n'])
    expect(await back('hello\n>From the beginning\n')).toEqual(['hello\nFrom the beginning\n'])
  })
  test('fields of the header stay as they are', async () => {
    expect(await texts(`${MARK}\nSubject: one\nX-Note: a\n >From b\n\nx\n`)).toEqual([
      'Subject: one\nX-Note: a\n >From b\n\nx\n',
    ])
  })
})

describe('Content-Length', () => {
  const message = (body: string, length = body.length) => `${MARK}\nSubject: one\nContent-Length: ${length}\n\n${body}`
  const bodies = async (mbox: string) => (await texts(mbox)).map((text) => text.slice('Subject: one\n\n'.length))

  test('is believed where it is right in all of a file, and then text is not quoted', async () => {
    const inside = `see\n\n${MARK}\nSubject: no message\n\n>From here\n`
    expect(await bodies(`${message(inside)}\n${message('b\n')}\n`)).toEqual([inside, 'b\n'])
  })
  test('is left alone where it is wrong in one message: it came with that from elsewhere', async () => {
    const wrong = message('a\n', 2 + 1 + message('b\n').length)
    expect(await bodies(`${wrong}\n${message('b\n')}\n${message('c\n', 3000)}\n`)).toEqual(['a\n', 'b\n', 'c\n'])
  })
  test('beyond the end of the file is none', async () => {
    expect(await bodies(message('a\n', 10 ** 14))).toEqual(['a\n'])
  })
})

describe('what a program thought of a message', () => {
  const flags = async (...headers: readonly string[]) => {
    const mbox = headers.map((header) => `${MARK}\n${header}Subject: x\n\nbody\n\n`).join('')
    return (await takeAll([files.write('f.mbox', mbox)])).taken
  }
  test('Status and X-Status', async () => {
    const [read, fresh, old] = await flags('Status: RO\nX-Status: AF\n', '', 'Status: O\n')
    expect(read?.flags).toMatchObject({ seen: true, starred: true, answered: true, forwarded: false, deleted: false })
    expect(fresh?.flags).toMatchObject({ seen: false, starred: false, answered: false })
    expect(old?.flags).toMatchObject({ seen: false })
    expect(read?.text).toBe('Subject: x\n\nbody\n')
  })
  test('X-Mozilla-Status and its keys', async () => {
    const [one] = await flags(
      'X-Mozilla-Status: 1007\nX-Mozilla-Status2: 00000000\nX-Mozilla-Keys: $label1 recipes nonjunk  \n',
    )
    expect(one?.flags).toEqual({
      seen: true,
      starred: true,
      answered: true,
      forwarded: true,
      deleted: false,
      tags: ['Important', 'recipes'],
    })
    expect(one?.text).toBe('Subject: x\n\nbody\n')
  })
  test('X-Keywords and labels of Google', async () => {
    const [keywords, labels, folded] = await flags(
      'X-Keywords: work  home\n',
      'X-Gmail-Labels: Inbox,Unread,Holidays in Rome,Starred\n',
      'X-Gmail-Labels: =?UTF-8?Q?Inbox,B=C3=BCcher?=\n',
    )
    expect(keywords?.flags.tags).toEqual(['work', 'home'])
    expect(labels?.flags).toMatchObject({ seen: false, starred: true, tags: ['Holidays in Rome'] })
    expect(folded?.flags).toMatchObject({ seen: true, tags: ['Bücher'] })
  })
  test('fields of that name that came with mail from elsewhere mean nothing, and stay', async () => {
    const [one] = await flags('Status: Delivered\nX-Status: Done\nContent-Length: long\n')
    expect(one?.flags).toMatchObject({ seen: true, deleted: false })
    expect(one?.text).toBe('Status: Delivered\nX-Status: Done\nContent-Length: long\nSubject: x\n\nbody\n')
  })
  test('mail of a file that says nothing of the kind has been read', async () => {
    expect((await flags('', '')).map((one) => one.flags.seen)).toEqual([true, true])
  })
  test('what was deleted there does not come, and is named', async () => {
    const mbox = `${MARK}\nX-Mozilla-Status: 0009\nSubject: gone\n\nx\n\n${MARK}\nX-Mozilla-Status: 0001\nSubject: here\n\nx\n`
    const { taken, problems } = await takeAll([files.write('d.mbox', mbox)])
    expect(taken.map(({ text }) => text)).toEqual(['Subject: here\n\nx\n'])
    expect(problems).toMatchObject([{ place: 0, what: 'deleted', subject: 'gone' }])
  })
})

test('a message knows when it came: by a server, else by the line before it', async () => {
  const received = 'Received: by mx.example; Fri, 2 Jan 2026 10:00:00 +0100\n'
  const { taken } = await takeAll([
    files.write('t.mbox', `${MARK}\n${received}Subject: a\n\nx\n\n${MARK}\nSubject: b\n\nx\n`),
  ])
  expect(taken.map(({ arrivalMs }) => arrivalMs)).toEqual([Date.UTC(2026, 0, 2, 9), null])
  expect(taken.map(({ keptMs }) => keptMs)).toEqual([Date.UTC(2026, 0, 3, 1, 5, 34), Date.UTC(2026, 0, 3, 1, 5, 34)])
})

test('a message longer than what is held in memory comes whole, with its quoted lines as they were', async () => {
  const lines = Array.from({ length: 60_000 }, (_, i) =>
    i % 100 === 7 ? `From line ${i}` : `line ${i} of a long letter, and more`,
  )
  const body = `${lines.join('\n')}\n${'y'.repeat(3_000_000)}\nend\n`
  const quoted = body.replaceAll(/^(>*From )/gm, '>$1')
  const [text, next] = await texts(`${MARK}\nSubject: long\n\n${quoted}\n${MARK}\nSubject: next\n\nx\n`)
  expect(text === `Subject: long\n\n${body}`).toBe(true)
  expect(next).toBe('Subject: next\n\nx\n')
})
