import { expect, test } from 'vitest'
import { Fault } from './base/fault.ts'
import { logListeners, troubleTexts } from './engine-listeners.ts'

const KEYS = { host: 'submission.host', plain: 'submission.port', tls: 'submission.tlsPort' }
const fault = (port: number, code: string, reason: string) => {
  const cause = Object.assign(new Error(code), { code })
  return new Fault('listen.taken', `listen on 127.0.0.1 port ${port}: ${reason}`, { host: '', port, reason }, cause)
}
const textsOf = (plain: Fault<'listen.taken'> | null, tls: Fault<'listen.taken'> | null) =>
  troubleTexts('Other programs cannot submit mail', { plain: null, tls: null, troubles: { plain, tls } }, KEYS)

test('a port that cannot be had is named with its reason, its setting and what to do', () => {
  const [tls = '', plain = ''] = textsOf(
    fault(587, 'EACCES', 'the system does not allow this program to listen there'),
    fault(2465, 'EADDRINUSE', 'another program listens there'),
  )
  expect(tls).toMatch(
    /^Other programs cannot submit mail inside TLS: listen on 127\.0\.0\.1 port 2465: another .* there\. End .*tlsPort/,
  )
  expect(plain).toMatch(/^Other programs cannot submit mail: .*port 587: .*need a permission .*submission\.port/)
  expect(textsOf(fault(2587, 'EADDRNOTAVAIL', 'this computer has no such address'), null)).toEqual([
    expect.stringContaining('submission.host'),
  ])
  expect(textsOf(null, null)).toEqual([])
})

test('the log has each trouble once, and that it is over', () => {
  const lines: string[] = []
  const tell = logListeners('servers', (line) => void lines.push(line))
  for (const troubles of [['a', 'b'], ['a', 'b'], ['a'], [], []]) tell(troubles)
  expect(lines).toEqual(['a', 'b', 'servers: every port could be had'])
})
