import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSayable, nameInStep, ownNameIn, ownNameOf } from './sasl-name.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

test.each([
  ['PLAIN', '\0nora@x.test\0pass word', 'nora@x.test'],
  ['PLAIN for itself', 'nora\0nora\0secret', 'nora'],
  ['SCRAM', 'n,,n=nora@x.test,r=fyko+d2lbbFgONRv9qkxdawL', 'nora@x.test'],
  ['SCRAM with a binding and signs of its own', 'p=tls-exporter,,n=a=2Cb=3Dc,r=abc', 'a,b=c'],
  ['OAUTHBEARER', 'n,a=nora@x.test,\x01host=x\x01port=25\x01auth=Bearer abc\x01\x01', 'nora@x.test'],
  ['XOAUTH2', 'user=nora@x.test\x01auth=Bearer abc\x01\x01', 'nora@x.test'],
  ['CRAM-MD5', 'nora b913a602c7eda7a495b4e6e7334d3890', 'nora'],
])('the first step of %s says whom', (_, step, name) => {
  expect(nameInStep(base64(step), false)).toBe(name)
})

test.each([
  ['a password alone', 'hunter2hunter2'],
  ['PLAIN of two parts', 'nora\0hunter2'],
  ['PLAIN with a password that has a NUL', '\0nora\0hunter2\0x'],
  ['PLAIN without a password', '\0hunter2\0'],
  ['PLAIN with the password twice', '\0hunter2\0hunter2'],
  ['PLAIN with a password within the name', '\0nora-hunter2\0Hunter2'],
  ['PLAIN with a name within the password', '\0hunter\0hunter2'],
  ['the last step of SCRAM', 'c=biws,r=abc,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='],
  ['SCRAM without an end', 'n,,n=hunter2'],
  ['SCRAM with a sign nobody has', 'n,,n=a=hunter2,r=abc'],
  ['XOAUTH2 cut off', 'user=hunter2\x01auth=Bearer abc'],
  ['a name with a control character', '\0no\x1bra\0hunter2'],
  ['a name that turns the line round', '\0no\u202era\0hunter2'],
  ['a name without an end', `\0${'n'.repeat(400)}\0hunter2`],
])('%s says nobody', (_, step) => {
  expect(nameInStep(base64(step), false)).toBeUndefined()
})

test('what is no base64 of text says nobody, whatever was asked', () => {
  for (const step of ['hunter2', 'aHVudGVyMg', 'aHVudGVyMg=', '*', '', '=', '/////w==', 'x'.repeat(20_000)])
    for (const isName of [true, false]) expect(nameInStep(step, isName)).toBeUndefined()
})

test('a step of ours shows our user, never the secret, and nothing that another made of it', () => {
  const login = { user: 'nora@x.test', secret: 'hunter2' }
  expect(ownNameIn(base64('\0nora@x.test\0hunter2'), login)).toBe('nora@x.test')
  expect(ownNameIn(base64('nora@x.test'), login)).toBe('nora@x.test')
  expect(ownNameIn(base64('hunter2'), login)).toBeUndefined()
  expect(ownNameIn(base64('\0eve\0hunter2'), login)).toBeUndefined()
  for (const same of [
    { user: 'hunter2', secret: 'hunter2' },
    { user: 'hunter2x', secret: 'hunter2' },
    { user: 'hunter', secret: 'hunter2' },
  ])
    for (const step of [same.user, `\0${same.user}\0${same.secret}`])
      expect(ownNameIn(base64(step), same)).toBeUndefined()
  // A password that reads as the name in base64 is a password.
  const line = Buffer.from(`PASS ${base64('nora@x.test')}`)
  expect(ownNameOf(line, [[5, line.length]], { ...login, secret: base64('nora@x.test') })).toEqual({})
})

test('whatever the step, no name has anything of the password in it', () => {
  const word = fc.string({ minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(word, word, word, (who, user, password) => {
      const name = nameInStep(base64(`${who}\0${user}\0${password}`), false)
      if (name === undefined) return
      expect(name).toBe(user)
      expect(name.toLowerCase()).not.toContain(password.toLowerCase())
      expect(isSayable(name)).toBe(true)
    }),
  )
})
