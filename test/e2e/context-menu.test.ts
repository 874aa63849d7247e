import { afterAll, beforeAll, expect } from 'vitest'
import { barriers } from '../support/browser.ts'
import { MailPage } from '../support/mail-page.ts'
import { needs } from '../support/peers.ts'

/** The menus of the second button, which Shift+F10 opens as well. */
const { describe, test } = needs('chromium')

describe('the menu of the second button', () => {
  let mail: MailPage
  beforeAll(async () => {
    mail = await MailPage.open()
    await mail.home.run(['tag', 'add', 'Harbour', '--number', '1'])
    await mail.import(...['Oak', 'Elm', 'Ash', 'Fir', 'Yew', 'Box'].map((subject) => ({ subject })))
    await mail.row('Box').waitFor()
    // Whether a menu of the shell or browser would open beside ours is told by the event itself.
    await mail.page.evaluate(() => {
      window.addEventListener('contextmenu', (event) => {
        document.documentElement.dataset['menu'] = event.defaultPrevented ? 'ours' : 'theirs'
      })
    })
  }, 60_000)
  afterAll(() => mail?.close(), 60_000)

  const menu = (name = 'Message commands') => mail.page.getByRole('menu', { name })
  const item = (name: string | RegExp) => mail.page.getByRole('menuitem', { name })
  const selected = () => mail.list().getByRole('option', { selected: true }).count()
  const focused = () => mail.page.evaluate(() => document.activeElement?.getAttribute('role'))

  test('selects a row that was not, and does with it what is chosen', async () => {
    await mail.row('Oak').click()
    await mail.row('Elm').click({ button: 'right' })
    await menu().waitFor()
    expect(await mail.page.locator('html').getAttribute('data-menu')).toBe('ours')
    // The list cannot be asked by its role while the menu is open: all but the menu is out of reach.
    expect(await mail.page.locator('.vrow[aria-selected="true"]').innerText()).toContain('Elm')
    for (const name of [/^Reply/, /^Forward/, /^Archive/, /^Move/, /^Snooze/, /^Junk/, /^Delete/, /^View source/])
      expect(await item(name).count(), String(name)).toBeGreaterThan(0)
    expect(await barriers(mail.page)).toEqual([])
    await item(/^Archive/).click()
    await mail.row('Elm').waitFor({ state: 'detached' })
    await expect.poll(focused).toBe('listbox')
    await mail.page.keyboard.press('Control+z')
    await mail.row('Elm').waitFor()
  })

  test('is for all that is selected where it was asked for on one of them', async () => {
    await mail.row('Ash').click()
    await mail.row('Yew').click({ modifiers: ['Shift'] })
    expect(await selected()).toBe(3)
    await mail.row('Fir').click({ button: 'right' })
    await menu().waitFor()
    expect(await item(/^Reply/).count()).toBe(0)
    await item('Tags').hover()
    await mail.page.getByRole('menuitem', { name: /^Tag “Harbour”/ }).click()
    await expect.poll(() => mail.rows().filter({ hasText: 'Harbour' }).count()).toBe(3)
    expect(await selected()).toBe(3)
  })

  test('opens by Shift+F10 at the row of the keyboard, and gives the focus back', async () => {
    await mail.row('Oak').click()
    await mail.page.keyboard.press('Shift+F10')
    await menu().waitFor()
    const [of, box] = await Promise.all([mail.page.locator('.vrow[data-active]').boundingBox(), menu().boundingBox()])
    // At the row, and whole in the window.
    expect(Math.abs(box!.x - of!.x)).toBeLessThan(60)
    expect(box!.y).toBeGreaterThanOrEqual(0)
    expect(box!.y + box!.height).toBeLessThanOrEqual(800)
    await expect.poll(focused).toBe('menuitem')
    await mail.page.keyboard.press('Escape')
    await menu().waitFor({ state: 'detached' })
    await expect.poll(focused).toBe('listbox')
    await mail.page.keyboard.press('Shift+F10')
    await item('Star').waitFor()
    // Letters walk the menu, and are no commands while it is open.
    await mail.page.keyboard.type('star')
    await mail.page.keyboard.press('Enter')
    await expect.poll(() => mail.row('Oak').getByText('Starred').count()).toBe(1)
    await mail.page.keyboard.press('s')
    await expect.poll(() => mail.row('Oak').getByText('Starred').count()).toBe(0)
  })

  test('marks all of a folder as read, and empties the trash after it has asked', async () => {
    const unread = mail.link(/^Inbox .*unread/)
    await unread.waitFor()
    await mail.link(/^Inbox/).click({ button: 'right' })
    await menu('Commands for Inbox').waitFor()
    expect(await barriers(mail.page)).toEqual([])
    await item('Mark all as read').click()
    await unread.waitFor({ state: 'detached' })
    await mail.row('Yew').click()
    await mail.page.keyboard.press('Delete')
    await mail.row('Yew').waitFor({ state: 'detached' })
    await mail.link(/^Trash/).focus()
    await mail.page.keyboard.press('Shift+F10')
    await item('Empty Trash…').click()
    await mail.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
    await mail.link(/^Trash/).click()
    await mail.page.getByText('Nothing in Trash').waitFor()
    await mail.link(/^Inbox/).click({ button: 'right' })
    await item('Search in this folder').click()
    await expect.poll(() => mail.page.getByLabel('Search all mail').inputValue()).toBe('in:inbox ')
    await mail.page.keyboard.press('Escape')
    await mail.link(/^Inbox/).click({ button: 'right' })
    await item('Export…').click()
    await expect
      .poll(() => mail.page.getByLabel('What', { exact: true }).locator('option:checked').innerText())
      .toBe('Inbox')
    await mail.page.keyboard.press('Escape')
    expect(mail.complaints).toEqual([])
  })
})
