import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers } from '../support/browser.ts'
import { MailPage } from '../support/mail-page.ts'
import { needs } from '../support/peers.ts'

/** Junk as somebody teaches it: by a key, by the folders they have, and with a rule that acts on it. */
const { describe, test } = needs('chromium')

describe('junk', () => {
  let mail: MailPage
  let page: Page

  beforeAll(async () => {
    mail = await MailPage.open()
    ;({ page } = mail)
    await mail.import(
      ...Array.from({ length: 11 }, (_, n) => [
        { subject: `Offer ${n}`, from: 'Shop <shop@cheap.test>', text: `cheap watches, limited price, number ${n}` },
        { subject: `Monday ${n}`, text: `the keys of the boathouse, minutes and weather, item ${n}` },
      ]).flat(),
    )
  }, 60_000)
  afterAll(async () => mail?.close(), 60_000)

  const junkPage = async () => {
    await page.getByRole('button', { name: 'Settings', exact: true }).click()
    await page.getByRole('tab', { name: 'Rules' }).click()
    return page.getByRole('region', { name: 'Junk' })
  }

  test('is learnt by its key, and by what is archived', async () => {
    const list = mail.list()
    const offers = list.getByRole('option', { name: /Offer \d/ })
    await offers.first().click()
    for (let n = 1; n < 11; n++) await offers.nth(n).click({ modifiers: ['ControlOrMeta'] })
    await page.keyboard.press('!')
    await expect.poll(() => offers.count()).toBe(0)
    await list.getByRole('option', { name: /Monday 10/ }).click()
    await page.keyboard.press('e')
    const region = await junkPage()
    await region.getByText('11 junk messages and 1 other are known.').waitFor()
    await region.getByText('Nothing looks like junk before there are 10 of each.').waitFor()
    expect(await barriers(page)).toEqual([])
  })

  test('what was read in the folders is learnt at once, and a rule moves what looks like it', async () => {
    await page.getByRole('link', { name: /^Unified inbox/ }).click()
    const list = mail.list()
    await list.getByRole('option', { name: /Monday 5/ }).click()
    await page.keyboard.press('Control+a')
    await page.keyboard.press('m')
    const region = await junkPage()
    await region.getByRole('button', { name: 'Learn from my folders' }).click()
    await region.getByText('11 junk messages and 11 others are known.').waitFor()
    await region.getByRole('button', { name: 'Move what looks like junk' }).click()
    await page.getByRole('listitem', { name: 'Junk' }).getByText('is:junk -is:contact').waitFor()
    expect(await barriers(page)).toEqual([])
    await mail.import({
      subject: 'One more offer',
      from: 'Shop <shop@cheap.test>',
      text: 'cheap watches, limited price',
    })
    const [one] = await mail.home.json<{ readonly id: number }[]>(['search', 'subject:"One more offer"'])
    const ran = await mail.home.run(['rule', 'run', 'Junk', '--message', String(one?.id)])
    expect(ran.stdout, ran.stderr).toContain('moved to Junk')
    const why = await mail.home.run(['junk', 'why', String(one?.id)])
    expect(why.stdout).toMatch(/^Junk: (?:9\d|100) %\n[^]*watches/)
    expect(mail.complaints).toEqual([])
  })
})
