import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers, complaintsOf, openBrowser } from '../support/browser.ts'
import { startDnsServer, type DnsStub } from '../support/dns-server.ts'
import { needs } from '../support/peers.ts'
import { freePort } from '../support/postfix.ts'
import { Home, type Served } from '../support/posthorn.ts'
import { startSink, type SmtpSink } from '../support/smtp-sink.ts'

/** The first screen, for somebody who wants to send straight: what their network is good for is said before any mail is lost. */
const { describe, test } = needs('chromium')
const SEEN = '203.0.113.7'

describe('the first screen', () => {
  let home: Home
  let served: Served
  let sink: SmtpSink
  let dns: DnsStub
  let browser: Browser
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    sink = await startSink({
      answer: ({ verb }) => (verb === 'EHLO' ? `250-mx.feldt.test greets [${SEEN}]\r\n250 PIPELINING` : undefined),
    })
    dns = await startDnsServer({
      'feldt.test': { MX: [{ preference: 10, exchange: 'mx.feldt.test' }], TXT: [`v=spf1 ip4:${SEEN} -all`] },
      'mx.feldt.test': { A: ['127.0.0.1'] },
      '7.113.0.203.in-addr.arpa': { PTR: ['7-113-0-203.dyn.test'] },
      '7-113-0-203.dyn.test': { A: [SEEN] },
      '7.113.0.203.list.test': { A: ['127.0.0.11'] },
    })
    home = new Home({
      submission: { port: 0 },
      dns: { servers: [dns.server] },
      relay: { port: sink.port, allowPrivateAddresses: true, ehloName: 'post.feldt.test' },
      preflight: { blocklist: 'list.test' },
      ui: { port: await freePort('127.0.0.1') },
    })
    served = await home.serve()
    browser = await openBrowser()
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
    complaints = complaintsOf(page)
    await page.goto(served.ready.ui)
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await served?.stop()
    await sink?.close()
    await dns?.close()
    home?.remove()
  }, 60_000)

  test('looks at the network, shows what is said there, and says in words what stands in the way', async () => {
    const look = page.getByRole('button', { name: 'Look at my network' })
    await look.waitFor()
    expect(await look.isDisabled(), 'no address yet').toBe(true)
    await page.getByLabel('Your name').fill('Nora Feldt')
    await page.getByLabel('Mail address').fill('nora@feldt.test')
    await look.click()
    const network = page.getByRole('region', { name: 'Your network' })
    await network.getByRole('heading', { name: 'Mail would not get far from here' }).waitFor()
    const checks = await network.getByRole('listitem').allInnerTexts()
    expect(checks.map((one) => one.replace(/\s+/g, ' '))).toEqual([
      expect.stringContaining(`fine: mx.feldt.test answers on port ${sink.port}.`),
      expect.stringContaining(`with care: ${SEEN} is called 7-113-0-203.dyn.test, as addresses of homes are.`),
      expect.stringContaining(`fine: The SPF record of feldt.test lets ${SEEN} send for it`),
      expect.stringContaining(`in the way: list.test lists ${SEEN} as an address of a home`),
    ])
    await network.getByText('EHLO post.feldt.test').waitFor()
    expect(sink.messages).toEqual([])
    expect(await barriers(page)).toEqual([])
  })

  test('forgets what it saw when another address is typed', async () => {
    await page.getByLabel('Mail address').fill('nora@silent.test')
    await page.getByRole('region', { name: 'What happens to a message' }).waitFor()
    await page.getByRole('button', { name: 'Look at my network' }).click()
    const network = page.getByRole('region', { name: 'Your network' })
    await network.getByRole('heading', { name: 'It cannot be told from here' }).waitFor()
    expect(await network.innerText()).toContain('silent.test has no mail server to try it with.')
  })

  test('keeps nobody: it ends in a mailbox whatever the network is like', async () => {
    await page.getByRole('button', { name: 'Start using Posthorn' }).click()
    await page.getByRole('button', { name: 'New message' }).waitFor()
  })

  test('can be asked again later, from the settings of routes', async () => {
    await page.keyboard.press('Control+,')
    await page.getByRole('tab', { name: 'Routes' }).click()
    await page
      .getByRole('region', { name: 'Straight from here' })
      .getByRole('button', { name: 'Look at my network' })
      .click()
    const network = page.getByRole('region', { name: 'Your network' })
    await network.getByRole('heading', { name: 'It cannot be told from here' }).waitFor()
    expect(await barriers(page)).toEqual([])
    expect(complaints).toEqual([])
  })
})
