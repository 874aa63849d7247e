import { afterAll, beforeAll, expect } from 'vitest'
import { barriers } from '../support/browser.ts'
import { MailPage } from '../support/mail-page.ts'
import { needs } from '../support/peers.ts'

/** Messages and conversations as they are read. */
const { describe, test } = needs('chromium')
const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const part = (type: string, name: string, body: string, encoding = '7bit') =>
  `--b\r\nContent-Type: ${type}; name="${name}"\r\nContent-Transfer-Encoding: ${encoding}\r\nContent-Disposition: attachment\r\n\r\n${body}\r\n`

describe('reading mail', () => {
  let mail: MailPage
  beforeAll(async () => {
    mail = await MailPage.open()
    const quoted = 'On Monday you wrote that the lantern was broken. '.repeat(8)
    await mail.import(
      ...Array.from({ length: 9 }, (_, n) => ({
        id: `k${n}`,
        from: n % 2 === 0 ? 'Ida Holm <ida@harbour.test>' : 'Kim Berg <kim@berg.test>',
        subject: n === 0 ? 'Keys' : 'Re: Keys',
        text: `Message ${n} about the Schlüssel.`,
        answers: Array.from({ length: n }, (_each, at) => `k${at}`),
      })),
      {
        subject: 'A lantern',
        html: `<p>The <b>lantern</b> is here. LANTERN.</p><p>lan</p><p>tern</p><div class="gmail_quote">${quoted}</div>
          <a href="https://market.test.evil.test/x">market.test</a> <a href="javascript:alert(1)">a prize</a>
          <img src="https://pictures.market.test/a.png" width=40 height=40><img src="https://spy.test/p.gif" width=1 height=1>`,
      },
      {
        subject: 'Files',
        fields: [
          'MIME-Version: 1.0',
          'X-Odd: =?utf-8?q?Gr=C3=BC=C3=9Fe?=',
          'Content-Type: multipart/mixed; boundary=b',
        ],
        body: `--b\r\n\r\nSee the files.\r\n${part('image/png', 'dot.png', PICTURE, 'base64')}${part('text/csv', 'table.csv', 'one,two')}${part('application/pdf', 'plan.pdf', '%PDF')}--b--`,
      },
      {
        subject: 'Wide',
        html: `<table><tr><td>harbour</td><td width="1900">beside it</td></tr></table>`,
      },
      {
        subject: 'Long',
        html: `<p>The beginning.</p>${'<p>A line of a long newsletter.</p>'.repeat(30_000)}<p>The end.</p>`,
      },
    )
  }, 60_000)
  afterAll(() => mail?.close(), 60_000)

  const reader = () => mail.page.getByRole('main', { name: 'Message' })
  const messages = () => reader().getByRole('article')
  const more = async (entry: string) => {
    await reader().getByRole('button', { name: 'More', exact: true }).click()
    await mail.page.getByRole('menuitem', { name: entry }).click()
  }

  test('a conversation is one row with who wrote, and is read as one: the new unfolded, the old folded', async () => {
    await expect.poll(() => mail.rows().count()).toBe(5)
    const row = mail.row('Keys')
    await expect.poll(() => row.innerText()).toContain('Kim, Ida')
    expect(await row.innerText()).toContain('9 messages in this conversation')
    await row.click()
    await reader().getByRole('heading', { name: 'Keys' }).waitFor()
    // The first that nobody has read, and the newest.
    await expect.poll(() => messages().count()).toBe(2)
    expect(await messages().nth(1).innerText()).toContain('Message 8')
    expect(await barriers(mail.page)).toEqual([])
    await reader().getByRole('button', { name: '5 more messages' }).click()
    await reader()
      .getByRole('button', { name: /Message 4 about/ })
      .click()
    await expect.poll(() => messages().count()).toBe(3)
    await messages().filter({ hasText: 'Message 4' }).getByRole('button', { name: 'Fold this message' }).click()
    await expect.poll(() => messages().count()).toBe(2)
    await messages().last().getByRole('button').first().focus()
    await mail.page.keyboard.press('*')
    await expect.poll(() => messages().count()).toBe(9)
    await mail.page.keyboard.press('\\')
    await expect.poll(() => messages().count()).toBe(1)
    // All that was unfolded was read.
    await mail.page.keyboard.press('*')
    await mail.row('Keys').getByText('Unread').waitFor({ state: 'detached' })
    // An answer that comes is in the open conversation.
    await mail.import({ id: 'k9', subject: 'Re: Keys', text: 'One more', answers: ['k8'], minutesAgo: 1 })
    await messages().filter({ hasText: 'One more' }).waitFor()
  })

  test('what an author quotes is folded, links say where they lead, and it is told who would hear of a picture', async () => {
    await mail.row('A lantern').click()
    const frame = reader().frameLocator('iframe')
    const quote = frame.getByText('On Monday you wrote')
    await frame.getByRole('button', { name: 'Show quoted text' }).waitFor()
    expect(await quote.isVisible()).toBe(false)
    await frame.getByRole('button', { name: 'Show quoted text' }).click()
    await expect.poll(() => quote.isVisible()).toBe(true)
    await reader().getByText('Who would be told').click()
    const hosts = reader().getByRole('listitem')
    expect(await hosts.allInnerTexts()).toEqual([
      'pictures.market.test',
      expect.stringMatching(/^spy\.test .*only by a tracking pixel/),
    ])
    expect(await barriers(mail.page)).toEqual([])
    await frame.getByRole('link', { name: 'market.test' }).click()
    const dialog = mail.page.getByRole('dialog')
    await dialog.getByText('only the beginning of a name of evil.test').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    // What would run something is no link at all.
    expect(await frame.locator('a[href^="javascript" i]').count()).toBe(0)
  })

  test('words are found in plain text and in HTML, accents or not, and walked through', async () => {
    await mail.list().focus()
    await mail.page.keyboard.press('Control+f')
    const find = reader().getByRole('search', { name: 'Find in this message' })
    await find.getByLabel('Words to find').fill('lántern')
    // Subject, two in the text, eight in the quotation; words of two paragraphs are none.
    await find.getByText('1 of 11', { exact: true }).waitFor()
    expect(await barriers(mail.page)).toEqual([])
    await mail.page.keyboard.press('Enter')
    await find.getByText('2 of 11', { exact: true }).waitFor()
    await mail.page.keyboard.press('Shift+Enter')
    await mail.page.keyboard.press('Shift+Enter')
    await find.getByText('11 of 11', { exact: true }).waitFor()
    const painted = () =>
      mail.page.evaluate(() => {
        const view = document.querySelector('iframe')?.contentWindow as (Window & typeof globalThis) | null | undefined
        return [CSS.highlights.get('found')?.size ?? 0, view?.CSS.highlights.get('found')?.size ?? 0]
      })
    expect(await painted()).toEqual([1, 10])
    await find.getByLabel('Words to find').fill('nothing of the kind')
    await find.getByText('Not found').waitFor()
    await mail.page.keyboard.press('Escape')
    await find.waitFor({ state: 'detached' })
    expect(await painted()).toEqual([0, 0])
    // The keyboard is back in the list.
    expect(await mail.list().evaluate((list) => list === document.activeElement)).toBe(true)
    await mail.row('Keys').click()
    await messages().filter({ hasText: 'One more' }).waitFor()
    await mail.page.keyboard.press('Control+f')
    await find.getByLabel('Words to find').fill('óne MORE')
    await find.getByText('1 of 1', { exact: true }).waitFor()
    await mail.page.keyboard.press('Escape')
  })

  test('files are looked at, headers and parts are shown and saved', async () => {
    await mail.row('Files').click()
    await reader().getByRole('button', { name: 'Look at dot.png' }).click()
    const dialog = mail.page.getByRole('dialog')
    const picture = dialog.getByRole('img', { name: 'dot.png' })
    await expect.poll(() => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(1)
    await dialog.getByRole('button', { name: 'Next' }).click()
    await dialog.getByText('one,two').waitFor()
    expect(await barriers(mail.page)).toEqual([])
    await mail.page.keyboard.press('Escape')
    // What can't be shown is only saved.
    const saving = mail.page.waitForEvent('download')
    await reader().getByRole('button', { name: 'Save plan.pdf' }).click()
    expect((await saving).suggestedFilename()).toBe('plan.pdf')
    await mail.list().focus()
    await mail.page.keyboard.press('Control+Shift+H')
    await dialog.getByText('Grüße').waitFor()
    await dialog.getByRole('button', { name: 'As it stands' }).click()
    await dialog.getByText('=?utf-8?q?Gr=C3=BC=C3=9Fe?=').waitFor()
    await dialog.getByLabel('Filter').fill('boundary')
    expect(await dialog.getByText('X-Odd').count()).toBe(0)
    expect(await barriers(mail.page)).toEqual([])
    await mail.page.keyboard.press('Escape')
    await more('View the parts')
    await dialog.getByText('multipart/mixed').waitFor()
    expect(await barriers(mail.page)).toEqual([])
    const part = mail.page.waitForEvent('download')
    await dialog.getByRole('button', { name: 'Save part 3, table.csv' }).click()
    expect((await part).suggestedFilename()).toBe('table.csv')
    await mail.page.keyboard.press('Escape')
  })

  test('on paper there is the message and nothing else, in the light theme and under its subject', async () => {
    await mail.page.evaluate(() => {
      const seen: string[] = []
      Object.assign(window, {
        seen,
        print: () => seen.push(document.title, document.documentElement.dataset['theme'] ?? ''),
      })
    })
    await mail.list().focus()
    await mail.page.keyboard.press('Control+p')
    const printed = () => mail.page.evaluate(() => (window as unknown as { seen: string[] }).seen)
    await expect.poll(printed).toEqual(['Files', 'light'])
    await mail.page.evaluate(() => window.dispatchEvent(new Event('afterprint')))
    expect(await mail.page.title()).not.toBe('Files')
    await mail.page.emulateMedia({ media: 'print' })
    await reader().getByText('See the files.').waitFor()
    expect(await mail.list().isVisible()).toBe(false)
    expect(await mail.page.getByRole('navigation', { name: 'Folders' }).isVisible()).toBe(false)
    expect(await reader().getByRole('toolbar').isVisible()).toBe(false)
    await mail.page.emulateMedia({ media: 'screen' })
  })

  test('a mail without colours of its own has those of the window, also when they change', async () => {
    await mail.row('A lantern').click()
    const text = reader().frameLocator('iframe').getByText('The lantern is here')
    const ink = () => text.evaluate((one) => getComputedStyle(one).color)
    await text.waitFor()
    const light = await ink()
    await mail.page.emulateMedia({ colorScheme: 'dark' })
    await expect.poll(ink).not.toBe(light)
    expect(await barriers(mail.page)).toEqual([])
    await mail.page.emulateMedia({ colorScheme: 'light' })
    await expect.poll(ink).toBe(light)
  })

  test('a cell beside a very wide one keeps its words whole', async () => {
    await mail.row('Wide').click()
    const cell = reader().frameLocator('iframe').getByRole('cell', { name: 'harbour' })
    await cell.waitFor()
    expect(await cell.evaluate((one) => one.clientHeight)).toBeLessThan(40)
  })

  test('of a very long message the beginning is there at once, and the rest when somebody wants it', async () => {
    await mail.row('Long').click()
    const frame = reader().frameLocator('iframe')
    await frame.getByText('The beginning.').waitFor()
    expect(await frame.getByText('The end.').count()).toBe(0)
    await reader().getByRole('button', { name: 'Show all of it' }).click()
    await expect.poll(() => frame.getByText('The end.').count()).toBe(1)
    expect(mail.complaints).toEqual([])
  })
})
