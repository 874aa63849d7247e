import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { barriers, openBrowser } from '../support/browser.ts'
import { MailPage } from '../support/mail-page.ts'
import { needs } from '../support/peers.ts'
import { pdfOf } from '../support/pdf.ts'

/** PDF attachments, looked at page by page: harmless, odd and hostile ones. */
const { describe, test } = needs('chromium')

const attached = (name: string, pdf: Buffer) =>
  `Content-Type: application/pdf; name="${name}"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n${pdf
    .toString('base64')
    .replaceAll(/.{76}/g, '$&\r\n')}\r\n`

/** A PDF as a program makes it, with fonts of its own. */
async function printed(): Promise<Buffer> {
  const browser = await openBrowser()
  try {
    const page = await browser.newPage()
    await page.setContent('<h1>Lantern bill</h1><p>Two lanterns, for boats. Grüße, 日本</p>')
    return await page.pdf({ format: 'A4' })
  } finally {
    await browser.close()
  }
}

describe('a PDF that came with a message', () => {
  let mail: MailPage
  let web: Server
  let asked = 0
  const foreign: string[] = []

  beforeAll(async () => {
    web = createServer((_, response) => response.end('x')).on('connection', () => asked++)
    await new Promise<void>((done) => web.listen(0, '127.0.0.1', done))
    const away = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
    mail = await MailPage.open()
    mail.page.on('request', (request) => {
      const { protocol, host } = new URL(request.url())
      if (/^(?:https?|wss?):$/.test(protocol) && host !== new URL(mail.page.url()).host) foreign.push(request.url())
    })
    const link = (rect: string, rest: string) =>
      `<< /Type /Annot /Subtype /Link /Rect [${rect}] /Border [0 0 0] ${rest} >>`
    const plan = pdfOf([
      {
        lines: ['The plan', 'market.test', 'See the last page'],
        annotations: [
          link('70 715 240 740', `/A << /S /URI /URI (${away}/followed) >>`),
          link('70 685 240 710', '/Dest [2 /Fit]'),
        ],
      },
      { lines: ['In between'] },
      { lines: ['The last page'] },
    ])
    const script = `app.alert("ran"); app.launchURL("${away}/launched"); this.submitForm("${away}/sent"); fetch("${away}/fetched");`
    const hostile = pdfOf(
      [
        {
          lines: ['Nothing runs here'],
          annotations: [
            link('70 715 240 740', '/A << /S /URI /URI (javascript:alert\\(1\\)) >>'),
            link('70 685 240 710', '/A << /S /URI /URI (file:///etc/passwd) >>'),
            link('70 655 240 680', '/A << /S /Launch /F (/bin/sh) >>'),
            link('70 625 240 650', `/A << /S /GoToR /F << /FS /URL /F (${away}/remote.pdf) >> /D [0 /Fit] >>`),
            `<< /Type /Annot /Subtype /Widget /FT /Btn /T (x) /Rect [70 500 240 600] /AA << /PV << /S /JavaScript /JS 10 0 R >> >> /A << /S /SubmitForm /F << /FS /URL /F (${away}/form) >> >> >>`,
            `<< /Type /Annot /Subtype /FileAttachment /Rect [300 500 320 520] /FS << /FS /URL /F (${away}/file) >> >>`,
          ],
        },
      ],
      {
        catalog: `/OpenAction << /S /JavaScript /JS 10 0 R >> /AA << /WC << /S /JavaScript /JS 10 0 R >> >> /Names << /JavaScript << /Names [(a) << /S /JavaScript /JS 10 0 R >>] >> >> /URI << /Base (${away}/base) >>`,
        objects: [
          `(${script.replaceAll(/[\\()]/g, '\\$&')})`,
          `<< /Length 0 /F << /FS /URL /F (${away}/stream) >> >>\nstream\n\nendstream`,
        ],
      },
    )
    const many = pdfOf(Array.from({ length: 520 }, (_, n) => ({ lines: [`Leaf ${n + 1}`] })))
    const vast = pdfOf([{ lines: ['Vast'], size: [14_400, 14_400] }, { size: [3, 2_000_000] }])
    const cards = [
      ['plan.pdf', plan],
      ['bill.pdf', await printed()],
      ['hostile.pdf', hostile],
      ['many.pdf', many],
      ['vast.pdf', vast],
      ['damaged.pdf', Buffer.from('%PDF-1.7\nof which the rest is lost')],
      ['locked.pdf', pdfOf([{ lines: ['Behind the lock'] }], { password: 'lantern' })],
    ] as const
    await mail.import({
      subject: 'Papers',
      fields: ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b'],
      body: `--b\r\n\r\nSee the papers.\r\n${cards.map(([name, pdf]) => `--b\r\n${attached(name, pdf)}`).join('')}--b--`,
    })
    await mail.row('Papers').click()
  }, 60_000)
  afterAll(async () => {
    await mail?.close()
    await new Promise((done) => web?.close(done))
  }, 60_000)
  beforeEach(async () => {
    const close = dialog().getByRole('button', { name: 'Close' })
    if (await close.isVisible()) await close.click()
    await dialog().waitFor({ state: 'detached' })
  })

  const dialog = () => mail.page.getByRole('dialog')
  const look = async (name: string) => {
    await mail.page.getByRole('button', { name: `Look at ${name}` }).click()
    return dialog()
  }
  const page = (n: number) => dialog().locator(`[data-page="${n}"]`)
  /** Whether something is drawn on a page: not all of it has one colour. */
  const isDrawn = (n: number) =>
    page(n)
      .locator('canvas')
      .evaluate((canvas: HTMLCanvasElement) => {
        if (canvas.width === 0) return false
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
        const pixels = new Uint32Array(data.buffer)
        return pixels.some((one) => one !== pixels[0])
      })

  test('is drawn page by page, can be read aloud and walked through, larger and smaller, by keys alone', async () => {
    await look('plan.pdf')
    await page(1).getByText('The plan').waitFor()
    await expect.poll(() => isDrawn(1)).toBe(true)
    await dialog().getByText('Page 1 of 3', { exact: true }).waitFor()
    expect(await barriers(mail.page)).toEqual([])
    const width = () => page(1).evaluate((one) => one.getBoundingClientRect().width)
    const before = await width()
    await dialog().getByRole('region', { name: 'plan.pdf' }).focus()
    await mail.page.keyboard.press('+')
    await expect.poll(width).toBeGreaterThan(before)
    await dialog().getByRole('button', { name: '125%' }).waitFor()
    await mail.page.keyboard.press('0')
    await expect.poll(width).toBe(before)
    await mail.page.keyboard.press('n')
    await mail.page.keyboard.press('n')
    await dialog().getByText('Page 3 of 3', { exact: true }).waitFor()
    await page(3).getByText('The last page').waitFor()
  })

  test('has links that ask first and say where they lead, and links to its own pages', async () => {
    await look('plan.pdf')
    await page(1).getByRole('button', { name: 'To page 3' }).click()
    await dialog().getByText('Page 3 of 3', { exact: true }).waitFor()
    await page(1).getByRole('button', { name: 'Link to 127.0.0.1' }).click()
    const question = mail.page.getByRole('dialog', { name: 'Open this link?' })
    await question.getByText('The text says market.test, the link goes to 127.0.0.1.').waitFor()
    await question.getByRole('button', { name: 'Cancel' }).click()
    expect(asked).toBe(0)
  })

  test('is shown as another program made it, with the letters it brings', async () => {
    await look('bill.pdf')
    await page(1).getByText('Two lanterns, for boats.').waitFor()
    await expect.poll(() => isDrawn(1)).toBe(true)
  })

  test('runs nothing, opens nothing and asks nobody, whatever it is made of', async () => {
    await look('hostile.pdf')
    await page(1).getByText('Nothing runs here').waitFor()
    await expect.poll(() => isDrawn(1)).toBe(true)
    // What leads nowhere that may be opened is no link, and what is one asks first.
    const links = page(1).getByRole('button')
    await expect.poll(() => links.count()).toBe(2)
    for (const link of await links.all()) {
      expect(await link.getAttribute('title')).toMatch(/^http:/)
      await link.click()
      await mail.page.getByRole('dialog', { name: 'Open this link?' }).getByRole('button', { name: 'Cancel' }).click()
    }
    await mail.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
    expect(asked).toBe(0)
    expect(foreign).toEqual([])
    expect(mail.page.context().pages()).toHaveLength(1)
  })

  test('of very many pages has the first ones, of which only those exist that are looked at', async () => {
    await look('many.pdf')
    await page(1).getByText('Leaf 1', { exact: true }).waitFor()
    await dialog().getByText('Page 1 of 520', { exact: true }).waitFor()
    expect(await dialog().locator('[data-page]').count()).toBe(500)
    await page(500).scrollIntoViewIfNeeded()
    await page(500).getByText('Leaf 500', { exact: true }).waitFor()
    await dialog().getByText('Only the first 500 pages are shown').waitFor()
    const drawn = () =>
      dialog()
        .locator('canvas')
        .evaluateAll((all) => all.filter((one) => (one as HTMLCanvasElement).width > 300).length)
    await expect.poll(drawn).toBeLessThan(8)
  })

  test('of vast pages takes no more memory than a screen can show', async () => {
    await look('vast.pdf')
    await page(1).getByText('Vast').waitFor()
    const heights = await dialog()
      .locator('[data-page]')
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height))
    expect(Math.max(...heights)).toBeLessThan(25_000)
  })

  test('that is damaged is said to be, and one that is locked opens with its password alone', async () => {
    await look('damaged.pdf')
    await dialog().getByRole('alert').getByText('This file cannot be shown').waitFor()
    await dialog().getByRole('button', { name: 'Next' }).click()
    const field = dialog().getByLabel('Password of the file')
    await field.fill('lamp')
    await mail.page.keyboard.press('Enter')
    await dialog().getByText('That is not its password.').waitFor()
    await field.fill('lantern')
    await mail.page.keyboard.press('Enter')
    await page(1).getByText('Behind the lock').waitFor()
    expect(await barriers(mail.page)).toEqual([])
  })

  test('leaves nothing for the console to complain of', () => {
    expect(mail.complaints).toEqual([])
  })
})
