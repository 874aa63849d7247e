import { afterAll, beforeAll, expect } from 'vitest'
import { barriers } from '../support/browser.ts'
import { MailPage } from '../support/mail-page.ts'
import { needs } from '../support/peers.ts'
import { eventually } from '../support/posthorn.ts'

/** Settings as a person changes them: what is allowed, what it is by itself, and the way back, in two languages. */
const { describe, test } = needs('chromium')

describe('settings', () => {
  let mail: MailPage
  beforeAll(async () => {
    mail = await MailPage.open({ retry: { minTries: 3 } })
  }, 60_000)
  afterAll(async () => mail?.close(), 60_000)

  const valueOf = async (key: string) => {
    const all = await mail.home.json<{ key: string; value: unknown }[]>(['setting', 'list'])
    return all.find((one) => one.key === key)?.value
  }
  const becomes = (key: string, value: unknown) =>
    eventually(
      async () => JSON.stringify(await valueOf(key)) === JSON.stringify(value),
      `${key} to be ${String(value)}`,
    )
  /** The row of a setting, by its key. */
  const row = (key: string) =>
    mail.page.locator('form.setting').filter({ has: mail.page.getByText(key, { exact: true }) })
  const find = async (label: string, words: string) => mail.page.getByRole('searchbox', { name: label }).fill(words)

  test('a choice is chosen in words, a number beyond its range is refused, a list is typed, and each goes back', async () => {
    const { page } = mail
    await page.getByRole('button', { name: 'Settings', exact: true }).click()
    await find('Find a setting', 'look.readingPane')
    const pane = row('look.readingPane').getByRole('combobox')
    expect(await pane.locator('option').allInnerTexts()).toEqual([
      'Beside the list',
      'Below the list',
      'In place of the list',
    ])
    await expect.poll(() => row('look.readingPane').innerText()).toContain('Default: Beside the list.')
    await pane.selectOption({ label: 'Below the list' })
    await becomes('look.readingPane', 'below')
    await row('look.readingPane').getByRole('button', { name: 'Default' }).click()
    await becomes('look.readingPane', 'right')

    await find('Find a setting', 'queue.retireAfterDays')
    const undo = row('queue.retireAfterDays')
    await undo.getByRole('textbox').fill('1000000')
    await undo.getByRole('button', { name: 'Save' }).click()
    await expect
      .poll(() => undo.getByRole('alert').innerText())
      .toContain('is not allowed; allowed is a whole number from')
    await undo.getByRole('textbox').fill('7')
    await undo.getByRole('button', { name: 'Save' }).click()
    await becomes('queue.retireAfterDays', 7)

    await find('Find a setting', 'spellLanguages')
    await row('desktop.spellLanguages').getByRole('textbox').fill('de, en-GB')
    await page.keyboard.press('Enter')
    await becomes('desktop.spellLanguages', ['de', 'en-GB'])
    await row('desktop.spellLanguages').getByRole('button', { name: 'Default' }).click()
    await becomes('desktop.spellLanguages', [])
    expect(await barriers(page)).toEqual([])
  })

  test('what the settings file says can be seen, and not changed', async () => {
    await find('Find a setting', 'retry.minTries')
    await expect.poll(() => row('retry.minTries').innerText()).toContain('Set by the settings file.')
    expect(await row('retry.minTries').getByRole('textbox').isDisabled()).toBe(true)
  })

  test('in German the same page is found by German words, refuses in German, and its switches can be hit', async () => {
    const { page } = mail
    await mail.home.json(['setting', 'set', 'look.language', '"de"'])
    await page.getByRole('tab', { name: 'Datenschutz' }).click()
    await expect.poll(() => page.getByRole('heading', { name: 'Datenschutz' }).count()).toBe(1)
    expect(await barriers(page)).toEqual([])
    const box = await row('privacy.allowPrivateAddresses').getByRole('checkbox').boundingBox()
    expect([box?.width ?? 0, box?.height ?? 0].every((side) => side >= 24)).toBe(true)
    await page.getByRole('tab', { name: 'Protokoll', exact: true }).click()
    const days = row('log.smtp.keepDays')
    await days.getByRole('textbox').fill('0')
    await page.keyboard.press('Enter')
    await expect.poll(() => days.getByRole('alert').innerText()).toContain('eine ganze Zahl von 1 bis')
    expect(await barriers(page)).toEqual([])
    await find('Einstellung suchen', 'wie dicht Zeilen')
    await expect.poll(() => row('look.density').count()).toBe(1)
    expect(mail.complaints).toEqual([])
  })
})
