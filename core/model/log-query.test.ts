import fc from 'fast-check'
import { expect, test } from 'vitest'
import { neededBytes } from './log-match.ts'
import { isAboutHeads, LOG_FIELDS, parseLogQuery, wantedTexts, type LogNode } from './log-query.ts'

/** A query the way a person would read it aloud. */
function told(node: LogNode): string {
  switch (node.kind) {
    case 'and':
    case 'or':
      return `(${node.of.map(told).join(` ${node.kind} `)})`
    case 'not':
      return `not ${told(node.of)}`
    case 'text':
      return JSON.stringify(node.text)
    default: {
      const { kind, ...rest } = node
      return `${kind}=${Object.values(rest)
        .map((one) => (typeof one === 'object' ? JSON.stringify(one) : String(one)))
        .join(',')}`
    }
  }
}

test.each([
  ['verb:rcpt code:4xx', '(verb=RCPT and code=4XX)'],
  ['host:MX.example ms:>2000', '(host=mx.example and ms=over,2000)'],
  ['tls:no -verb:QUIT', '(tls=false and not verb=QUIT)'],
  ['"451 4.7.1" OR greylist', '("451 4.7.1" or "greylist")'],
  ['dir:out (state:problem OR code:5.7.x)', '(dir=client and (state=["deferred","failed","aborted"] or code=5.7.X))'],
  ['NOT (protocol:imap lasted:>2m)', 'not (protocol=imap and lasted=over,120000)'],
  ['msg:<A.b@C.example> entry:7', '(msg=<A.b@C.example> and entry=7)'],
  ['after:2026-03 account:work', '(date=after,{"kind":"calendar","year":2026,"month":3} and account=work)'],
  ['code:-ERR', 'code=-ERR'],
  ['x:y', '"x:y"'],
])('reads %s', (text, words) => {
  const { query, error } = parseLogQuery(text)
  expect(error).toBeNull()
  expect(query && told(query)).toBe(words)
})

test.each([
  ['code:9xx', 5, 3, 'A code is such as 550, 4xx, 5.7.1, 5.7.x, -ERR, NO.'],
  ['verb:RCPT ms:2000', 13, 4, '“ms:” takes a comparison, such as ms:>2000 or ms:<50.'],
  ['tls:maybe', 4, 5, '“tls:” knows yes and no.'],
  ['state:', 0, 6, 'Write what is looked for right behind “state:”.'],
  ['(verb:RCPT', 0, 1, 'This bracket is not closed.'],
  ['a', 0, 1, 'What is looked for in the lines needs 2 characters.'],
  ['before:never', 7, 5, 'A date is such as 2026-03-31, 2026-03, 2026, today, yesterday, 7d, 2w, 3m, 1y.'],
  ['verb:RCPT OR', 10, 2, 'OR needs something behind it.'],
  ['entry:x', 6, 1, '“entry:” takes a number.'],
])('says where %s goes wrong', (text, offset, length, reason) => {
  expect(parseLogQuery(text).error).toEqual({ offset, length, reason })
})

test('knows all fields that a completion shows', () => {
  const examples: Record<string, string> = { code: '250', ms: '>1', lasted: '>1', entry: '1', session: '1' }
  for (const [name, { values }] of Object.entries(LOG_FIELDS))
    for (const value of values ?? [examples[name] ?? '2026'])
      expect(parseLogQuery(`${name}:${name === 'verb' ? 'RCPT' : value}`).error, name).toBeNull()
})

test('takes any text, and marks only what is in it', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      const { pieces, error } = parseLogQuery(text)
      for (const { from, to } of pieces) expect(from >= 0 && to <= text.length && from < to).toBe(true)
      if (error !== null) expect(error.offset + error.length).toBeLessThanOrEqual(text.length)
    }),
  )
})

test('knows which queries ask of the session alone, and what has to stand in the bytes of the others', () => {
  const query = (text: string) => parseLogQuery(text).query as LogNode
  expect(isAboutHeads(query('tls:no (host:a OR -state:ok)'))).toBe(true)
  expect(isAboutHeads(query('tls:no ms:>5'))).toBe(false)
  expect(wantedTexts(query('one OR (two -three)'))).toEqual(['one', 'two'])
  expect(neededBytes(query('verb:RCPT "A Longer text" code:250'))).toEqual(['a longer text'])
  expect(neededBytes(query('VRFY OR verb:EXPN'))).toEqual(['vrfy', 'expn'])
  expect(neededBytes(query('VRFY OR tls:no'))).toBeNull()
  expect(neededBytes(query('-VRFY'))).toBeNull()
  expect(neededBytes(query('größe'))).toBeNull()
  expect(neededBytes(query('code:5xx'))).toBeNull()
})
