import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from './parse-command.ts'

const RAW =
  'Subject: =?utf-8?q?gr=C3=BCn?=\r\nFrom: Ada <ada@home.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n' +
  '--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello\r\n' +
  '--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninside\r\n' +
  '--b\r\nContent-Disposition: attachment; filename="a\u202eb/c.txt"\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=\r\n'

let folder: string
let path: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-parse-'))
  path = join(folder, 'odd.eml')
  writeFileSync(path, RAW)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

async function said(argv: readonly string[], input = ''): Promise<string> {
  let out = ''
  const io = {
    cwd: folder,
    stdin: (async function* () {})(),
    stdout: async (bytes: string | Uint8Array) => void (out += Buffer.from(bytes as string).toString('utf8')),
    stderr: async () => {},
    signal: new AbortController().signal,
  }
  const stdin = (async function* () {
    yield Buffer.from(input)
  })()
  expect(await parse(argv, stdin, io)).toBe(0)
  return out
}

test('a file is told with its parts, where they lie, and what is odd about it', async () => {
  const at = (text: string) => Buffer.from(RAW).indexOf(text)
  expect((await said(['odd.eml'])).split('\n')).toEqual([
    'Subject: grün',
    'From: ada@home.example',
    '',
    `multipart/mixed  ${RAW.length + 2 - at('--b')} bytes, header at 0, body ${at('--b')}–${Buffer.byteLength(RAW)}`,
    `  1 text/plain  charset utf-8, 5 bytes, header at ${at('Content-Type: text/plain')}, body ${at('hello')}–${at('hello') + 5}`,
    `  2 message/rfc822  24 bytes, header at ${at('Content-Type: message')}, body ${at('Subject: inner')}–${at('inside') + 6}`,
    `    2.1 text/plain  6 bytes, header at ${at('Subject: inner')}, body ${at('inside')}–${at('inside') + 6}`,
    `  3 text/plain  base64, attachment, "a b/c.txt", 2 bytes, header at ${at('Content-Disposition')}, body ${at('aGk=')}–${Buffer.byteLength(RAW)}`,
    '',
    'warning: multipart/mixed has no closing delimiter',
    'warning: there is no Date',
    'warning: the file name "a b/c.txt" is shown as "ab_c.txt"',
    '',
    'FILE            TYPE            BYTES  SHA-256',
    `                message/rfc822  24     ${sha256('Subject: inner\r\n\r\ninside')}`,
    `a\\u202eb/c.txt  text/plain      2      ${sha256('hi')}`,
    '',
  ])
})

test('the same as JSON has the tree and the warnings beside what standard input gives', async () => {
  const file = JSON.parse(await said(['odd.eml', '--json'])) as object
  expect(JSON.parse(await said(['-', '--json'], RAW))).toEqual(file)
  const { tree, warnings, ...rest } = file as { tree: { children: unknown[] }; warnings: string[] }
  expect(JSON.parse(await said([], RAW))).toEqual(rest)
  expect(tree.children).toHaveLength(3)
  expect(warnings).toContain('there is no Date')
})

test('a file that is not there, or two of them, is a slip of the keyboard', async () => {
  await expect(said(['none.eml'])).rejects.toMatchObject({ code: 'usage', message: expect.stringMatching(/none\.eml/) })
  await expect(said(['a', 'b'])).rejects.toMatchObject({ code: 'usage' })
})
