import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers, complaintsOf, openBrowser } from '../support/browser.ts'
import { testCertificate, type TestCertificate } from '../support/certificate.ts'
import { startDnsServer, type DnsStub } from '../support/dns-server.ts'
import { needs } from '../support/peers.ts'
import { freePort } from '../support/postfix.ts'
import { Home, type Served } from '../support/posthorn.ts'

/** Pictures of the web in a mail: nobody hears of it before one asks, and then as little as can be. */
const { describe, test } = needs('chromium')
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

describe('pictures of the web', () => {
  let home: Home
  let served: Served
  let web: Server
  let dns: DnsStub
  let certificate: TestCertificate
  let browser: Browser
  let page: Page
  let complaints: string[]
  const asked: { readonly path: string; readonly headers: Readonly<Record<string, unknown>> }[] = []

  beforeAll(async () => {
    certificate = testCertificate('pictures.shop.test')
    web = createServer({ key: certificate.key, cert: certificate.cert }, (request, response) => {
      asked.push({ path: request.url ?? '', headers: request.headers })
      response.writeHead(200, { 'content-type': 'image/png', 'set-cookie': 'seen=1' }).end(PIXEL)
    })
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    const { port } = web.address() as AddressInfo
    dns = await startDnsServer({ 'pictures.shop.test': { A: ['127.0.0.1'] } })
    home = new Home({
      submission: { port: 0 },
      dns: { servers: [dns.server] },
      relay: { caFile: certificate.caFile },
      privacy: { allowPrivateAddresses: true },
      ui: { port: await freePort('127.0.0.1') },
      queue: { paused: true },
    })
    served = await home.serve()
    browser = await openBrowser()
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
    page.setDefaultTimeout(10_000)
    complaints = complaintsOf(page)
    await page.goto(served.ready.ui)
    await page.getByLabel('Your name').fill('Nora Feldt')
    await page.getByLabel('Mail address').fill('nora@feldt.test')
    await page.getByRole('button', { name: 'Start using Posthorn' }).click()
    await page.getByRole('button', { name: 'New message' }).waitFor()
    const files = ['Spring', 'Summer'].map((subject) => {
      const path = join(home.root, `${subject}.eml`)
      const origin = `https://pictures.shop.test:${port}`
      const html =
        `<p>${subject} sale</p><img alt="a lamp" src="${origin}/${subject}.png?a=1&amp;b=2" width=40 height=40>` +
        `<img src="http://pictures.shop.test/plain.png" width=40 height=40>` +
        `<img src="${origin}/open.gif?who=nora" width=1 height=1>`
      const head = ['From: Shop <news@shop.test>', 'To: nora@feldt.test', `Subject: ${subject}`]
      writeFileSync(
        path,
        [...head, `Message-ID: <${subject}@shop.test>`, 'Content-Type: text/html', '', html].join('\r\n'),
      )
      return path
    })
    const { status, stderr } = await home.run(['import', ...files])
    expect(status, stderr).toBe(0)
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await served?.stop()
    await dns?.close()
    web?.close()
    certificate?.remove()
    home?.remove()
  }, 60_000)

  const open = async (subject: string) => {
    await page.getByRole('option', { name: new RegExp(subject) }).click()
    const article = page.getByRole('article', { name: subject })
    await article.waitFor()
    return article
  }
  const widths = () =>
    page
      .frameLocator('iframe[title="Message text"]')
      .locator('img')
      .evaluateAll((images) => images.map((image) => (image as HTMLImageElement).naturalWidth))

  test('are loaded for one message when one asks, by nobody’s name, and pixels that spy never', async () => {
    const article = await open('Spring')
    await expect
      .poll(() => article.innerText())
      .toMatch(/2 remote pictures not loaded\. 1 tracking pixel removed\. Nobody was told/)
    await article.getByText('Who would be told').click()
    await article.getByRole('listitem').getByText('pictures.shop.test').first().waitFor()
    expect(asked).toEqual([])
    expect(await barriers(page)).toEqual([])
    await article.getByRole('button', { name: 'Load pictures' }).click()
    await expect.poll(widths).toEqual([1, 0])
    expect(asked.map(({ path }) => path)).toEqual(['/Spring.png?a=1&b=2'])
    const { headers } = asked[0]!
    expect(headers).not.toHaveProperty('cookie')
    expect(headers).not.toHaveProperty('referer')
    expect(headers['user-agent']).toBe('Posthorn')
  })

  test('are loaded at once for an author one trusts, whose word stays', async () => {
    const article = await open('Summer')
    await article.getByRole('button', { name: 'Always from news@shop.test' }).click()
    await expect.poll(widths).toEqual([1, 0])
    await page.reload()
    await open('Spring')
    await expect.poll(widths).toEqual([1, 0])
    expect(asked.every(({ headers }) => !('cookie' in headers))).toBe(true)
    expect(asked.some(({ path }) => path.includes('open.gif'))).toBe(false)
    expect(complaints).toEqual([])
  })
})
