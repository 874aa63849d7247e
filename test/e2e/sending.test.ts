import nodemailer from 'nodemailer'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers, complaintsOf, openBrowser } from '../support/browser.ts'
import { startDnsServer, type DnsStub, type Zone } from '../support/dns-server.ts'
import { needs } from '../support/peers.ts'
import { freePort } from '../support/postfix.ts'
import { eventually, Home, type Served } from '../support/posthorn.ts'
import { startSink, type SmtpSink } from '../support/smtp-sink.ts'

/** All that a person can decide about mail that leaves: routes, signing, programs, local mailboxes, and the queue itself. */
const { describe, test } = needs('chromium')

const ZONE: Zone = {
  'slow.test': { MX: [{ preference: 10, exchange: 'mx.slow.test' }] },
  'mx.slow.test': { A: ['127.0.0.1'] },
  'fine.test': { MX: [{ preference: 10, exchange: 'mx.fine.test' }] },
  'mx.fine.test': { A: ['127.0.0.1'] },
}

describe('sending', () => {
  let home: Home
  let served: Served
  let sink: SmtpSink
  let smarthost: SmtpSink
  let dns: DnsStub
  let browser: Browser
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    sink = await startSink({
      answer: ({ verb, line }) =>
        verb === 'RCPT' && line.includes('@slow.test') ? '450 4.2.1 The mailbox is busy' : undefined,
    })
    smarthost = await startSink()
    dns = await startDnsServer(ZONE)
    home = new Home({
      submission: { port: 0, tlsPort: null },
      dns: { servers: [dns.server] },
      relay: { port: sink.port, allowPrivateAddresses: true, ehloName: 'post.feldt.test' },
      queue: { undoSeconds: null },
      ui: { port: await freePort('127.0.0.1') },
    })
    served = await home.serve()
    await home.json(['setting', 'set', 'queue.undoSeconds', '0'])
    browser = await openBrowser()
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
    page.setDefaultTimeout(8000)
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    complaints = complaintsOf(page)
    await page.goto(served.ready.ui)
    await page.getByLabel('Your name').fill('Nora Feldt')
    await page.getByLabel('Mail address').fill('nora@feldt.test')
    await page.getByRole('button', { name: 'Start using Posthorn' }).click()
    await page.getByRole('button', { name: 'New message' }).waitFor()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await served?.stop()
    await sink?.close()
    await smarthost?.close()
    await dns?.close()
    home?.remove()
  }, 60_000)

  const settings = async (tab: string): Promise<Locator> => {
    await page.getByRole('button', { name: 'Settings', exact: true }).click()
    await page.getByRole('tab', { name: tab }).click()
    return page.getByRole('tabpanel', { name: tab })
  }
  const write = async (to: string, subject: string) => {
    await page.getByRole('button', { name: 'New message' }).click()
    await page.getByLabel('To', { exact: true }).fill(to)
    await page.getByLabel('Subject', { exact: true }).fill(subject)
    await page.getByLabel('Message text').fill('A text.\n')
  }
  const toQueue = async (subject: string) => {
    await page.getByRole('link', { name: /^Queue/ }).click()
    const queue = page.getByRole('main', { name: 'Queue' })
    const card = queue.getByRole('listitem', { name: subject })
    await card.waitFor()
    return { card, detail: queue.getByRole('region', { name: 'Recipient' }) }
  }
  const more = async (detail: Locator, item: string) => {
    await detail.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: item }).click()
  }

  test('another program gets a password of its own, sends with it, and cannot once it is taken back', async () => {
    const panel = await settings('Other programs')
    await panel.getByLabel('Program', { exact: true }).selectOption({ label: 'Thunderbird' })
    await panel.getByRole('button', { name: 'Make a password for Thunderbird' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name of the program').fill('Laptop')
    await dialog.getByRole('button', { name: 'Make it' }).click()
    await dialog.getByRole('button', { name: 'Copy the password' }).click()
    const password = await page.evaluate(() => navigator.clipboard.readText())
    expect(password.length).toBeGreaterThanOrEqual(16)
    await dialog.getByRole('button', { name: 'Done' }).click()
    expect(await barriers(page)).toEqual([])

    const certificate = await home.run(['certificate'])
    const { submission } = await home.json<{ submission: { port: number } }>(['status'])
    const send = (subject: string) =>
      nodemailer
        .createTransport({
          host: '127.0.0.1',
          port: submission.port,
          requireTLS: true,
          tls: { ca: certificate.stdout, servername: 'localhost' },
          auth: { user: 'nora@feldt.test', pass: password },
        })
        .sendMail({ from: 'nora@feldt.test', to: 'lea@fine.test', subject, text: 'from a program' })
    await send('By program')
    await eventually(() => sink.messages.some(({ raw }) => raw.includes('By program')), 'the mail of the program')

    const entry = panel.getByRole('listitem', { name: 'Laptop' })
    await expect.poll(() => entry.innerText()).toContain('Last used')
    await entry.getByRole('button', { name: 'Take back Laptop' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Take it back' }).click()
    await entry.waitFor({ state: 'detached' })
    await expect(send('Too late')).rejects.toThrow(/535/)
  })

  test('a domain, a user and an alias are made, and the page says where mail would go', async () => {
    const panel = await settings('Local mail')
    await panel.getByLabel('Another domain').fill('home.test')
    await panel.getByRole('region', { name: 'Domains' }).getByRole('button', { name: 'Add' }).click()
    await panel.getByRole('button', { name: 'Remove home.test' }).waitFor()
    await panel.getByRole('button', { name: 'Add user' }).click()
    await page.getByRole('dialog').getByLabel('Mail address').fill('ada@home.test')
    await page.getByRole('dialog').getByLabel('Password').fill('correct horse battery')
    await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click()
    await panel.getByRole('listitem', { name: 'ada@home.test' }).waitFor()
    await panel.getByRole('button', { name: 'Add alias' }).click()
    await page.getByRole('dialog').getByLabel('Mail for').fill('sales@home.test')
    await page.getByRole('dialog').getByLabel('goes to').fill('ada@home.test')
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await panel.getByRole('listitem', { name: 'sales@home.test' }).waitFor()

    const where = panel.getByRole('region', { name: 'Where would mail go?' })
    await where.getByLabel('Mail to').fill('sales@home.test')
    await where.getByRole('button', { name: 'Ask' }).click()
    await expect.poll(() => where.innerText()).toMatch(/ada@home\.test[^]*250 2\.1\.5/)
    await where.getByLabel('Mail to').fill('nobody@home.test')
    await where.getByRole('button', { name: 'Ask' }).click()
    await expect.poll(() => where.innerText()).toMatch(/Nowhere[^]*550 5\.1\.1/)
    expect(await barriers(page)).toEqual([])
  })

  test('a smarthost is tested live, and a rule sends a domain through it', async () => {
    const panel = await settings('Routes')
    await panel.getByRole('button', { name: 'Add smarthost' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Smarthost').fill('127.0.0.1')
    await dialog.getByLabel('Port').fill(`${smarthost.port}`)
    await dialog.getByLabel('Encryption').selectOption({ label: 'None' })
    await dialog.getByLabel('Login').selectOption({ label: 'None' })
    await dialog.getByRole('button', { name: 'Test' }).click()
    await dialog.getByRole('heading', { name: 'It works' }).waitFor()
    expect(smarthost.commands.map(({ verb }) => verb)).not.toContain('MAIL')
    await dialog.getByRole('button', { name: 'Add smarthost' }).click()
    await panel.getByRole('listitem', { name: '127.0.0.1' }).waitFor()

    await panel.getByRole('button', { name: 'Add rule' }).click()
    await page.getByRole('dialog').getByLabel('to', { exact: true }).fill('relayed.test')
    await page
      .getByRole('dialog')
      .getByLabel('what happens')
      .selectOption({ label: `goes through 127.0.0.1:${smarthost.port}` })
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    const question = panel.getByRole('form', { name: 'Which way would it go?' })
    await question.getByLabel('Which way would mail go from').fill('nora@feldt.test')
    await question.getByLabel('to', { exact: true }).fill('kim@relayed.test')
    await question.getByRole('button', { name: 'Ask' }).click()
    await expect.poll(() => question.getByRole('status').innerText()).toContain('127.0.0.1')
    expect(await barriers(page)).toEqual([])

    await write('kim@relayed.test', 'By the smarthost')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await smarthost.waitFor(1)
    expect(smarthost.messages[0]?.to).toEqual(['kim@relayed.test'])
  })

  test('a signing key shows its record, and signs once DNS has it', async () => {
    const panel = await settings('Signing')
    await panel.getByRole('button', { name: 'Make a key' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Make it' }).click()
    const key = panel.getByRole('listitem', { name: /of feldt\.test/ })
    await key.getByText('does not sign').waitFor()
    const copied = async (button: string) => {
      await key.getByRole('button', { name: button }).click()
      return page.evaluate(() => navigator.clipboard.readText())
    }
    const name = await copied('Copy the record’s name')
    const text = await copied('Copy the record’s text')
    expect(name).toMatch(/\._domainkey\.feldt\.test$/)
    await key.getByRole('button', { name: 'Look for it in DNS' }).click()
    await key.getByText('not in DNS').first().waitFor()
    dns.setZone({ ...ZONE, [name]: { TXT: [text] } })
    await key.getByRole('button', { name: 'Look for it in DNS' }).click()
    await key.getByText('signs', { exact: true }).waitFor()
    expect(await barriers(page)).toEqual([])

    await write('lea@fine.test', 'Signed mail')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    const arrived = await eventually(
      () => sink.messages.find(({ raw }) => raw.includes('Subject: Signed mail')),
      'the signed mail',
    )
    expect(arrived.raw.toString()).toMatch(/^DKIM-Signature: .*d=feldt\.test/ms)
  })

  test('waiting mail is held, released, sent elsewhere and cancelled, and its history says so', async () => {
    await write('mia@slow.test', 'Much to decide')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    const { card, detail } = await toQueue('Much to decide')
    await expect.poll(() => card.innerText()).toContain('deferred')
    await card.getByRole('button').first().click()
    await detail.getByRole('region', { name: 'What it means' }).waitFor()
    await detail.getByRole('button', { name: 'Hold', exact: true }).click()
    await expect.poll(() => card.innerText()).toContain('held')
    await detail.getByRole('button', { name: 'Release' }).click()
    await expect.poll(() => card.innerText()).toContain('deferred')
    await more(detail, 'Change the address…')
    await page.getByRole('dialog').getByLabel('Deliver to').fill('mia@fine.test')
    await page.getByRole('dialog').getByRole('button', { name: 'Change' }).click()
    await expect.poll(() => card.innerText()).toContain('mia@fine.test')
    await expect.poll(() => card.innerText()).toContain('delivered')
    await detail.getByText('First written to').waitFor()
    const history = detail.getByRole('list', { name: /^The way to mia@fine\.test/ })
    await expect.poll(() => history.innerText()).toMatch(/held it[^]*let it go[^]*changed the address/)
    const download = page.waitForEvent('download')
    await more(detail, 'Save the message as a file')
    expect((await download).suggestedFilename()).toMatch(/\.eml$/)
    expect(await barriers(page)).toEqual([])
  })

  test('what was just sent is taken back, and what is sent later waits for its hour', async () => {
    await settings('All settings')
    const undo = page.getByLabel(/queue\.undoSeconds/)
    await undo.fill('30')
    await undo.press('Enter')
    await expect.poll(() => undo.inputValue()).toBe('30')
    await write('lea@fine.test', 'Too hasty')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await expect.poll(() => page.getByLabel('Subject', { exact: true }).inputValue()).toBe('Too hasty')
    await page.getByRole('button', { name: 'Remove lea@fine.test' }).waitFor()

    await page.getByLabel('Subject', { exact: true }).fill('For tomorrow')
    await page.getByRole('button', { name: 'Send later' }).click()
    expect(await barriers(page)).toEqual([])
    await page
      .getByRole('dialog', { name: 'Send later' })
      .getByRole('button', { name: /^Tomorrow morning/ })
      .click()
    const { card, detail } = await toQueue('For tomorrow')
    await expect.poll(() => card.innerText()).toMatch(/waiting\s+leaves/)
    await card.getByRole('button').first().click()
    await detail.getByRole('button', { name: 'Send now' }).click()
    await expect.poll(() => card.innerText()).toContain('delivered')
    expect(sink.messages.filter(({ raw }) => raw.includes('Subject: Too hasty'))).toEqual([])
    expect(sink.messages.filter(({ raw }) => raw.includes('Subject: For tomorrow'))).toHaveLength(1)
  })

  test('destinations show how mail was protected, and take a pace of one’s own', async () => {
    const panel = await settings('Destinations')
    const pace = panel.getByRole('region', { name: 'Pace' })
    await pace.getByRole('button', { name: 'Set a pace' }).click()
    await page.getByRole('dialog').getByLabel('Domain or smarthost').fill('fine.test')
    await page.getByRole('dialog').getByLabel('Messages a day').fill('50')
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => pace.getByRole('listitem', { name: 'fine.test' }).innerText()).toContain('50 a day')
    await panel.getByRole('region', { name: 'Encryption' }).getByRole('listitem', { name: 'fine.test' }).waitFor()
    await panel.getByLabel('Another address to be warned of').fill('old@fine.test')
    await panel.getByRole('region', { name: 'Addresses that refuse mail' }).getByRole('button', { name: 'Add' }).click()
    await panel.getByRole('listitem', { name: 'old@fine.test' }).waitFor()
    expect(await barriers(page)).toEqual([])

    await write('old@fine.test', 'Warned')
    await page.getByLabel('Subject', { exact: true }).focus()
    await page.getByRole('button', { name: 'Remove old@fine.test' }).waitFor()
    await expect.poll(() => page.getByRole('dialog', { name: 'Warned' }).innerText()).toMatch(/old@fine\.test: .+/)
    await page.getByRole('button', { name: 'Discard the draft' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Discard' }).click()
  })

  test('nothing complained, in light or dark', async () => {
    await page.emulateMedia({ colorScheme: 'dark' })
    for (const tab of ['Routes', 'Signing', 'Destinations', 'Other programs', 'Local mail']) {
      await settings(tab)
      expect(await barriers(page)).toEqual([])
    }
    expect(complaints).toEqual([])
  })
})
