import { afterAll, beforeAll, expect } from 'vitest'
import { barriers } from '../support/browser.ts'
import { MailPage } from '../support/mail-page.ts'
import { needs } from '../support/peers.ts'

/** The list of messages: how it looks and is sorted, what is done with many, and how all of it is taken back. */
const { describe, test } = needs('chromium')

describe('lists of mail', () => {
  let mail: MailPage
  beforeAll(async () => {
    mail = await MailPage.open()
    await mail.home.run(['tag', 'add', 'Harbour', '--number', '1'])
    await mail.import(
      { from: 'Zoe <zoe@z.test>', subject: 'Apples', text: 'long '.repeat(400) },
      { from: 'Ada <ada@a.test>', subject: 'Cherries', id: 'c1' },
      { from: 'Bob <bob@b.test>', subject: 'Re: Cherries', answers: ['c1'] },
      { from: 'Kim <kim@k.test>', subject: 'Bananas' },
    )
  }, 60_000)
  afterAll(() => mail?.close(), 60_000)

  const view = async (...names: string[]) => {
    for (const name of names) {
      await mail.page.getByRole('button', { name: 'How mail is listed' }).click()
      await mail.page
        .getByRole('menu')
        .getByRole(/^As one$/.test(name) ? 'menuitemcheckbox' : 'menuitemradio', { name })
        .click()
      if (await mail.page.getByRole('menu').isVisible()) await mail.page.keyboard.press('Escape')
      await mail.page.getByRole('menu').waitFor({ state: 'detached' })
    }
  }
  const subjects = (...expected: string[]) => expect.poll(() => mail.subjects()).toEqual(expected)
  const folder = async (name: string, ...expected: string[]) => {
    await mail.link(new RegExp(`^${name}`)).click()
    await subjects(...expected)
  }
  const inbox = (...expected: string[]) => folder('Unified inbox', ...expected)

  test('a list shows conversations or each message, and is sorted as somebody wants it, folder by folder', async () => {
    await expect.poll(() => mail.rows().count()).toBe(3)
    await subjects('Bananas', 'Re: Cherries', 'Apples')
    await view('As one')
    await subjects('Bananas', 'Re: Cherries', 'Cherries', 'Apples')
    await view('Subject')
    await subjects('Apples', 'Bananas', 'Re: Cherries', 'Cherries')
    await view('Upwards')
    await view('Size')
    await expect.poll(async () => (await mail.subjects())[0]).toBe('Apples')
    await folder('Inbox', 'Bananas', 'Re: Cherries', 'Cherries', 'Apples')
    await mail.link('Unified inbox').click()
    await expect.poll(async () => (await mail.subjects())[0]).toBe('Apples')
    await view('Date', 'As one')
    await subjects('Bananas', 'Re: Cherries', 'Apples')
  })

  test('the table sorts by its heads, and its columns are as wide as somebody draws them', async () => {
    await view('Table', 'Below the list')
    const heads = mail.page.getByRole('group', { name: 'Columns' })
    await heads.getByRole('button', { name: 'Subject' }).click()
    await subjects('Apples', 'Bananas', 'Re: Cherries')
    expect(await barriers(mail.page)).toEqual([])
    const edge = heads.getByRole('separator', { name: 'Width of From' })
    const width = async () => (await heads.locator('.column.from').boundingBox())?.width
    const before = await width()
    await edge.focus()
    await mail.page.keyboard.press('ArrowRight')
    await expect.poll(width).toBe((before ?? 0) + 16)
    const box = (await edge.boundingBox())!
    await mail.page.mouse.move(box.x + 4, box.y + 5)
    await mail.page.mouse.down()
    await mail.page.mouse.move(box.x + 54, box.y + 5)
    await mail.page.mouse.up()
    await expect.poll(width).toBe((before ?? 0) + 66)
    await expect
      .poll(async () => (await mail.home.run(['setting', 'list'])).stdout)
      .toContain(`from=${(before ?? 0) + 66}`)
    await heads.getByRole('button', { name: 'Date' }).click()
    await subjects('Bananas', 'Re: Cherries', 'Apples')
    await view('Cards')
  })

  test('without a reading pane the message takes the list’s place, and the list is where it was', async () => {
    await view('In place of the list')
    await mail.page.locator('html[data-reading="off"]').waitFor()
    const reader = mail.page.getByRole('main', { name: 'Message' })
    await mail.row('Bananas').dblclick()
    await reader.getByRole('heading', { name: 'Bananas' }).waitFor()
    expect(await mail.list().isVisible()).toBe(false)
    expect(await barriers(mail.page)).toEqual([])
    await reader.getByRole('button', { name: 'Back to the list' }).click()
    await mail.list().waitFor()
    await view('Beside the list')
    await mail.page.locator('html[data-reading="right"]').waitFor()
    await reader.getByRole('heading', { name: 'Bananas' }).waitFor()
  })

  test('whatever is done with messages is taken back by one key, the latest first', async () => {
    const page = mail.page
    await mail.row('Cherries').click()
    await expect.poll(() => mail.row('Cherries').getByText('Unread').count()).toBe(0)
    await page.keyboard.press('s')
    await mail.row('Cherries').getByText('Starred').waitFor()
    await page.keyboard.press('1')
    await expect.poll(() => mail.row('Cherries').innerText()).toContain('Harbour')
    await page.keyboard.press('m')
    await mail.row('Cherries').getByText('Unread').waitFor()
    await page.keyboard.press('a')
    await page.getByText('2 messages archived.').waitFor()
    await subjects('Bananas', 'Apples')
    await page.getByRole('listbox').first().focus()
    await page.keyboard.press('Delete')
    await page.getByText('1 message moved to Trash.').waitFor()
    await subjects('Bananas')
    await page.keyboard.press('Control+z')
    await subjects('Bananas', 'Apples')
    await page.keyboard.press('Control+z')
    await subjects('Bananas', 'Re: Cherries', 'Apples')
    await page.keyboard.press('Control+z')
    await expect.poll(() => mail.row('Cherries').getByText('Unread').count()).toBe(0)
    await page.keyboard.press('Control+z')
    await expect.poll(() => mail.row('Cherries').innerText()).not.toContain('Harbour')
    await page.keyboard.press('Control+z')
    await expect.poll(() => mail.row('Cherries').getByText('Starred').count()).toBe(0)
  })

  test('all that is selected is done at once', async () => {
    await mail.row('Bananas').click()
    await mail.page.keyboard.press('Control+a')
    const reader = mail.page.getByRole('main', { name: 'Message' })
    await reader.getByText('4 messages selected').waitFor()
    expect(await barriers(mail.page)).toEqual([])
    await reader.getByRole('button', { name: 'Archive' }).click()
    await expect.poll(() => mail.rows().count()).toBe(0)
    await mail.page.keyboard.press('Control+z')
    await subjects('Bananas', 'Re: Cherries', 'Apples')
  })

  test('messages are dragged to a folder and to a tag, by the keyboard and with the mouse', async () => {
    const page = mail.page
    await mail.row('Apples').click()
    const handle = page.getByRole('button', { name: 'Drag 1 message' })
    await handle.focus()
    await page.keyboard.press('Enter')
    const archive = mail.link(/^Archive/)
    for (let step = 0; step < 12 && !(await archive.evaluate((one) => one === document.activeElement)); step++)
      await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByText('1 message moved to Archive.').waitFor()
    await subjects('Bananas', 'Re: Cherries')
    await page.getByRole('button', { name: 'Undo' }).click()
    await subjects('Bananas', 'Re: Cherries', 'Apples')
    await mail.row('Bananas').dragTo(mail.link('Harbour'))
    await expect.poll(() => mail.row('Bananas').innerText()).toContain('Harbour')
    await mail.row('Bananas').click()
    await page.keyboard.press('1')
    await expect.poll(() => mail.row('Bananas').innerText()).not.toContain('Harbour')
  })

  test('what is snoozed is out of sight, stands in its own list, and is brought back', async () => {
    const page = mail.page
    await mail.row('Apples').click()
    await page.keyboard.press('h')
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: /^Tomorrow/ }).waitFor()
    expect(await barriers(page)).toEqual([])
    await dialog.getByLabel('Another time').fill('2001-01-01T08:00')
    await dialog.getByText('That time is past.').waitFor()
    await dialog.getByRole('button', { name: /^Tomorrow/ }).click()
    await page.getByText('1 message comes back').waitFor()
    await subjects('Bananas', 'Re: Cherries')
    await page.keyboard.press('Control+z')
    await subjects('Bananas', 'Re: Cherries', 'Apples')
    await mail.row('Apples').click()
    await page.keyboard.press('h')
    await dialog.getByRole('button', { name: /^Tomorrow/ }).click()
    await subjects('Bananas', 'Re: Cherries')
    await mail.link('Snoozed 1 snoozed').waitFor()
    await folder('Snoozed', 'Apples')
    expect(await barriers(page)).toEqual([])
    const { stdout } = await mail.home.run(['snooze', 'list'])
    expect(stdout).toContain('Apples')
    await mail.row('Apples').click()
    await page.getByRole('button', { name: 'Bring back now' }).click()
    await expect.poll(() => mail.rows().count()).toBe(0)
    await inbox('Bananas', 'Re: Cherries', 'Apples')
    expect(mail.complaints).toEqual([])
  })
})
