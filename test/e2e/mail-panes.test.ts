import { afterAll, beforeAll, expect } from 'vitest'
import { barriers } from '../support/browser.ts'
import { MailPage } from '../support/mail-page.ts'
import { needs } from '../support/peers.ts'

/** The panes of the window as somebody draws them, and in palettes of the system. */
const { describe, test } = needs('chromium')

describe('the panes of the window', () => {
  let mail: MailPage
  beforeAll(async () => {
    mail = await MailPage.open()
    await mail.import({ subject: 'One' }, { subject: 'Two' })
    await mail.row('One').waitFor()
  }, 60_000)
  afterAll(() => mail?.close(), 60_000)

  const edge = (name: string) => mail.page.getByRole('separator', { name })
  const widthOf = (selector: string) =>
    mail.page.locator(selector).evaluate((one) => Math.round(one.getBoundingClientRect().width))

  for (const [name, selector] of [
    ['Width of the folders', '.folders-pane'],
    ['Width of the list', 'section.list'],
  ] as const)
    test(`are drawn by mouse and by keys, kept, and put back: ${name}`, async () => {
      const width = () => widthOf(selector)
      const usual = await width()
      await edge(name).focus()
      await mail.page.keyboard.press('ArrowRight')
      await expect.poll(width).toBe(usual + 16)
      expect(await edge(name).getAttribute('aria-valuenow')).toBe(String(usual + 16))
      const box = (await edge(name).boundingBox())!
      await mail.page.mouse.move(box.x + 3, box.y + 200)
      await mail.page.mouse.down()
      await mail.page.mouse.move(box.x + 33, box.y + 210)
      await mail.page.mouse.up()
      await expect.poll(width).toBe(usual + 46)
      await expect.poll(async () => (await mail.home.run(['setting', 'list'])).stdout).toContain(`=${usual + 46}`)
      await mail.page.reload()
      await expect.poll(width).toBe(usual + 46)
      expect(await barriers(mail.page)).toEqual([])
      await edge(name).dblclick()
      await expect.poll(width).toBe(usual)
    })

  test('a row that is chosen can be read in a palette of the system', async () => {
    await mail.row('One').click()
    await mail.page.emulateMedia({ forcedColors: 'active' })
    expect(await barriers(mail.page)).toEqual([])
    const colours = await mail.row('One').evaluate((row) => {
      const of = (element: Element) => getComputedStyle(element)
      return {
        back: of(row).backgroundColor,
        texts: [...row.querySelectorAll('.who, .time, .subj b')].map((one) => of(one).color),
      }
    })
    for (const text of colours.texts) expect(text).not.toBe(colours.back)
    await mail.page.emulateMedia({ forcedColors: 'none' })
    expect(mail.complaints).toEqual([])
  })
})
