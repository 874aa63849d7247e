import nodemailer from 'nodemailer'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers } from '../support/browser.ts'
import { MailPage } from '../support/mail-page.ts'
import { needs } from '../support/peers.ts'
import { freePort } from '../support/postfix.ts'

/** The queue after a day without a line: more waits than one page of it holds. */
const { describe, test } = needs('chromium')
const WAITING = 230
const PASSWORD = 'a pass word that is long'

describe('a queue with more than a page of mail', () => {
  let mail: MailPage
  const recipient = () => mail.page.getByRole('region', { name: 'Recipient' })
  const rows = () => mail.page.getByRole('region', { name: 'Queue entries' }).getByRole('button', { name: /@far/ })
  const listed = () =>
    mail.home.json<{ id: number; recipients: { address: string; state: string }[] }[]>(['queue', 'list'])

  beforeAll(async () => {
    const port = await freePort('127.0.0.1')
    mail = await MailPage.open({ submission: { port, allowClearTextLogin: true }, local: { domains: ['feldt.test'] } })
    await mail.home.run(['user', 'add', 'ada@feldt.test', '--password-stdin'], PASSWORD)
    const auth = { user: 'ada@feldt.test', pass: PASSWORD }
    const sender = nodemailer.createTransport({
      host: '127.0.0.1',
      port,
      pool: true,
      maxMessages: 1000,
      ignoreTLS: true,
      auth,
    })
    await Promise.all(
      Array.from({ length: WAITING }, (_, n) =>
        sender.sendMail({ from: auth.user, to: `p${n}@far${n % 2}.test`, subject: `wait ${n}`, text: 'x' }),
      ),
    )
    sender.close()
  }, 60_000)
  afterAll(() => mail?.close(), 60_000)

  test('the oldest is read on to, opens by a link, and all of its domain is held and released', async () => {
    const { page } = mail
    const entries = await listed()
    expect(entries).toHaveLength(WAITING)
    const oldest = entries.at(-1)!
    const { address } = oldest.recipients[0]!
    await page.evaluate((id) => (location.hash = `#/queue/${id}`), oldest.id)
    await recipient().getByRole('heading', { name: address }).waitFor()
    expect(await barriers(page)).toEqual([])

    await rows().first().focus()
    await expect
      .poll(async () => {
        await rows().last().scrollIntoViewIfNeeded()
        return rows().count()
      })
      .toBe(WAITING)
    expect(await rows().last().textContent()).toContain(address)
    expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(0)

    const domain = address.split('@')[1]!
    const held = async () =>
      (await listed()).filter((one) => one.recipients.some(({ state }) => state === 'held')).length
    const choose = async (name: string) => {
      await recipient().getByRole('button', { name: 'Whole message or domain' }).click()
      await page.getByRole('menuitem', { name }).click()
    }
    await choose(`Hold all mail to ${domain}`)
    await expect.poll(held).toBe(WAITING / 2)
    await choose('Release all of this message')
    await expect.poll(held).toBe(WAITING / 2 - 1)
    await choose(`Release all mail to ${domain}`)
    await expect.poll(held).toBe(0)
  })
})
