import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers } from '../support/browser.ts'
import { letterOf, MailPage, type Letter } from '../support/mail-page.ts'
import { needs } from '../support/peers.ts'

/** A list of very many messages: any place of it can be reached, and all of it be chosen. */
const { describe, test } = needs('chromium')

const MANY = 3000
/** Each third message answers the one before it. */
const letters: readonly Letter[] = Array.from({ length: MANY }, (_, n) => ({
  id: `m${n}`,
  from: `Writer ${n % 50} <w${n % 50}@harbour.test>`,
  subject: n % 3 === 2 ? `Re: Letter ${n - 1}` : `Letter ${n}`,
  minutesAgo: (MANY - n) * 60,
  ...(n % 3 === 2 ? { answers: [`m${n - 1}`] } : {}),
}))

describe('a folder of very many messages', () => {
  let mail: MailPage
  beforeAll(async () => {
    mail = await MailPage.open()
    const path = join(mail.home.root, 'many.mbox')
    writeFileSync(
      path,
      letters
        .map((one, n) => `From x@y ${new Date(0).toUTCString()}\n${letterOf(one, n).replaceAll('\r\n', '\n')}\n\n`)
        .join(''),
    )
    const { status, stderr } = await mail.home.run(['import', path, '--folder', 'Many'])
    expect(status, stderr).toBe(0)
    await mail.link(/^Many/).click()
    await mail.row('Letter 2998').waitFor()
  }, 60_000)
  afterAll(() => mail?.close(), 60_000)

  const press = (key: string) => mail.page.keyboard.press(key)
  const chosen = () => mail.list().getByRole('option', { selected: true })
  /** As many rows as conversations are one: 1000 of two messages, 1000 of one. */
  const ROWS = (MANY / 3) * 2

  test('any row is reached by keys, and says which of how many it is', async () => {
    await mail.row('Letter 2998').click()
    await mail.list().focus()
    await press('End')
    await expect.poll(() => chosen().innerText()).toContain('Letter 0')
    expect(await chosen().getAttribute('aria-posinset')).toBe(String(ROWS))
    expect(await chosen().getAttribute('aria-setsize')).toBe(String(ROWS))
    await press('PageUp')
    await press('ArrowUp')
    await press('Home')
    await expect.poll(() => chosen().getAttribute('aria-posinset')).toBe('1')
    // There are never more rows than are seen, and some.
    expect(await mail.rows().count()).toBeLessThan(60)
  })

  test('the scroll bar leads to the middle at once, and what is chosen there stays in sight when mail comes', async () => {
    await mail.list().evaluate((list) => (list.scrollTop = list.scrollHeight / 2))
    await expect
      .poll(async () => Number(await mail.rows().first().getAttribute('aria-posinset')))
      .toBeGreaterThan(ROWS / 2 - 40)
    const row = mail.row('Letter 1500')
    await row.click()
    const top = () => row.evaluate((one) => Math.round(one.getBoundingClientRect().top))
    const before = await top()
    const newer = join(mail.home.root, 'newer.eml')
    writeFileSync(newer, letterOf({ id: 'new', subject: 'Newer', minutesAgo: 1 }, 1))
    expect((await mail.home.run(['import', newer, '--folder', 'Many'])).status).toBe(0)
    await expect.poll(() => row.getAttribute('aria-setsize')).toBe(String(ROWS + 1))
    expect(await top()).toBe(before)
    await mail.page.reload()
    // Opened anew, the window looks at the row it stood on.
    await expect.poll(() => row.getAttribute('aria-selected')).toBe('true')
  })

  test('conversations are unfolded and folded, one by one and all, by keys and by mouse', async () => {
    await mail.list().focus()
    await press('Home')
    await press('ArrowDown')
    await chosen().getByLabel('Folded', { exact: true }).waitFor()
    await press('ArrowRight')
    await chosen().getByLabel('Unfolded', { exact: true }).waitFor()
    await expect.poll(() => chosen().getAttribute('aria-setsize')).toBe(String(ROWS + 3))
    await press('ArrowRight')
    await expect.poll(() => chosen().innerText()).toContain('Letter 2998')
    expect(await chosen().getAttribute('aria-posinset')).toBe('3')
    await mail.page
      .getByRole('main', { name: 'Message' })
      .getByRole('article')
      .filter({ hasText: 'Writer 48' })
      .waitFor()
    expect(await barriers(mail.page)).toEqual([])
    await press('ArrowLeft')
    await expect.poll(() => chosen().getAttribute('aria-posinset')).toBe('2')
    await press('ArrowLeft')
    await expect.poll(() => chosen().getAttribute('aria-setsize')).toBe(String(ROWS + 1))
    await press('*')
    await expect.poll(() => chosen().getAttribute('aria-setsize')).toBe(String(ROWS + 1 + (MANY / 3) * 2))
    await press('\\')
    await expect.poll(() => chosen().getAttribute('aria-setsize')).toBe(String(ROWS + 1))
    await chosen().getByTitle('2 messages in this conversation').click()
    await expect.poll(() => chosen().getAttribute('aria-setsize')).toBe(String(ROWS + 3))
    await press('\\')
  })

  test('conversations are sorted by what somebody likes, as messages are', async () => {
    const sortBy = async (name: string) => {
      await mail.page.getByRole('button', { name: 'How mail is listed' }).click()
      await mail.page.getByRole('menuitemradio', { name, exact: true }).click()
      await press('Escape')
    }
    await sortBy('Subject')
    // What was chosen is still in sight, at its new place.
    await expect.poll(() => chosen().getAttribute('aria-posinset')).not.toBe('2')
    expect(await chosen().innerText()).toContain('Re: Letter 2998')
    await mail.list().focus()
    await press('Home')
    await expect.poll(async () => (await mail.subjects()).slice(0, 2)).toEqual(['Letter 0', 'Re: Letter 1'])
    await sortBy('Date')
    await expect.poll(() => chosen().getAttribute('aria-posinset')).toBe(String(ROWS + 1))
    await mail.list().focus()
    await press('Home')
    await expect.poll(async () => (await mail.subjects())[0]).toBe('Newer')
  })

  test('all of it is chosen, archived and brought back, not only what was looked at', async () => {
    await mail.list().focus()
    await press('Home')
    await press('Control+a')
    await mail.page.getByRole('status').filter({ hasText: '3,001 selected' }).waitFor()
    await press('a')
    const told = mail.page.getByRole('status', { name: 'Messages from Posthorn' })
    await told.getByText('3,001 messages archived.').waitFor({ timeout: 30_000 })
    expect(await mail.home.json<unknown[]>(['list', '--folder', 'archive'])).toHaveLength(MANY + 1)
    await press('Control+z')
    await expect
      .poll(() => mail.rows().first().getAttribute('aria-setsize'), { timeout: 20_000 })
      .toBe(String(ROWS + 1))
    expect(mail.complaints).toEqual([])
  }, 60_000)
})
