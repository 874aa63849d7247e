import { expect, test } from 'vitest'
import { COMMAND_NAMES } from './command.ts'
import { HELP, helpOf } from './help.ts'

test.each([...COMMAND_NAMES, 'serve', 'service', 'parse', 'explain'])(
  '%s is in the help, and has help of its own',
  (command) => {
    const help = helpOf(command) ?? expect.unreachable(`no help for ${command}`)
    expect(help.startsWith(`posthorn ${command}`)).toBe(true)
    expect(HELP).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'))
    // Nothing of its neighbours.
    for (const line of help.trim().split('\n').slice(0, -1))
      expect(line).toMatch(new RegExp(`^(posthorn ${command}\\b| {6,}|$)`))
  },
)

test('help on a command has all of its entries with the lines that belong to them', () => {
  const account = helpOf('account')
  expect(account).toContain('posthorn account add pop3')
  expect(account).toContain('--sent-copy append|server] [--drafts server|here]')
  expect(account).toContain('posthorn account list | remove ACCOUNT')
  expect(account).not.toContain('smarthost')
  expect(helpOf('qeue')).toBeUndefined()
})
