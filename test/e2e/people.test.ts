import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers } from '../support/browser.ts'
import { MailPage } from '../support/mail-page.ts'
import { needs } from '../support/peers.ts'
import type { Home } from '../support/posthorn.ts'

/** Whom one writes to: written down, put into groups, written to together, brought in and taken out as cards. */
const { describe, test } = needs('chromium')

describe('people', () => {
  let mail: MailPage
  let home: Home
  let page: Page

  beforeAll(async () => {
    mail = await MailPage.open()
    ;({ home, page } = mail)
  }, 60_000)
  afterAll(async () => mail?.close(), 60_000)

  /** How much of it can be seen, of 1. */
  const seenOf = (part: Locator) =>
    part.evaluate(
      (element) =>
        new Promise<number>((done) => {
          const watch = new IntersectionObserver(([entry]) => {
            watch.disconnect()
            done(entry?.intersectionRatio ?? 0)
          })
          watch.observe(element)
        }),
    )
  const row = (name: string) => page.getByRole('option', { name: new RegExp(name) })

  test('nobody yet: the page says how people come here, and one is written down', async () => {
    await page.getByRole('button', { name: 'New message' }).focus()
    await page.keyboard.press('g')
    await page.keyboard.press('c')
    await page.getByRole('heading', { name: 'Nobody yet' }).waitFor()
    expect(await barriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Add a person' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add a person' })
    await dialog.getByLabel('Name').fill('Ada Lovelace')
    await dialog.getByLabel('Mail address').fill('ada@')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText(/not a mail address|no address/).waitFor()
    expect(await barriers(page)).toEqual([])
    await dialog.getByLabel('Mail address').fill('ada@harbour.test')
    await dialog.getByLabel('Note').fill('Met on the pier.')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await page.getByRole('region', { name: 'Person' }).getByText('Met on the pier.').waitFor()
    expect(await barriers(page)).toEqual([])
  })

  test('cards are imported, and what could not be taken is named', async () => {
    const path = join(home.root, 'people.vcf')
    const card = (...lines: string[]) => ['BEGIN:VCARD', 'VERSION:3.0', ...lines, 'END:VCARD', ''].join('\r\n')
    writeFileSync(
      path,
      card('FN:Jörg Müller', 'EMAIL:joerg@harbour.test', 'CATEGORIES:Crew') +
        card('FN:Ida Berg', 'EMAIL:ida@harbour.test', 'CATEGORIES:Crew') +
        card('FN:No Address'),
    )
    await page.getByLabel('File of cards').setInputFiles(path)
    const dialog = page.getByRole('dialog', { name: 'Cards imported' })
    await dialog.getByText('2 addresses added').waitFor()
    await dialog.getByText('the card of No Address has no mail address').waitFor()
    expect(await barriers(page)).toEqual([])
    await dialog.locator('footer').getByRole('button', { name: 'Close' }).click()
    await row('Jörg').waitFor()
    await page.getByRole('searchbox', { name: 'Find people' }).fill('jorg')
    await expect.poll(() => page.getByRole('option').count()).toBe(1)
    await page.getByRole('searchbox', { name: 'Find people' }).fill('')
  })

  test('people are put into a group, and a whole group is written to', async () => {
    await row('Ada').click()
    await page.getByRole('region', { name: 'Person' }).getByRole('checkbox', { name: 'Crew' }).click()
    await expect.poll(() => page.getByRole('link', { name: /Crew/ }).innerText()).toMatch(/3/)
    await page.getByRole('link', { name: /Crew/ }).click()
    await expect.poll(() => page.getByRole('option').count()).toBe(3)
    await page.getByRole('button', { name: 'More about Crew' }).click()
    await page.getByRole('menuitem', { name: 'Write to all of them' }).click()
    const composer = page.getByRole('dialog', { name: 'New message' })
    for (const name of ['Ada Lovelace', 'Ida Berg', 'Jörg Müller']) await composer.getByText(name).first().waitFor()
    await composer.getByLabel('Subject').press('Escape')
    // A group is offered by its name where one writes an address, too.
    await page.getByRole('button', { name: 'New message' }).click()
    await composer.getByLabel('To', { exact: true }).fill('harbour')
    await composer.getByRole('option').nth(2).waitFor()
    // However many: nothing around the line that is typed in cuts the offers off.
    await expect.poll(() => seenOf(composer.getByRole('listbox', { name: 'People for To' }))).toBe(1)
    await composer.getByLabel('To', { exact: true }).fill('cre')
    await composer.getByRole('option', { name: 'Crew group of 3 people' }).waitFor()
    await page.keyboard.press('Enter')
    for (const name of ['Ada Lovelace', 'Ida Berg', 'Jörg Müller']) await composer.getByText(name).first().waitFor()
    await composer.getByLabel('Subject').press('Escape')
  })

  test('a group is saved as cards that another address book reads', async () => {
    await page.getByRole('button', { name: 'More about people' }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'Save Crew as cards' }).click(),
    ])
    const cards = readFileSync(await download.path(), 'utf8')
    expect(cards.match(/^FN:.*$/gm)?.map((line) => line.trim())).toEqual([
      'FN:Ada Lovelace',
      'FN:Ida Berg',
      'FN:Jörg Müller',
    ])
    expect(cards).toContain('NOTE:Met on the pier.')
  })

  test('several are chosen by key and forgotten after a question, and a group goes without its people', async () => {
    await page.getByRole('link', { name: 'All people' }).click()
    await row('Ada').click()
    await page.keyboard.press('Shift+ArrowDown')
    await page.getByRole('heading', { name: '2 people chosen' }).waitFor()
    await page.getByRole('button', { name: 'Forget' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Forget' }).click()
    await expect.poll(() => page.getByRole('option').count()).toBe(1)
    await page.getByRole('button', { name: 'More about Crew' }).click()
    await page.getByRole('menuitem', { name: 'Remove the group…' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('link', { name: /Crew/ }).waitFor({ state: 'detached' })
    await row('Jörg').waitFor()
    expect(mail.complaints).toEqual([])
  })
})
