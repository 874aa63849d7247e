import { afterAll, beforeAll, expect } from 'vitest'
import { MailPage } from '../support/mail-page.ts'
import { needs } from '../support/peers.ts'

/** Keys that mean the whole list, or what was done last. */
const { describe, test } = needs('chromium')

describe('keys of a list', () => {
  let mail: MailPage
  beforeAll(async () => {
    mail = await MailPage.open()
    await mail.import(
      { subject: 'Keys', id: 'k1' },
      { subject: 'Re: Keys', answers: ['k1'] },
      { subject: 'Lantern' },
      { subject: 'Rope' },
    )
    await mail.row('Rope').waitFor()
  }, 60_000)
  afterAll(() => mail?.close(), 60_000)
  const press = (key: string) => mail.page.keyboard.press(key)
  const told = () => mail.page.getByRole('status', { name: 'Messages from Posthorn' })

  test('all of a list is read by one key, and unread again by another', async () => {
    await mail.list().focus()
    await press('Shift+C')
    await told().getByText('4 messages marked as read.').waitFor()
    await expect.poll(() => mail.list().getByText('Unread').count()).toBe(0)
    await press('Control+z')
    await expect.poll(() => mail.list().getByText('Unread').count()).toBe(3)
  })

  test('what goes to the same folder as the last is moved by one key', async () => {
    await mail.row('Lantern').click()
    await press('v')
    await mail.page.getByRole('dialog').getByRole('combobox').fill('arch')
    await press('Enter')
    await told().getByText('1 message moved to Archive.').waitFor()
    await mail.row('Rope').click()
    await press('Control+Shift+M')
    await expect.poll(() => mail.subjects()).toEqual(['Re: Keys'])
    await mail.link(/^Archive/).click()
    await expect.poll(() => mail.subjects()).toEqual(['Rope', 'Lantern'])
  })

  test('a list is searched by itself', async () => {
    await mail.list().focus()
    await press('Control+Shift+K')
    await mail.page.keyboard.type('lantern')
    await expect.poll(() => mail.subjects()).toEqual(['Lantern'])
    expect(await mail.page.locator('.titlebar input').inputValue()).toBe('in:archive lantern')
    expect(mail.complaints).toEqual([])
  })
})
