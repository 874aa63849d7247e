import { afterEach, expect, test } from 'vitest'
import {
  bytesOf,
  fakeDeliver,
  openQueueHouse,
  submissionOf,
  taken,
  type QueueHouse,
} from '../../test/support/queue-house.ts'
import type { Submission } from '../model/submission.ts'

const houses: QueueHouse[] = []
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close()
})
async function submit(lines: readonly string[], more: Partial<Submission> = {}) {
  const house = await openQueueHouse({ deliver: fakeDeliver(taken), settings: { 'queue.paused': true } })
  houses.push(house)
  const answer = await house.submit(submissionOf(lines, undefined, more))
  return answer.accepted
    ? { sent: await bytesOf(house, answer.entryId) }
    : { said: `${answer.reply.code} ${answer.reply.enhanced} ${answer.reply.lines.join()}` }
}
const FROM = 'From: ada@author.example'
const LONG = 'word '.repeat(400)
const longest = (text = '') => Math.max(...text.split('\r\n').map((line) => line.length))

test('encodes text whose lines are longer than 998 octets, and what it says stays the same', async () => {
  const { sent } = await submit([FROM, 'MIME-Version: 1.0', 'Content-Type: text/plain', '', LONG, 'end'])
  expect(longest(sent)).toBeLessThanOrEqual(998)
  expect(sent).toContain('Content-Transfer-Encoding: quoted-printable\r\n')
  const body = sent
    ?.slice(sent.indexOf('\r\n\r\n') + 4)
    .replaceAll('=\r\n', '')
    .replaceAll('=20', ' ')
  expect(body).toContain(`${LONG}\r\nend\r\n`)
})

test('leaves a line of exactly 998 octets as it is', async () => {
  const { sent } = await submit([FROM, '', 'x'.repeat(998)])
  expect(sent).toContain(`\r\n\r\n${'x'.repeat(998)}\r\n`)
})

test('refuses long lines of what is signed, for a changed signature is a broken one', async () => {
  const signed = ['Content-Type: multipart/signed; boundary=b; micalg=sha-256; protocol="application/pgp-signature"']
  const parts = ['', '--b', '', LONG, '--b', 'Content-Type: application/pgp-signature', '', 'sig', '--b--']
  expect((await submit([FROM, ...signed, ...parts])).said).toMatch(/^554 5\.6\.0 .*998 octets.*signed/)
  expect((await submit([FROM, 'DKIM-Signature: v=1', '', LONG])).said).toMatch(/^554 5\.6\.0 .*signed/)
})

test('refuses a long line in the header of a part, which no encoding makes shorter', async () => {
  const lines = [FROM, 'Content-Type: multipart/mixed; boundary=b', '', '--b', `X-Long: ${LONG}`, '', 'text', '--b--']
  expect((await submit(lines)).said).toMatch(/^554 5\.6\.0 .*header of a part/)
})

test('refuses long lines where the header is beyond ASCII, and believes the door that there are none', async () => {
  const utf8 = { utf8: true, has8bit: true }
  expect((await submit([FROM, 'Subject: ü', '', LONG], { ...utf8, hasLongLines: true })).said).toMatch(/^554 5\.6\.0/)
  expect((await submit([FROM, 'Subject: ü', '', 'x'], { ...utf8, hasLongLines: false })).sent).toContain('Subject: Ã¼')
})
