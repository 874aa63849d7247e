import { afterEach, expect, test } from 'vitest'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { fakeDeliver, openQueueHouse, submissionOf, taken, type QueueHouse } from '../../test/support/queue-house.ts'
import type { Job } from '../model/delivery.ts'
import type { LocalDestination } from '../model/local-mail.ts'
import { PERSON } from '../store/folder.ts'
import { mailboxOf } from '../../test/support/mailbox.ts'

const houses: QueueHouse[] = []
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close()
})
const LINES = ['From: ada@author.example', 'Subject: hi', '', 'x']

/** A queue for which every address of here.example leads where `find` says. */
async function open(find: (local: string) => LocalDestination) {
  const clock = fakeClock()
  const jobs: Job[] = []
  const house = await openQueueHouse({
    clock,
    deliver: fakeDeliver((to, job) => {
      jobs.push(job)
      return taken(to, job)
    }),
    localDomains: ['here.example'],
    findLocal: (to) => find(to.local),
  })
  houses.push(house)
  const send = async (to: readonly string[]) => {
    const answer = await house.submit(submissionOf(LINES, to))
    if (!answer.accepted) throw new Error('it was not accepted')
    await house.quiet()
    return answer.entryId
  }
  return { house, clock, jobs, send }
}

test('an alias of addresses elsewhere: one entry for them, with the sender kept and a line that finds loops', async () => {
  const kim = mailboxOf('kim@far.example')
  const { house, jobs, send } = await open(() => ({ mailboxes: [PERSON], forwards: [kim] }))
  const entryId = await send(['team@here.example'])
  expect(house.states(entryId)).toEqual(['delivered'])
  expect(jobs).toHaveLength(1)
  const [job] = jobs
  expect(job).toMatchObject({ from: mailboxOf('ada@author.example'), recipients: [{ to: kim }] })
  const bytes = job && (await house.store.readBody(job.view)).toString()
  expect(bytes).toMatch(/^Delivered-To: team@here\.example\r\n/)
  expect(job?.recipients[0]?.options).toMatchObject({ orcpt: { type: 'rfc822', address: 'team@here.example' } })
  expect(await house.inbox()).toEqual([
    expect.stringMatching(/^Return-Path: <ada@author\.example>\r\nDelivered-To: team@here/),
  ])
})

test('a mailbox that several of its recipients lead to gets the message once', async () => {
  const { house, send } = await open(() => ({ mailboxes: [PERSON], forwards: [] }))
  await send(['ada@here.example', 'team@here.example'])
  const [mail, ...more] = await house.inbox()
  expect(more).toEqual([])
  expect(mail).toContain('Delivered-To: ada@here.example\r\nDelivered-To: team@here.example\r\n')
})

test('mail for a full mailbox waits until there is room, and nobody gets part of it before', async () => {
  let isFull = true
  const full = { code: 452, enhanced: '4.2.2', lines: ['the mailbox is full'] }
  const { house, clock, send } = await open(() => ({
    mailboxes: [PERSON],
    forwards: [],
    ...(isFull && { refusal: full }),
  }))
  const entryId = await send(['ada@here.example'])
  expect(house.states(entryId)).toEqual(['deferred'])
  expect(await house.inbox()).toEqual([])
  isFull = false
  clock.advance(20 * 60_000)
  await house.quiet()
  expect(house.states(entryId)).toEqual(['delivered'])
  expect(await house.inbox()).toHaveLength(1)
})
