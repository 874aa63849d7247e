import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { explained } from './server-explain.ts'
import { reply, replyLines } from './server-reply.ts'

/** Every reply with an enhanced code that the server's rooms can say, as they stand in the source. */
function saidReplies(): Set<string> {
  const root = new URL('../../', import.meta.url).pathname
  const files = globSync(['wire/smtp/{command,mail-parameters,server*}.ts', 'serve/*.ts', 'net/smtp-server-*.ts'], {
    cwd: root,
  })
  const said = new Set<string>()
  for (const file of files) {
    if (file.endsWith('.test.ts') || file.endsWith('server-explain.ts')) continue
    for (const [, code, enhanced] of readFileSync(root + file, 'utf8').matchAll(/\b([2-5]\d\d),\s*'(\d\.\d+\.\d+)'/g))
      said.add(`${code} ${enhanced}`)
  }
  return said
}

test('there is an explanation for every reply the server can give', () => {
  const said = saidReplies()
  expect(said.size).toBeGreaterThan(30)
  const silent = [...said].filter((one) => {
    const [code = '', enhanced] = one.split(' ')
    return explained(reply(Number(code), enhanced, 'x')).lines.length === 1
  })
  expect(silent).toEqual(['220 2.0.0']) // TLS begins right behind it: no time for words
})

test('an explanation is one more line that fits, and replies without an enhanced code have none', () => {
  for (const one of saidReplies()) {
    const [code = '', enhanced] = one.split(' ')
    for (const line of replyLines(explained(reply(Number(code), enhanced, 'x')))) {
      expect(line).toMatch(/^[2-5]\d\d[ -]\d\.\d+\.\d+ [ -~]+$/)
      expect(line.length).toBeLessThan(200)
    }
  }
  expect(explained(reply(354, undefined, 'end with a lone dot')).lines).toHaveLength(1)
})
