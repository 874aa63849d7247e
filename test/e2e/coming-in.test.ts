import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers, complaintsOf, openBrowser } from '../support/browser.ts'
import { startDnsServer, type DnsStub } from '../support/dns-server.ts'
import { startDovecot, type Dovecot } from '../support/dovecot.ts'
import { testCertificate, type TestCertificate } from '../support/certificate.ts'
import { needs } from '../support/peers.ts'
import { freePort } from '../support/postfix.ts'
import { Home, type Served } from '../support/posthorn.ts'

/** Mail comes in: an account found by its address, rules that sort, and what other programs have kept. */
const { describe, test } = needs('chromium', 'dovecot')
const HOST = 'imap.provider.test'
const PASSWORD = 'rain-Over-7-harbours'

describe('mail that comes in', () => {
  let dovecot: Dovecot
  let dns: DnsStub
  let certificate: TestCertificate
  let home: Home
  let served: Served
  let browser: Browser
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    certificate = testCertificate(HOST)
    dovecot = await startDovecot({
      password: PASSWORD,
      certificate,
      // It knows people by the local part of their address alone.
      more: 'auth_username_chars = abcdefghijklmnopqrstuvwxyz',
    })
    dovecot.deliver('nora', mail('shop@market.test', 'A first order', 'Ten lanterns.'))
    dns = await startDnsServer({
      // The provider is elsewhere: its name is not below the domain of the address.
      '_imaps._tcp.feldt.test': { SRV: [{ priority: 0, weight: 1, port: dovecot.imapTlsPort, target: HOST }] },
      [HOST]: { A: ['127.0.0.1'] },
    })
    home = new Home({
      submission: { port: 0 },
      dns: { servers: [dns.server] },
      discovery: { allowPrivateAddresses: true, ispdbUrl: '' },
      relay: { caFile: dovecot.caFile },
      ui: { port: await freePort('127.0.0.1') },
      queue: { paused: true },
    })
    served = await home.serve()
    browser = await openBrowser()
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
    page.setDefaultTimeout(15_000)
    complaints = complaintsOf(page)
    await page.goto(served.ready.ui)
    await page.getByLabel('Your name').fill('Nora Feldt')
    await page.getByLabel('Mail address').fill('nora@feldt.test')
    await page.getByRole('checkbox', { name: /Look for my mail account next/ }).check()
    await page.getByRole('button', { name: 'Start using Posthorn' }).click()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await served?.stop()
    await dovecot?.stop()
    await dns?.close()
    certificate?.remove()
    home?.remove()
  }, 60_000)

  const rows = () => page.getByRole('listbox', { name: /./ }).getByRole('option')
  const settings = async (name: string) => {
    await page.getByRole('button', { name: 'Settings', exact: true }).click()
    await page.getByRole('tab', { name, exact: true }).click()
  }
  const inbox = () => page.getByRole('link', { name: /^Unified inbox/ }).click()

  test('an account is found by its address, asks before it goes elsewhere, and works at once', async () => {
    const dialog = page.getByRole('dialog', { name: 'Add an account' })
    await dialog.waitFor()
    expect(await barriers(page)).toEqual([])
    expect(await dialog.getByLabel('Mail address').inputValue()).toBe('nora@feldt.test')
    await dialog.getByRole('radio', { name: `IMAP at ${HOST}:${dovecot.imapTlsPort}, TLS` }).waitFor()
    await expect
      .poll(() => dialog.getByRole('region', { name: 'Search for the settings' }).innerText())
      .toMatch(/It names IMAP at/)
    await dialog.getByRole('textbox', { name: 'Password' }).fill(PASSWORD)
    const test = dialog.getByRole('button', { name: 'Test', exact: true })
    expect(await test.isDisabled()).toBe(true)
    await dialog.getByRole('checkbox', { name: /imap\.provider\.test/ }).check()
    expect(await barriers(page)).toEqual([])
    await test.click()
    await dialog.getByRole('heading', { name: 'It works' }).waitFor()
    expect(await dialog.getByRole('region', { name: 'Live test' }).innerText()).not.toContain(PASSWORD)
    await dialog.getByRole('button', { name: 'Add account' }).click()
    await settings('Accounts')
    await page.getByRole('listitem', { name: 'nora@feldt.test' }).waitFor()
    await inbox()
    await rows().filter({ hasText: 'A first order' }).waitFor()
  })

  test('a rule shows what it would do, sorts what arrives, and the message says so', async () => {
    await settings('Rules')
    await page.getByRole('button', { name: 'Add rule' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add a rule' })
    await dialog.getByLabel('Name').fill('Orders')
    await dialog.getByLabel('Words').fill('market.test')
    await dialog.getByRole('button', { name: 'Action', exact: true }).click()
    await dialog.getByRole('group', { name: 'Action 2' }).getByLabel('What').selectOption('Star')
    await dialog.getByRole('button', { name: 'Try it on all mail' }).click()
    const would = dialog.getByRole('region', { name: 'What it would do' })
    await expect.poll(() => would.innerText()).toMatch(/1 match[^]*A first order/)
    expect(await barriers(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Save' }).click()
    const card = page.getByRole('listitem', { name: 'Orders' })
    expect(await card.innerText()).toContain('from:market.test')
    expect(await barriers(page)).toEqual([])

    dovecot.deliver('nora', mail('shop@market.test', 'A second order', 'Two lanterns.'))
    dovecot.deliver('nora', mail('ida@harbour.test', 'No order', 'How are you?'))
    await page.getByRole('button', { name: 'Get mail' }).click()
    await inbox()
    await rows().filter({ hasText: 'No order' }).waitFor()
    await expect.poll(() => rows().filter({ hasText: 'A second order' }).count()).toBe(0)
    await page
      .getByRole('link', { name: /^Archive/ })
      .last()
      .click()
    const moved = rows().filter({ hasText: 'A second order' })
    await moved.waitFor()
    expect(await moved.innerText()).toContain('Starred')
    await moved.click()
    const main = page.getByRole('main', { name: 'Message' })
    await main.getByRole('article', { name: 'A second order' }).waitFor()
    await main.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'What rules did…' }).click()
    const history = page.getByRole('dialog', { name: 'What rules did' })
    await expect.poll(() => history.innerText()).toMatch(/Orders[^]*when it came[^]*starred/)
    await history.getByRole('button', { name: 'Close' }).last().click()

    await settings('Rules')
    await expect.poll(() => card.innerText()).toContain('1 message')
    await page.getByRole('button', { name: 'Run over mail' }).click()
    const run = page.getByRole('dialog', { name: 'Run the rules' })
    await run.getByLabel('Over').selectOption({ label: 'Inbox, nora@feldt.test' })
    await run.getByRole('button', { name: 'Run', exact: true }).click()
    await run.getByText('Done.').waitFor()
    await page.keyboard.press('Escape')
    await inbox()
    await expect.poll(() => rows().filter({ hasText: 'A first order' }).count()).toBe(0)
  })

  test('mail of another program is brought in, twice without doubles, and what is wrong is named', async () => {
    const box = [
      'From ada@harbour.test Sat Jan  3 01:05:34 2026',
      'From: ada@harbour.test',
      'Subject: Old letter',
      'Date: Sat, 3 Jan 2026 01:05:34 +0000',
      'Status: RO',
      '',
      'It was a cold winter.',
      '',
      'From ada@harbour.test Sun Jan  4 01:05:34 2026',
      'From: ada@harbour.test',
      'Subject: Taken back',
      'X-Mozilla-Status: 0009',
      '',
      'Never mind.',
      '',
    ].join('\n')
    const bring = async () => {
      await page.getByRole('button', { name: 'Import mail' }).click()
      const dialog = page.getByRole('dialog', { name: 'Import mail' })
      await dialog
        .getByLabel('Files to import')
        .setInputFiles({ name: 'winter', mimeType: 'application/octet-stream', buffer: Buffer.from(box) })
      await dialog.getByLabel('Into').selectOption('One folder, named here')
      await dialog.getByLabel('Folder', { exact: true }).fill('Winter')
      expect(await barriers(page)).toEqual([])
      await dialog.getByRole('button', { name: 'Import', exact: true }).click()
      await dialog.waitFor({ state: 'detached' })
    }
    await settings('Import and export')
    await bring()
    const imports = page.getByRole('listitem', { name: 'Import of winter' })
    await expect.poll(() => imports.first().innerText()).toMatch(/1 message imported, 1 were marked as deleted[^]*Done/)
    expect(await barriers(page)).toEqual([])
    await bring()
    await expect.poll(() => imports.count()).toBe(2)
    await expect.poll(() => imports.first().innerText()).toMatch(/0 messages imported, 1 were here already[^]*Done/)
    await imports.first().getByRole('button', { name: 'Report' }).click()
    const report = page.getByRole('dialog', { name: 'Report of the import' })
    await expect.poll(() => report.getByRole('row').nth(1).innerText()).toMatch(/Taken back[^]*left out/)
    expect(await barriers(page)).toEqual([])
    await report.getByRole('button', { name: 'Close' }).last().click()
    await page.getByRole('link', { name: /^Winter/ }).click()
    await rows().filter({ hasText: 'Old letter' }).click()
    await expect.poll(() => page.getByRole('article').innerText()).toContain('It was a cold winter.')
  })

  test('mail is taken out again as one file', async () => {
    await settings('Import and export')
    await page.getByRole('button', { name: 'Export mail' }).click()
    const dialog = page.getByRole('dialog', { name: 'Export mail' })
    await dialog.getByLabel('What', { exact: true }).selectOption('Winter')
    await dialog.getByLabel('As', { exact: true }).selectOption('One mbox file, saved by this window')
    expect(await barriers(page)).toEqual([])
    const download = page.waitForEvent('download')
    await dialog.getByRole('button', { name: 'Export', exact: true }).click()
    const text = readFileSync((await (await download).path())!, 'utf8')
    expect(text).toMatch(/^From ada@harbour\.test [^\n]*2026\n[^]*\nSubject: Old letter\r?\n[^]*It was a cold winter\./)
    expect(complaints).toEqual([])
  })
})

/** A message as it is delivered. */
function mail(from: string, subject: string, text: string): Buffer {
  const date = new Date().toUTCString()
  const head = [`From: ${from}`, 'To: nora@feldt.test', `Subject: ${subject}`, `Date: ${date}`]
  return Buffer.from([...head, `Message-ID: <${subject.replaceAll(' ', '.')}@${from}>`, '', text, ''].join('\r\n'))
}
