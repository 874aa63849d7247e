import PostalMime from 'postal-mime'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers } from '../support/browser.ts'
import { openComposeHouse, type ComposeHouse } from '../support/compose-house.ts'
import { needs } from '../support/peers.ts'

/** Writing as people do it: rich and plain, with pictures and files; what leaves is read byte for byte at another server. */
const { describe, test } = needs('chromium')
/** A busy machine takes its time. */
const poll = <T>(value: () => T) => expect.poll(value, { timeout: 10_000 })

/** One pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

describe('writing', () => {
  let house: ComposeHouse
  beforeAll(async () => {
    house = await openComposeHouse()
  }, 60_000)
  afterAll(() => house?.close(), 60_000)

  test('rich text goes with its looks, a plain twin beside it, and nothing else', async () => {
    const { page, composer, text } = house
    await house.begin('lea@fine.test', 'Binding on Saturday')
    await text.click()
    await page.keyboard.type('Dear Lea,')
    await page.keyboard.press('Enter')
    await page.keyboard.type('we meet ')
    await page.keyboard.press('Control+B')
    await page.keyboard.type('at ten')
    await page.keyboard.press('Control+B')
    await page.keyboard.type('.')
    await page.keyboard.press('Enter')
    await composer.getByRole('button', { name: 'List', exact: true }).click()
    await page.keyboard.type('thread')
    await page.keyboard.press('Enter')
    await page.keyboard.type('glue ')
    await composer.getByRole('button', { name: 'Link' }).click()
    await page.getByRole('dialog', { name: 'Make a link' }).getByLabel('Leads to').fill('bindery.example/shop')
    await page.getByRole('dialog', { name: 'Make a link' }).getByRole('button', { name: 'Link', exact: true }).click()
    await house.shot('compose-rich')
    expect(await barriers(page)).toEqual([])
    await house.send()
    const { raw } = await house.sent('Binding on Saturday')
    const mail = await PostalMime.parse(raw)
    expect(raw.toString()).toMatch(/^Content-Type: multipart\/alternative;/m)
    expect(mail.text?.trim()).toBe('Dear Lea,\n\nwe meet *at ten*.\n\n- thread\n- glue bindery.example/shop')
    expect(mail.html).toContain('<p>we meet <strong>at ten</strong>.</p>')
    expect(mail.html).toContain('<ul><li><p>thread</p></li>')
    expect(mail.html).toContain('<a href="https://bindery.example/shop">bindery.example/shop</a>')
    expect(mail.html).not.toMatch(/style=|class=|<font|color/i)
  })

  test('what has no looks goes as plain text that flows', async () => {
    const { page, text } = house
    await house.begin('lea@fine.test', 'Only words')
    await text.click()
    const paragraph = Array.from({ length: 40 }, (_, n) => `word${n}`).join(' ')
    await page.keyboard.insertText(paragraph)
    await house.send()
    const { raw } = await house.sent('Only words')
    expect(raw.toString()).toMatch(/^Content-Type: text\/plain; charset=utf-8; format=flowed\r$/m)
    for (const line of raw.toString().split('\r\n')) expect(line.length).toBeLessThanOrEqual(78)
    expect((await PostalMime.parse(raw)).text?.trim()).toBe(paragraph)
  })

  test('pasted HTML keeps its sense and loses scripts, styles and pictures of the web', async () => {
    const { page, composer, text } = house
    await house.begin('lea@fine.test', 'Pasted')
    await text.click()
    await page.evaluate(() => {
      const data = new DataTransfer()
      data.setData(
        'text/html',
        '<h2 style="color:red">Plan</h2><p onclick="x()">one <b>two</b><script>alert(1)</scr' +
          'ipt><img src="https://tracker.example/p.gif" alt="logo"></p><a href="javascript:alert(1)">go</a>',
      )
      document
        .querySelector('.rich')
        ?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
    })
    await poll(() => text.innerText()).toContain('Plan')
    await composer.getByRole('button', { name: 'Send', exact: true }).click()
    const mail = await PostalMime.parse((await house.sent('Pasted')).raw)
    expect(mail.html).toContain('<h2>Plan</h2>')
    expect(mail.html).toContain('one <strong>two</strong>[logo]')
    expect(mail.html).not.toMatch(/script|tracker|onclick|style="color/i)
    // The policy of the page refused them already while they were read.
    expect(house.complaints.splice(0).filter((one) => !one.includes('has been blocked'))).toEqual([])
  })

  test('a picture that is pasted stands in the text, and a file beside it can be renamed', async () => {
    const { page, composer, text } = house
    await house.begin('lea@fine.test', 'With a picture')
    await text.click()
    await page.keyboard.type('Look: ')
    await page.evaluate((png) => {
      const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0))
      const data = new DataTransfer()
      data.items.add(new File([bytes], 'pattern.png', { type: 'image/png' }))
      document
        .querySelector('.rich')
        ?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
    }, PNG)
    await poll(() =>
      text.getByRole('img', { name: 'pattern.png' }).evaluate((img: HTMLImageElement) => img.naturalWidth),
    ).toBe(1)
    await composer
      .getByLabel('Attach files')
      .setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('the plan') })
    const files = composer.getByRole('group', { name: 'Attachments' })
    await files.getByRole('button', { name: 'plan.txt', exact: true }).click()
    await page.getByRole('dialog', { name: 'Rename the file' }).getByLabel('Name in the message').fill('final plan.txt')
    expect(await barriers(page)).toEqual([])
    await page
      .getByRole('dialog', { name: 'Rename the file' })
      .getByRole('button', { name: 'Rename', exact: true })
      .click()
    await poll(() => files.innerText()).toContain('final plan.txt')
    expect(await files.innerText()).not.toContain('pattern.png')
    await house.send()
    const { raw } = await house.sent('With a picture')
    const mail = await PostalMime.parse(raw)
    const picture = mail.attachments.find(({ mimeType }) => mimeType === 'image/png')
    expect(Buffer.from(picture?.content as ArrayBuffer).toString('base64')).toBe(PNG)
    expect(picture?.related).toBe(true)
    expect(mail.html).toContain(`<img src="cid:${picture?.contentId?.slice(1, -1)}" alt="pattern.png">`)
    expect(mail.attachments.find(({ mimeType }) => mimeType === 'text/plain')?.filename).toBe('final plan.txt')
    expect(mail.text).toContain('Look: [pattern.png]')
  })

  test('plain text is written as plain text, and options become what other programs read', async () => {
    const { page, composer, text } = house
    await house.begin('lea@fine.test', 'In plain words')
    await house.option('Write plain text')
    await text.fill('Just text.\n> a quote\n')
    await page.evaluate(() => {
      const data = new DataTransfer()
      data.items.add(new File(['dropped'], 'dropped.txt', { type: 'text/plain' }))
      const rows = document.querySelector('section.compose .rows')
      rows?.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
    })
    await composer.getByRole('button', { name: 'Remove dropped.txt' }).waitFor()
    await poll(() => composer.locator('progress').count()).toBe(0)
    await house.option('Important')
    await house.option('Ask for a read receipt')
    await house.option('Answers to another address')
    await composer.getByLabel('Reply to', { exact: true }).fill('desk@feldt.test')
    await composer.getByRole('button', { name: 'Bcc' }).click()
    await composer.getByLabel('Bcc', { exact: true }).fill('kim@fine.test')
    await composer.getByLabel('Subject').click()
    await house.shot('compose-plain')
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('Control+Enter')
    const { raw } = await house.sent('In plain words')
    const head = raw.toString().split('\r\n\r\n')[0] ?? ''
    expect(head).toMatch(/^Reply-To: desk@feldt\.test\r?$/m)
    expect(head).toMatch(/^Importance: high\r?$/m)
    expect(head).toMatch(/^Disposition-Notification-To: nora@feldt\.test\r?$/m)
    expect(head).not.toContain('kim@')
    expect(raw.toString()).toContain('Just text.\r\n> a quote\r\n')
    expect((await PostalMime.parse(raw)).attachments.map(({ filename }) => filename)).toEqual(['dropped.txt'])
    const { sink } = house
    const people = () => sink.messages.filter((one) => one.raw.includes('In plain words')).flatMap((one) => one.to)
    await poll(() => people().toSorted()).toEqual(['kim@fine.test', 'lea@fine.test'])
  })

  test('a signature is set with the identity, and stands below what is written', async () => {
    const { page, text } = house
    await page.getByRole('button', { name: 'Settings', exact: true }).click()
    await page.getByRole('tab', { name: 'Identities' }).click()
    await page.getByRole('listitem', { name: 'nora@feldt.test' }).getByRole('button', { name: 'Change' }).click()
    const dialog = page.getByRole('dialog', { name: 'Change the identity' })
    await dialog.getByLabel('Signature', { exact: true }).fill('Nora Feldt\nRope Walk 3')
    expect(await barriers(page)).toEqual([])
    await house.shot('compose-identity')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('link', { name: /^Unified inbox/ }).click()
    await house.begin('lea@fine.test', 'Signed below')
    await poll(() => text.innerText()).toContain('Rope Walk 3')
    await text.click({ position: { x: 40, y: 12 } })
    await page.keyboard.press('Control+Home')
    await page.keyboard.type('Good morning.')
    await house.send()
    const { raw } = await house.sent('Signed below')
    expect(raw.toString()).toMatch(/format=flowed\r\n\r\nGood morning\.\r\n\r\n-- \r\nNora Feldt\r\nRope Walk 3\r\n/)
  })

  test('what is taken back is there again with its looks, its picture and its file', async () => {
    const { page, composer, text } = house
    expect((await house.home.run(['setting', 'set', 'queue.undoSeconds', '30'])).status).toBe(0)
    await house.begin('lea@fine.test', 'Too hasty')
    await text.click()
    await page.keyboard.type('Please ')
    await poll(() => text.innerText()).toContain('Please')
    await page.keyboard.press('Control+B')
    await page.keyboard.type('Stop')
    await composer
      .getByLabel('Pictures for the text')
      .setInputFiles({ name: 'sign.png', mimeType: 'image/png', buffer: Buffer.from(PNG, 'base64') })
    await text.getByRole('img', { name: 'sign.png' }).waitFor()
    await composer
      .getByLabel('Attach files')
      .setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('the plan') })
    await poll(() => composer.locator('progress').count()).toBe(0)
    await house.send()
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await poll(() => text.locator('strong').first().innerText()).toContain('Stop')
    const width = () =>
      text.getByRole('img', { name: 'sign.png' }).evaluate((img: HTMLImageElement) => img.naturalWidth)
    await poll(width).toBe(1)
    expect(await composer.getByRole('group', { name: 'Attachments' }).innerText()).toContain('plan.txt')
    await composer.getByRole('button', { name: 'Discard the draft' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Discard' }).click()
    await composer.waitFor({ state: 'detached' })
    expect(house.sink.messages.filter(({ raw }) => raw.includes('Too hasty'))).toEqual([])
    await house.home.run(['setting', 'set', 'queue.undoSeconds', '0'])
  })

  test('nothing complained, in light or dark and in a small window', async () => {
    const { page } = house
    await page.emulateMedia({ colorScheme: 'dark' })
    await house.begin('lea@fine.test', 'Dark')
    await house.text.click()
    await page.keyboard.type('Evening.')
    expect(await barriers(page)).toEqual([])
    await house.shot('compose-dark')
    await page.setViewportSize({ width: 800, height: 600 })
    expect(await barriers(page)).toEqual([])
    await house.shot('compose-small')
    await page.keyboard.press('Escape')
    await house.composer.waitFor({ state: 'detached' })
    expect(house.complaints).toEqual([])
  })
})
