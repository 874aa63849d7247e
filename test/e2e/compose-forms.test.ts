import PostalMime from 'postal-mime'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers } from '../support/browser.ts'
import { openComposeHouse, type ComposeHouse } from '../support/compose-house.ts'
import { needs } from '../support/peers.ts'

/** The forms an answer takes, by the bytes that left; and what is never sent. */
const { describe, test } = needs('chromium')
/** A busy machine takes its time. */
const poll = <T>(value: () => T) => expect.poll(value, { timeout: 10_000 })
const people = (list: readonly { readonly address?: string | undefined }[] = []) => list.map(({ address }) => address)

describe('answers as they leave', () => {
  let house: ComposeHouse
  const receive = (subject: string) =>
    house.receive(
      'From: Tom Wilga <tom@fine.test>',
      'To: Nora <nora@feldt.test>, Lea <lea@fine.test>',
      'Cc: Kim <kim@fine.test>',
      'Reply-To: desk@fine.test',
      `Subject: ${subject}`,
      `Message-ID: <${subject.replaceAll(' ', '-')}@fine.test>`,
      'Date: Mon, 16 Nov 2026 10:00:00 +0000',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'What do you all think?',
      '--b',
      'Content-Type: text/plain; name="plan.txt"',
      'Content-Disposition: attachment; filename="plan.txt"',
      '',
      'first the walls',
      '--b--',
    )
  beforeAll(async () => {
    house = await openComposeHouse()
    for (const subject of ['All of us', 'Plans', 'Leather', 'Colours']) await receive(subject)
    await house.page.getByRole('option', { name: /Colours/ }).waitFor()
  }, 60_000)
  afterAll(() => house?.close(), 60_000)

  const typeAtTop = async (words: string) => {
    await house.text.click()
    await house.page.keyboard.press('Control+Home')
    await house.page.keyboard.type(words)
    await poll(() => house.text.innerText()).toContain(words)
  }
  const setting = (key: string, value: string) => house.home.json(['setting', 'set', key, value])
  const nobodyIsLeft = () => house.composer.waitFor({ state: 'detached' })

  test('an answer to all goes where answers are wanted, with all others in Cc and nobody twice', async () => {
    await house.open('All of us')
    await house.page.keyboard.press('Shift+R')
    await house.composer.getByRole('button', { name: 'Remove desk@fine.test' }).waitFor()
    await typeAtTop('Walls, yes.')
    await house.page.keyboard.press('Control+Enter')
    const { raw } = await house.sent('Re: All of us')
    const mail = await PostalMime.parse(raw)
    expect([people(mail.to), people(mail.cc)]).toEqual([['desk@fine.test'], ['lea@fine.test', 'kim@fine.test']])
    expect(mail.references).toBe('<All-of-us@fine.test>')
    const got = () => house.sink.messages.filter((one) => one.raw.includes('Walls, yes.')).flatMap(({ to }) => to)
    await poll(() => got().toSorted()).toEqual(['desk@fine.test', 'kim@fine.test', 'lea@fine.test'])
    await nobodyIsLeft()
  })

  test('what is forwarded says whose it was, and takes its file along byte for byte', async () => {
    await house.open('Plans')
    await house.page.keyboard.press('f')
    await house.composer.getByLabel('To', { exact: true }).fill('ida@fine.test')
    await house.composer.getByRole('group', { name: 'Attachments' }).getByText('plan.txt').waitFor()
    await typeAtTop('For you.')
    await house.page.keyboard.press('Control+Enter')
    const mail = await PostalMime.parse((await house.sent('Fwd: Plans')).raw)
    expect(mail.text).toMatch(/^For you\.\n/)
    expect(mail.text).toMatch(/From: Tom Wilga <tom@fine\.test>/)
    expect(mail.text).toMatch(/Subject: Plans/)
    expect(mail.text).toContain('What do you all think?')
    expect(mail.attachments.map(({ filename }) => filename)).toEqual(['plan.txt'])
    expect(Buffer.from(mail.attachments[0]?.content as ArrayBuffer).toString()).toContain('first the walls')
    await nobodyIsLeft()
  })

  test('an answer stands below what is quoted where a person wants it so, and the cursor with it', async () => {
    await setting('compose.answer', 'below')
    const isBelow = async () => {
      await house.open('Leather')
      await house.page.keyboard.press('r')
      await poll(() => house.text.innerText()).toContain('What do you all think?')
      const found = (await house.text.innerText()).startsWith('On ')
      if (!found) await house.page.keyboard.press('Escape')
      return found
    }
    await expect.poll(isBelow, { timeout: 20_000 }).toBe(true)
    await house.page.keyboard.type('I think so.')
    await poll(() => house.text.innerText()).toMatch(/think\?\s+I think so\./)
    await house.option('Not urgent')
    await house.composer.getByRole('button', { name: 'Send', exact: true }).click()
    const { raw } = await house.sent('Re: Leather')
    expect((await PostalMime.parse(raw)).text).toMatch(/wrote:\n> What do you all think\?\n\nI think so\./)
    expect(raw.toString()).toMatch(/^Importance: low\r$/m)
    await nobodyIsLeft()
  })

  test('text is pasted without its looks by the key for that', async () => {
    const { page, text } = house
    await house.begin('lea@fine.test', 'Bare')
    await text.click()
    await page.evaluate(async () => {
      const html = new Blob(['<b>loud</b> and <i>clear</i>'], { type: 'text/html' })
      const plain = new Blob(['loud and clear'], { type: 'text/plain' })
      await navigator.clipboard.write([new ClipboardItem({ 'text/html': html, 'text/plain': plain })])
    })
    await page.keyboard.press('Control+Shift+V')
    await poll(() => text.innerText()).toBe('loud and clear')
    expect(await text.locator('strong, em').count()).toBe(0)
    await page.keyboard.press('Control+A')
    await page.keyboard.press('Control+V')
    await poll(() => text.locator('strong').count()).toBe(1)
    await house.composer.getByRole('button', { name: 'Discard the draft' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Discard' }).click()
    await nobodyIsLeft()
  })

  test('a message to nobody is never sent, and an empty one leaves no draft behind', async () => {
    const { page, composer } = house
    const before = house.sink.messages.length
    await page.getByRole('button', { name: 'New message' }).first().click()
    await composer.getByLabel('To', { exact: true }).waitFor()
    await page.keyboard.press('Control+Enter')
    await composer.getByRole('alert').getByText('Nobody is named in To, Cc or Bcc.').waitFor()
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('Escape')
    await nobodyIsLeft()
    await page.getByRole('link', { name: /^Drafts/ }).click()
    await page.getByRole('main', { name: 'Drafts' }).getByText('No draft').waitFor()
    await page.getByRole('link', { name: 'Unified inbox' }).click()
    expect(house.sink.messages.length).toBe(before)
  })

  test('a message without a word is asked about before it goes', async () => {
    await setting('compose.review', 'true')
    const { page } = house
    await page.reload()
    await page.getByRole('option', { name: /Colours/ }).waitFor()
    await house.begin('lea@fine.test', '')
    await page.keyboard.press('Control+Enter')
    const dialog = page.getByRole('dialog', { name: 'Before it goes' })
    await dialog.getByText('It has no subject.').waitFor()
    await dialog.getByText('It has no text.').waitFor()
    await dialog.getByRole('button', { name: 'Back to the message' }).click()
    await house.composer.getByRole('button', { name: 'Discard the draft' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Discard' }).click()
    await nobodyIsLeft()
  })

  test('the focus goes back to the list when a message that was begun there is kept or sent', async () => {
    const { page } = house
    await house.open('Colours')
    const row = page.getByRole('option', { name: /Colours/ }).first()
    await row.click()
    const role = () => page.evaluate(() => document.activeElement?.getAttribute('role'))
    await poll(role).toBe('listbox')
    await page.keyboard.press('r')
    await house.composer.getByRole('button', { name: 'Remove desk@fine.test' }).waitFor()
    await poll(role).toBe('textbox')
    await page.keyboard.press('Escape')
    await poll(role).toBe('listbox')
    await page.keyboard.press('r')
    await poll(role).toBe('textbox')
    await house.composer.getByRole('button', { name: 'Remove desk@fine.test' }).waitFor()
    await typeAtTop('Green.')
    await page.keyboard.press('Control+Enter')
    await nobodyIsLeft()
    await poll(role).toBe('listbox')
  })

  test('nothing complained', () => {
    expect(house.complaints.filter((one) => !one.includes('has been blocked'))).toEqual([])
  })
})
