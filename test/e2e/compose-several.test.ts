import type { Page } from 'playwright-core'
import PostalMime from 'postal-mime'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers } from '../support/browser.ts'
import { openComposeHouse, type ComposeHouse } from '../support/compose-house.ts'
import { needs } from '../support/peers.ts'
import { eventually } from '../support/posthorn.ts'

/** Several messages at once, windows of their own, and what is there again after a crash of the page or of the engine. */
const { describe, test } = needs('chromium')
/** A busy machine takes its time. */
const poll = <T>(value: () => T) => expect.poll(value, { timeout: 10_000 })
const LEAST_BYTES = 300_000

describe('several messages', () => {
  let house: ComposeHouse
  let page: Page
  beforeAll(async () => {
    house = await openComposeHouse({ offers: ['PIPELINING', `SIZE ${LEAST_BYTES}`, '8BITMIME', 'DSN'] })
    page = house.page
  }, 60_000)
  afterAll(() => house?.close(), 60_000)

  const inFront = () => page.getByRole('dialog').and(page.locator('.compose'))
  const tabs = () => page.getByRole('navigation', { name: 'Messages being written' })
  const write = async (subject: string, words: string) => {
    await page.getByRole('button', { name: 'New message' }).first().click()
    await inFront().getByLabel('Subject').fill(subject)
    await inFront().getByLabel('Message text').click()
    await page.keyboard.type(words)
  }
  const address = async (to: string) => {
    await inFront().getByLabel('To', { exact: true }).fill(to)
    await inFront().getByLabel('To', { exact: true }).press('Enter')
    await inFront()
      .getByRole('button', { name: `Remove ${to}` })
      .waitFor()
  }
  const words = () => inFront().getByLabel('Message text').innerText()
  const discard = async () => {
    await inFront().getByRole('button', { name: 'Discard the draft' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Discard' }).click()
  }
  /** Opens the window anew, in the place of one that is gone. */
  const openAnew = async () => {
    const { stdout } = await house.home.run(['ui'])
    page = await page.context().newPage()
    page.setDefaultTimeout(10_000)
    await page.goto(stdout.trim())
  }

  test('stand side by side, each as it was left, and are walked through and folded by keys', async () => {
    await write('First', 'about the first')
    await write('Second', 'about the second')
    await write('Third', 'about the third')
    await poll(() => tabs().getByRole('button').allInnerTexts()).toEqual(['First', 'Second', 'Third'])
    expect(await tabs().locator('[aria-current]').innerText()).toBe('Third')
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('Alt+PageUp')
    await poll(words).toBe('about the second')
    // The cursor is where it was: in the text.
    await page.keyboard.type(' letter')
    await poll(words).toBe('about the second letter')
    await page.keyboard.press('Alt+PageDown')
    await page.keyboard.press('Alt+PageDown')
    await poll(words).toBe('about the first')
    await house.shot('compose-several', page)
    await page.keyboard.press('Control+Shift+Y')
    await poll(() => inFront().count()).toBe(0)
    expect(await barriers(page)).toEqual([])
    await house.shot('compose-folded', page)
    await tabs().getByRole('button', { name: 'Second' }).click()
    await poll(words).toBe('about the second letter')
    await page.keyboard.press('Escape')
    await poll(() => tabs().getByRole('button').allInnerTexts()).toEqual(['First', 'Third'])
    // The focus is back at what opened it.
    const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim())
    await poll(focused).toBe('New message')
  })

  test('a draft that is being written comes to the front; one that was thrown away can be brought back', async () => {
    await page.getByRole('link', { name: /^Drafts/ }).click()
    const list = page.getByRole('main', { name: 'Drafts' })
    await poll(() => list.getByRole('listitem').count()).toBe(3)
    await list.getByRole('button', { name: /^Third/ }).click()
    await poll(words).toBe('about the third')
    await poll(() => tabs().getByRole('button').count()).toBe(2)
    await page.keyboard.press('Escape')
    await list.getByRole('button', { name: 'Discard the draft Second' }).click()
    await poll(() => list.getByRole('listitem').count()).toBe(2)
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await poll(() => list.getByRole('listitem').count()).toBe(3)
  })

  test('are all there again after the page has crashed, the drafts of others left alone', async () => {
    await page.getByRole('link', { name: /^Drafts/ }).click()
    const list = page.getByRole('main', { name: 'Drafts' })
    await list.getByRole('button', { name: /^Third/ }).click()
    await inFront().getByLabel('Message text').click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type(', and its last words')
    await inFront()
      .getByText(/^Draft saved/)
      .waitFor()
    const gone = page.waitForEvent('crash')
    const devtools = await page.context().newCDPSession(page)
    devtools.send('Page.crash').catch(() => undefined) // nobody is left to answer
    await gone
    const crashed = page
    await openAnew()
    await crashed.close()
    await page.getByText('The window was closed while you wrote 2 messages. Here they are again.').waitFor()
    await poll(async () => (await tabs().getByRole('button').allInnerTexts()).toSorted()).toEqual(['First', 'Third'])
    const seen = [await words()]
    await page.keyboard.press('Alt+PageDown')
    await poll(words).not.toBe(seen[0])
    seen.push(await words())
    expect(seen.toSorted()).toEqual(['about the first', 'about the third, and its last words'])
    for (const _ of seen) {
      await page.keyboard.press('Alt+PageDown')
      await discard()
    }
    await poll(() => page.locator('section.compose').count()).toBe(0)
  })

  test('a draft is kept within three seconds, however busily one types', async () => {
    await page.clock.install()
    await page.getByRole('button', { name: 'New message' }).first().click()
    await inFront().getByLabel('Message text').click()
    for (let n = 0; n < 4; n++) {
      await page.keyboard.type('word ')
      await page.clock.runFor(700)
    }
    // 2.8 seconds without a rest of one.
    await inFront()
      .getByText(/^Draft saved/)
      .waitFor()
    await page.clock.resume()
    await discard()
    await poll(() => page.locator('section.compose').count()).toBe(0)
  })

  test('a draft and its file outlive an engine that was killed', async () => {
    await write('Contract', 'Please sign.')
    await address('lea@fine.test')
    await inFront()
      .getByLabel('Attach files')
      .setInputFiles({ name: 'contract.txt', mimeType: 'text/plain', buffer: Buffer.from('in plain words') })
    await poll(() => inFront().locator('progress').count()).toBe(0)
    await inFront()
      .getByText(/^Draft saved/)
      .waitFor()
    await house.killEngine()
    await page.close()
    await house.startEngine()
    await openAnew()
    await poll(() => inFront().getByLabel('Subject').inputValue()).toBe('Contract')
    await inFront().getByRole('group', { name: 'Attachments' }).getByText('contract.txt').waitFor()
    await inFront().getByRole('button', { name: 'Send', exact: true }).click()
    const mail = await PostalMime.parse((await house.sent('Contract')).raw)
    expect(Buffer.from(mail.attachments[0]?.content as ArrayBuffer).toString()).toBe('in plain words')
  })

  test('one goes on in a window of its own, whose undo is offered where it was', async () => {
    expect((await house.home.run(['setting', 'set', 'queue.undoSeconds', '30'])).status).toBe(0)
    await write('On its own', 'Written ')
    await address('lea@fine.test')
    await inFront()
      .getByLabel('Attach files')
      .setInputFiles({ name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('a note') })
    await poll(() => inFront().locator('progress').count()).toBe(0)
    const opened = page.waitForEvent('popup')
    await inFront().getByRole('button', { name: 'Open in a window of its own' }).click()
    const own = await opened
    await poll(() => page.locator('section.compose').count()).toBe(0)
    const composer = own.locator('section.compose')
    await poll(() => composer.getByLabel('Subject').inputValue()).toBe('On its own')
    await composer.getByRole('button', { name: 'Remove lea@fine.test' }).waitFor()
    await composer.getByRole('button', { name: 'Remove note.txt' }).waitFor()
    await composer.getByLabel('Message text').click()
    await own.keyboard.press('Control+End')
    await own.keyboard.type('elsewhere')
    expect(await barriers(own)).toEqual([])
    const closed = own.waitForEvent('close')
    await own.keyboard.press('Control+Enter')
    await page.getByText('“On its own” leaves').waitFor()
    await closed
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await poll(words).toBe('Written elsewhere')
    await inFront().getByRole('button', { name: 'Remove note.txt' }).waitFor()
    await house.home.run(['setting', 'set', 'queue.undoSeconds', '0'])
    await discard()
    await poll(() => page.locator('section.compose').count()).toBe(0)
    expect(house.sink.messages.filter(({ raw }) => raw.includes('On its own'))).toEqual([])
  })

  test('what its server would not take is said beside the files, and again before it goes', async () => {
    await write('Large', 'The film is attached.')
    await address('lea@fine.test')
    const files = inFront().getByRole('group', { name: 'Attachments' })
    const attach = (name: string, bytes: number) =>
      inFront()
        .getByLabel('Attach files')
        .setInputFiles({ name, mimeType: 'video/mp4', buffer: Buffer.alloc(bytes) })
    await attach('short.mp4', 100_000)
    await files.getByText('as sent, of 300 KB at most').waitFor()
    await attach('film.mp4', 200_000)
    await files.getByText('mx.fine.test takes no more than 300 KB').waitFor()
    expect(await barriers(page)).toEqual([])
    await house.shot('compose-too-large', page)
    await page.keyboard.press('Control+Enter')
    const dialog = page.getByRole('dialog', { name: 'Before it goes' })
    await dialog.getByText('It is too large for mx.fine.test').waitFor()
    await dialog.getByRole('button', { name: 'Back to the message' }).click()
    await inFront().getByRole('button', { name: 'Remove film.mp4' }).click()
    await files.getByText('as sent, of 300 KB at most').waitFor()
    await page.keyboard.press('Control+Enter')
    await dialog.waitFor({ state: 'detached' })
    await house.sent('Large')
  })

  test('the language of a text is that of its message, and a report of delivery is asked for as the wire has it', async () => {
    await write('Sprache', 'Ein Wort')
    await inFront().getByLabel('Language of the text').selectOption({ label: 'German' })
    await poll(() => inFront().getByLabel('Message text').getAttribute('lang')).toBe('de')
    expect(await inFront().getByLabel('Subject').getAttribute('lang')).toBe('de')
    await address('lea@fine.test')
    await inFront().getByRole('button', { name: 'Options of the message' }).click()
    await page.getByRole('menuitem', { name: 'Tell me when it is delivered' }).click()
    await page.keyboard.press('Escape')
    await page.getByText('Kept as a draft.').waitFor()
    await page.getByRole('link', { name: /^Drafts/ }).click()
    await page
      .getByRole('main', { name: 'Drafts' })
      .getByRole('button', { name: /^Sprache/ })
      .click()
    await poll(() => inFront().getByLabel('Message text').getAttribute('lang')).toBe('de')
    await inFront().getByRole('button', { name: 'Send', exact: true }).click()
    const { parameters } = await house.sent('Sprache')
    expect(parameters).toContain('RET=HDRS')
    const rcpt = await eventually(
      () => house.sink.commands.findLast(({ verb }) => verb === 'RCPT')?.line,
      'the recipient of that mail',
    )
    expect(rcpt).toMatch(/^RCPT TO:<lea@fine\.test> NOTIFY=SUCCESS,FAILURE,DELAY\b/)
  })

  test('nothing complained', () => {
    expect(house.complaints.filter((one) => !one.includes('has been blocked'))).toEqual([])
  })
})
