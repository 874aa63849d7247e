import { expect, test } from 'vitest'
import type { AboutView } from '../../../../core/rpc/message-facts-contract.ts'
import { judge } from './verdict.tsx'

type Results = Partial<Record<'spf' | 'dkim' | 'dmarc', string>>
const about = (way: AboutView['way'], results?: Results): AboutView => ({
  way,
  peer: way === 'inbound' ? 'mx.a.test' : null,
  accountId: null,
  claims: null,
  unsubscribe: null,
  auth:
    results === undefined
      ? null
      : {
          server: 'mx.b.test',
          found: Object.entries(results).map(([method, result]) => ({ method: method as 'spf', results: [result] })),
        },
})

test.each([
  ['ok', 'mx.b.test found that it really comes from a.test (SPF fail · DMARC pass).', { spf: 'fail', dmarc: 'pass' }],
  ['warn', 'The author may be forged.', { spf: 'pass', dmarc: 'fail' }],
  ['warn', 'mx.b.test had doubts about the author', { spf: 'fail' }],
  ['warn', 'had doubts', { dkim: 'fail', spf: 'pass' }],
  ['plain', 'checked it in part', { dkim: 'pass' }],
  ['plain', 'could not tell who wrote it', { spf: 'none', dkim: 'temperror' }],
] as const)('%s: %s', (tone, words, results) => {
  const judgement = judge(about('account', results), 'a.test')
  expect(judgement.tone).toBe(tone)
  expect(judgement.text).toContain(words)
})

test('without a server that is trusted nothing is said to be known, whatever the mail says of itself', () => {
  expect(judge(about('inbound'), 'a.test')).toMatchObject({
    tone: 'plain',
    text: /mx\.a\.test\. Who wrote it was not checked/,
  })
  expect(judge(about('account'), 'a.test').text).toContain('not known for sure')
  expect(judge(about('file'), 'a.test').text).toContain('was not checked')
  expect(judge(about('sent'), 'a.test').text).toBe('Written and sent from here.')
})
