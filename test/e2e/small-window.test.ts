import { afterAll, beforeAll, expect } from 'vitest'
import { barriers } from '../support/browser.ts'
import { MailPage } from '../support/mail-page.ts'
import { needs } from '../support/peers.ts'

/** Every view as it is for somebody who needs large text, strong contrast or colours of their own. */
const { describe, test } = needs('chromium')

const SETTINGS =
  'accounts identities routes signing destinations programs local rules tags transfer log privacy protection appearance keys settings diagnostics about'
const VIEWS = [
  ...'mail/all queue drafts snoozed people/all log console lab search/nothing-has-this-word'.split(' '),
  ...SETTINGS.split(' ').map((page) => `settings/${page}`),
]

describe('a small window', () => {
  let mail: MailPage
  beforeAll(async () => {
    mail = await MailPage.open()
    await mail.import({ subject: 'Minutes of the meeting about the harbour lanterns', text: 'Ten lanterns.' })
  }, 60_000)
  afterAll(async () => mail?.close(), 60_000)

  const go = async (hash: string) => {
    await mail.page.evaluate((to) => void (location.hash = `#/${to}`), hash)
    await mail.page.locator('.skel').first().waitFor({ state: 'detached' })
    await expect.poll(() => mail.page.locator('main, section.list').count(), { message: hash }).toBeGreaterThan(0)
  }
  /** Controls that stick out of the window and cannot be scrolled to. */
  const outside = () =>
    mail.page.evaluate(() => {
      const isReachable = (one: Element) => {
        for (let up = one.parentElement; up !== null; up = up.parentElement)
          if (up.scrollWidth > up.clientWidth && /auto|scroll/.test(getComputedStyle(up).overflowX)) return true
        return false
      }
      return [...document.querySelectorAll('.panes :is(button, input, select, a[href])')]
        .filter((one) => one.getClientRects().length > 0 && one.closest('.sr') === null)
        .filter((one) => {
          const { left, right, width } = one.getBoundingClientRect()
          return width > 1 && (left < -1 || right > innerWidth + 1) && !isReachable(one)
        })
        .map((one) => one.textContent || one.getAttribute('aria-label') || one.tagName)
    })

  test('at twice the size of text, in the dark and with more contrast, each view holds no barrier and no lost control', async () => {
    const { page } = mail
    // A window of 1280 by 800 at 200 % (WCAG 1.4.4 and 1.4.10).
    await page.setViewportSize({ width: 640, height: 400 })
    await page.emulateMedia({ colorScheme: 'dark', contrast: 'more', reducedMotion: 'reduce' })
    for (const hash of VIEWS) {
      await go(hash)
      expect(await outside(), hash).toEqual([])
      expect(await barriers(page), hash).toEqual([])
    }
  }, 60_000)

  test('with the colours of the system, what is chosen, focused or switched on can be told apart', async () => {
    const { page } = mail
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.emulateMedia({ colorScheme: 'light', contrast: 'no-preference', forcedColors: 'active' })
    for (const hash of ['mail/all', 'settings/settings', 'log']) {
      await go(hash)
      expect(await barriers(page), hash).toEqual([])
    }
    await go('settings/settings')
    const switches = page.locator('.setting .switch')
    const look = (nth: number) =>
      switches.nth(nth).evaluate((one) => [getComputedStyle(one).backgroundColor, getComputedStyle(one).borderTopStyle])
    const states = await switches.evaluateAll((all) => all.map((one) => (one as HTMLInputElement).checked))
    expect((await look(states.indexOf(true)))[0]).not.toBe((await look(states.indexOf(false)))[0])
    expect((await look(0))[1]).toBe('solid')
    expect(mail.complaints).toEqual([])
  })
})
