import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers, complaintsOf, openBrowser } from '../support/browser.ts'
import { testCertificate } from '../support/certificate.ts'
import { startDnsServer, type DnsStub } from '../support/dns-server.ts'
import { needs } from '../support/peers.ts'
import { freePort } from '../support/postfix.ts'
import { Home, type Served } from '../support/posthorn.ts'
import { startSink, type SmtpSink } from '../support/smtp-sink.ts'

/** The way of a message in the window: from the queue, from the session and from the mail itself, down to its lines. */
const { describe, test } = needs('chromium')

describe('the delivery trace', () => {
  let home: Home
  let served: Served
  let sink: SmtpSink
  let dns: DnsStub
  let browser: Browser
  let page: Page
  let complaints: string[]
  const certificate = testCertificate('other.test')
  let asked = 0

  beforeAll(async () => {
    sink = await startSink({
      tls: certificate,
      answer: ({ verb, line }) =>
        verb === 'RCPT' && /slow\.test/.test(line) && ++asked === 1
          ? '451 4.7.1 <lea@slow.test>: Greylisted, try again'
          : undefined,
    })
    dns = await startDnsServer({
      'slow.test': { MX: [{ preference: 10, exchange: 'mx.slow.test' }] },
      'mx.slow.test': { A: ['127.0.0.1'] },
    })
    home = new Home({
      submission: { port: 0 },
      dns: { servers: [dns.server] },
      relay: { port: sink.port, allowPrivateAddresses: true, ehloName: 'post.feldt.test' },
      queue: { undoSeconds: 0 },
      ui: { port: await freePort('127.0.0.1') },
    })
    served = await home.serve()
    browser = await openBrowser()
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
    page.setDefaultTimeout(15_000)
    complaints = complaintsOf(page)
    await page.goto(served.ready.ui)
    await page.getByLabel('Your name').fill('Nora Feldt')
    await page.getByLabel('Mail address').fill('nora@feldt.test')
    await page.getByRole('button', { name: 'Start using Posthorn' }).click()
    await page.getByRole('button', { name: 'New message' }).click()
    await page.getByLabel('To', { exact: true }).fill('lea@slow.test')
    await page.getByLabel('Subject').fill('Good morning')
    await page.getByLabel('Message text').fill('A text.\n')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('button', { name: 'Show in queue' }).click()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await served?.stop()
    await sink?.close()
    await dns?.close()
    certificate.remove()
    home?.remove()
  }, 60_000)

  const attempt = (number: number) => page.getByRole('region', { name: `Try ${number}`, exact: true })

  test('a try that was put off is told in the queue step by step, each of which opens its lines', async () => {
    await expect.poll(() => attempt(1).innerText()).toMatch(/Put off[^]*DNS[^]*TLS[^]*MAIL[^]*RCPT[^]*451 4\.7\.1/)
    const step = attempt(1).getByRole('listitem').filter({ hasText: '451 4.7.1' })
    await step.getByRole('button', { name: 'RCPT' }).press('Enter')
    await expect
      .poll(() => step.getByRole('group', { name: 'Lines of the session' }).innerText())
      .toMatch(/RCPT TO:<lea/)
    expect(await barriers(page)).toEqual([])
  })

  test('the next try is told below it, and what was done by hand between them', async () => {
    await page.getByRole('button', { name: 'Try now' }).first().click()
    await sink.waitFor(1)
    await expect.poll(() => attempt(2).innerText()).toMatch(/Accepted by mx\.slow\.test[^]*The message[^]*250/)
    await expect
      .poll(() => page.getByRole('list', { name: /^The way to lea/ }).innerText())
      .toContain('You tried it at once')
    await page.getByRole('link', { name: 'As a page' }).click()
    await page.getByRole('heading', { name: 'Delivery trace' }).waitFor()
    await expect.poll(() => attempt(2).innerText()).toContain('Accepted by mx.slow.test')
    await attempt(1)
      .getByRole('button', { name: /^Try 1/ })
      .click()
    await expect.poll(() => attempt(1).innerText()).toContain('Greylisted')
    expect(await barriers(page)).toEqual([])
    await attempt(1)
      .getByRole('link', { name: /^Line \d+ in the log$/ })
      .last()
      .click()
    await expect.poll(() => page.locator('[data-marked]').innerText()).toMatch(/RCPT|451/)
  })

  test('the mail that was sent leads to its way by a key', async () => {
    await page.getByRole('button', { name: 'Back to mail' }).click()
    await page.getByRole('navigation', { name: 'Folders' }).getByText('Sent', { exact: true }).click()
    await page.getByRole('option', { name: /Good morning/ }).click()
    await page.getByRole('article', { name: 'Good morning' }).waitFor()
    await page.keyboard.press('Control+F12')
    await expect
      .poll(() => page.getByRole('region', { name: 'Where it went' }).innerText())
      .toMatch(/lea@slow\.test[^]*Try 2/)
    expect(await barriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Open the message' }).click()
    await page.getByRole('article', { name: 'Good morning' }).waitFor()
  })

  test('the stops of a message that came show their delays, and clocks that disagree', async () => {
    const file = join(home.root, 'came.eml')
    writeFileSync(file, CAME.join('\r\n'))
    expect(await home.run(['import', file, '--folder', 'Archive'])).toMatchObject({ status: 0 })
    await page.getByRole('navigation', { name: 'Folders' }).getByText('Archive', { exact: true }).click()
    await page.getByRole('option', { name: /From far away/ }).click()
    await page.getByRole('link', { name: 'Delivery trace' }).click()
    const way = page.getByRole('region', { name: 'How it came' })
    await expect
      .poll(() => way.innerText())
      .toMatch(/relay\.far\.test[^]*clocks disagree[^]*mx\.here\.test[^]*encrypted/)
    await way.getByText('What it noted').last().click()
    await expect.poll(() => way.innerText()).toContain('TLS_AES_256_GCM_SHA384')
    expect(await barriers(page)).toEqual([])
    expect(complaints).toEqual([])
  })
})

const CAME = [
  'Received: from relay.far.test (relay.far.test [192.0.2.9]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))',
  ' by mx.here.test (Postfix) with ESMTPS id 4Zq; Sun, 22 Nov 2026 10:03:10 +0000',
  'Received: from pc by relay.far.test with SMTP; Sun, 22 Nov 2026 09:58:00 +0000',
  'Date: Sun, 22 Nov 2026 10:00:00 +0000',
  'From: Zoë <zoe@far.test>',
  'Subject: From far away',
  '',
  'Hello',
  '',
]
