import { expect, test } from 'vitest'
import { argumentsAgain, commandLineOf, parseLaunchArguments } from './launch-arguments.ts'

const parse = (...argv: string[]) => parseLaunchArguments(['/usr/bin/electron', ...argv], '/home/ada')

test('both spellings of an argument are read', () => {
  expect(parse('/clone', '--data', '/mail', '--key-file=/keys/a=b.key')).toEqual({
    data: '/mail',
    keyFile: '/keys/a=b.key',
    hidden: false,
    opens: [],
  })
})
test("Chromium's own arguments and half ones are left alone", () => {
  expect(parse('--no-first-run', '--data=', '--settings')).toEqual({ hidden: false, opens: [] })
})
test('mailto addresses and files of mail are opened, whatever stands between them', () => {
  const { opens, data, hidden } = parse(
    '--data',
    '/mail/of.eml',
    '--hidden',
    'mailto:bo@two.example?subject=Hi&attach=/etc/passwd',
    '--allow-file-access-from-files',
    'letter.eml',
    '/var/mail/ADA.MBOX',
    'file:///tmp/a%20b.eml',
    'https://one.example/x.eml',
    'notes.txt',
    '--compose',
  )
  expect({ data, hidden }).toEqual({ data: '/mail/of.eml', hidden: true })
  expect(opens).toEqual([
    { kind: 'mailto', mail: expect.objectContaining({ to: 'bo@two.example', subject: 'Hi', text: '' }) },
    { kind: 'file', path: '/home/ada/letter.eml' },
    { kind: 'file', path: '/var/mail/ADA.MBOX' },
    { kind: 'file', path: '/tmp/a b.eml' },
    { kind: 'compose' },
  ])
})
test('nobody opens a thousand windows by one start', () => {
  expect(parse(...Array<string>(1000).fill('mailto:a@b.example')).opens).toHaveLength(20)
})
test('what stands behind --cli is the command line, whatever it is', () => {
  expect(commandLineOf(['posthorn', '--ozone-platform=headless', '--cli', 'queue', '--data', '/m'])).toEqual([
    'queue',
    '--data',
    '/m',
  ])
  expect(commandLineOf(['posthorn', '--data', '/m'])).toBeUndefined()
})
test('a start that goes on where another ended opens nothing twice', () => {
  const argv = [
    'posthorn',
    '/clone',
    '--data',
    '/mail.eml',
    '--log',
    'mailto:ada@one.example',
    'a.mbox',
    '--ozone-platform=x11',
  ]
  expect(argumentsAgain(argv, '/', false)).toEqual(['/clone', '--data', '/mail.eml', '--ozone-platform=x11'])
  expect(argumentsAgain(['posthorn', '--hidden', '--data=/mail'], '/', true)).toEqual(['--data=/mail', '--hidden'])
})
test('a start may ask for a new message and for the protocol log', () => {
  expect(parse('--log', '--compose').opens).toEqual([{ kind: 'log' }, { kind: 'compose' }])
})
