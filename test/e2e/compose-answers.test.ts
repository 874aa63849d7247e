import PostalMime from 'postal-mime'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers } from '../support/browser.ts'
import { openComposeHouse, type ComposeHouse } from '../support/compose-house.ts'
import { needs } from '../support/peers.ts'
import { eventually } from '../support/posthorn.ts'

/** Answers, what is looked at before mail goes, and what is not lost: read at another server, or in the window that is opened again. */
const { describe, test } = needs('chromium')
/** A busy machine takes its time. */
const poll = <T>(value: () => T) => expect.poll(value, { timeout: 10_000 })

describe('answers and safety', () => {
  let house: ComposeHouse
  beforeAll(async () => {
    house = await openComposeHouse()
    await house.home.json([
      'identity',
      'add',
      'desk@feldt.test',
      '--name',
      'Bindery desk',
      '--signature',
      'Feldt Bindery',
    ])
    await house.receive(
      'From: Tomasz Wilga <tomasz@fine.test>',
      'To: Bindery <desk+orders@feldt.test>, Nora <nora@feldt.test>, Lea <lea@fine.test>',
      'Subject: Guest book',
      'Message-ID: <1@fine.test>',
      'Date: Mon, 16 Nov 2026 10:00:00 +0000',
      'List-Post: <mailto:guild@fine.test>',
      'Disposition-Notification-To: tomasz@fine.test',
      'MIME-Version: 1.0',
      'Content-Type: text/html; charset=utf-8',
      '',
      '<p>Which <b>leather</b> shall it be?</p><p style="color:red">Goat, I think.</p>',
    )
    await house.page.getByRole('option', { name: /Guest book/ }).waitFor()
  }, 60_000)
  afterAll(() => house?.close(), 60_000)

  test('a request for a read receipt is asked about, and answered by one press', async () => {
    const { page, sink } = house
    await house.open('Guest book')
    await page.getByText('tomasz@fine.test asks to be told that you have read this.').waitFor()
    expect(await barriers(page)).toEqual([])
    await house.shot('compose-receipt')
    const isReceipt = ({ raw }: { readonly raw: Buffer }) => raw.includes('disposition-notification')
    expect(sink.messages.filter(isReceipt)).toEqual([])
    await page.getByRole('button', { name: 'Send a receipt' }).click()
    await page.getByText('A read receipt went to tomasz@fine.test.').waitFor()
    const receipt = await eventually(() => sink.messages.find(isReceipt), 'the receipt')
    expect([receipt.from, receipt.to]).toEqual(['', ['tomasz@fine.test']])
    expect(receipt.raw.toString()).toContain('Final-Recipient: rfc822; desk@feldt.test')
  })

  test('a reply comes from who received the mail, quotes it with its looks, and has that identity’s signature', async () => {
    const { page, composer, text } = house
    await house.open('Guest book')
    await page.getByRole('button', { name: 'Reply', exact: true }).click()
    await poll(() => composer.getByLabel('From').locator('option:checked').innerText()).toContain('desk@feldt.test')
    await poll(() => text.innerText()).toContain('Feldt Bindery')
    // Another identity: its signature, here none, takes the place of this one.
    await composer.getByLabel('From').selectOption({ label: 'Nora Feldt <nora@feldt.test>' })
    await poll(() => text.innerText()).not.toContain('Feldt Bindery')
    await house.option('Remove the quote')
    await poll(() => text.innerText()).not.toContain('leather')
    await composer.getByRole('button', { name: 'Discard the draft' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Discard' }).click()
    await page.getByRole('button', { name: 'Reply', exact: true }).click()
    await poll(() => text.innerText()).toContain('Feldt Bindery')
    await page.keyboard.type('Goat it is.')
    await house.shot('compose-reply')
    expect(await barriers(page)).toEqual([])
    await house.send()
    const { raw, to } = await house.sent('Re: Guest book')
    expect(to).toEqual(['tomasz@fine.test'])
    const mail = await PostalMime.parse(raw)
    expect(mail.from?.address).toBe('desk@feldt.test')
    expect(mail.inReplyTo).toBe('<1@fine.test>')
    expect(mail.html).toMatch(
      /Goat it is\.[^]*Tomasz Wilga wrote:<\/p><blockquote type="cite"[^>]*><p>Which <strong>leather<\/strong>/,
    )
    expect(mail.html).toMatch(/<div>-- <br><p>Feldt Bindery<\/p><\/div>/)
    expect(mail.html).not.toContain('color:red')
    expect(mail.text).toMatch(
      /^Goat it is\.\n\nOn .+ Tomasz Wilga wrote:\n> Which \*leather\* shall it be\?\n>\n> Goat, I think\.\n\n-- \nFeldt Bindery/,
    )
  })

  test('the list is answered, the message is forwarded whole and redirected, by the palette', async () => {
    const { page, composer, sink } = house
    const command = async (name: string) => {
      await page.keyboard.press('Control+Shift+P')
      await page.getByRole('combobox', { name: 'Command' }).fill(name)
      await page.keyboard.press('Enter')
    }
    await house.open('Guest book')
    await command('Reply to the list')
    await composer.getByRole('button', { name: 'Remove guild@fine.test' }).waitFor()
    await page.keyboard.press('Escape')
    await command('Forward as attachment')
    await composer.getByLabel('To', { exact: true }).fill('kim@fine.test')
    await composer.getByRole('group', { name: 'Attachments' }).getByText('Guest book.eml').waitFor()
    await house.send()
    const forwarded = await PostalMime.parse((await house.sent('Fwd: Guest book')).raw)
    expect(forwarded.attachments.map((one) => one.mimeType)).toEqual(['message/rfc822'])
    expect(Buffer.from(forwarded.attachments[0]?.content as ArrayBuffer).toString()).toContain(
      'Message-ID: <1@fine.test>',
    )

    await command('Redirect')
    const dialog = page.getByRole('dialog', { name: 'Redirect the message' })
    await dialog.getByLabel('Send it on to').fill('kim@')
    await dialog.getByRole('button', { name: 'Redirect' }).click()
    await dialog.getByText('has nothing after the @').waitFor()
    await dialog.getByLabel('Send it on to').fill('ida@fine.test')
    expect(await barriers(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Redirect' }).click()
    const on = await eventually(
      () => sink.messages.find(({ to }) => to.includes('ida@fine.test')),
      'the redirected mail',
    )
    expect(on.from).toBe('desk@feldt.test')
    expect(on.raw.toString()).toMatch(/^Resent-From: Bindery desk <desk@feldt\.test>\r\nResent-To: ida@fine\.test\r\n/m)
    expect(on.raw.toString()).toContain('From: Tomasz Wilga <tomasz@fine.test>')
  })

  test('what seems forgotten is asked about once, calmly, and can be sent all the same', async () => {
    const { page, composer, text } = house
    await house.begin('bob@null.test, bob@nowhere.test', '')
    await text.click()
    await page.keyboard.type('The plan is attached.')
    await page.keyboard.press('Control+Enter')
    const dialog = page.getByRole('dialog', { name: 'Before it goes' })
    const words = async () =>
      (await dialog.getByRole('list', { name: 'What there is to see' }).innerText()).replace(/\s+/g, ' ')
    await dialog.waitFor()
    expect(await words()).toContain('It has no subject.')
    expect(await words()).toContain('The text speaks of one: “attached”.')
    expect(await words()).toContain('There is no such domain: nowhere.test.')
    expect(await words()).toContain('null.test takes no mail.')
    expect(await words()).toContain('feldt.test publishes no SPF record.')
    expect(await barriers(page)).toEqual([])
    await house.shot('compose-review')
    await dialog.getByRole('button', { name: 'Back to the message' }).click()
    await composer.getByRole('button', { name: 'Remove bob@null.test' }).click()
    await composer.getByRole('button', { name: 'Remove bob@nowhere.test' }).click()
    await composer.getByLabel('To', { exact: true }).fill('lea@fine.test')
    await composer.getByLabel('Subject').fill('The plan')
    await page.keyboard.press('Control+Enter')
    await dialog.getByRole('button', { name: 'Send anyway' }).click()
    await house.sent('The plan')
    await composer.waitFor({ state: 'detached' })
  })

  test('many who would see each other are named in Bcc by one press', async () => {
    const { page, composer } = house
    await house.begin(Array.from({ length: 16 }, (_, n) => `u${n}@fine.test`).join(', '), 'To many')
    await page.keyboard.press('Control+Enter')
    await page.getByRole('dialog', { name: 'Before it goes' }).getByRole('button', { name: 'Name them in Bcc' }).click()
    await composer.getByLabel('Bcc', { exact: true }).waitFor()
    await house.send()
    const { raw } = await house.sent('To many')
    expect(raw.toString()).toMatch(/^To: undisclosed-recipients:;\r$/m)
    expect(raw.toString()).not.toContain('u3@fine.test')
  })

  test('a template is saved from one message and begins another', async () => {
    const { page, composer, text } = house
    await house.begin('', 'Thank you')
    await text.click()
    await page.keyboard.type('It was a ')
    await page.keyboard.press('Control+B')
    await page.keyboard.type('pleasure')
    await house.option('Save as a template…')
    await page.getByRole('dialog', { name: 'Save as a template' }).getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved as the template “Thank you”.').waitFor()
    await composer.getByRole('button', { name: 'Discard the draft' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Discard' }).click()
    expect(await house.home.json(['template', 'list'])).toMatchObject([{ name: 'Thank you' }])
    await house.begin('lea@fine.test', '')
    await house.option('Insert a template…')
    await page
      .getByRole('dialog', { name: 'Insert a template' })
      .getByRole('button', { name: /^Thank you/ })
      .first()
      .click()
    await poll(() => composer.getByLabel('Subject').inputValue()).toBe('Thank you')
    await house.send()
    expect((await PostalMime.parse((await house.sent('Thank you')).raw)).html).toContain('<strong>pleasure</strong>')
  })

  test('what was being written is there again after the window was killed', async () => {
    const { page, text } = house
    await house.begin('lea@fine.test', 'Long letter')
    await text.click()
    await page.keyboard.type('It has many ')
    await page.keyboard.press('Control+I')
    await page.keyboard.type('pages.')
    await house.composer.getByText(/^Draft saved/).waitFor()
    const { stdout } = await house.home.run(['ui'])
    const next = await page.context().newPage()
    await next.goto(stdout.trim())
    const kept = async () => {
      await next.reload()
      await next.getByRole('link', { name: /^Drafts/ }).click()
      // Another window’s drafts are heard of when they are asked for.
      const list = next.getByRole('main', { name: 'Drafts' })
      await list.getByRole('listitem').or(list.getByText('No draft')).first().waitFor()
      return list.innerText()
    }
    await expect.poll(kept, { timeout: 20_000 }).toContain('/pages./')
    // What was thrown away is gone.
    expect(await next.getByRole('main', { name: 'Drafts' }).innerText()).not.toMatch(/Guest book|Thank you/)
    // The window that writes it is there still: nobody else takes it over.
    expect(await next.locator('section.compose').count()).toBe(0)
    await page.close()
    await next.reload()
    const composer = next.locator('section.compose')
    await poll(() => composer.getByLabel('Subject').inputValue()).toBe('Long letter')
    expect(await composer.getByLabel('Message text').locator('em').innerText()).toBe('pages.')
    expect(await barriers(next)).toEqual([])
    await composer.getByRole('button', { name: 'Send', exact: true }).click()
    expect((await PostalMime.parse((await house.sent('Long letter')).raw)).html).toContain('<em>pages.</em>')
  })

  test('nothing complained', () => {
    expect(house.complaints.filter((one) => !one.includes('has been blocked'))).toEqual([])
  })
})
