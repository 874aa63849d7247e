import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { complaintsOf, openBrowser } from './browser.ts'
import { startDnsServer, type DnsStub, type Zone } from './dns-server.ts'
import { freePort } from './postfix.ts'
import { eventually, Home } from './posthorn.ts'
import { startSink, type SinkOptions, type SmtpSink, type SunkMessage } from './smtp-sink.ts'

/** A window in which somebody writes, before an engine whose mail goes to a sink of ours. */
export interface ComposeHouse {
  readonly home: Home
  readonly sink: SmtpSink
  readonly dns: DnsStub
  readonly browser: Browser
  readonly page: Page
  readonly complaints: string[]
  /** The composer that is open. */
  readonly composer: Locator
  readonly text: Locator
  /** Begins a new message. */
  begin(to: string, subject: string): Promise<void>
  send(): Promise<void>
  /** Chooses one of the options of the message. */
  option(name: string): Promise<void>
  /** What the sink got under a subject. */
  sent(subject: string): Promise<SunkMessage>
  /** Puts mail into the Inbox and opens the newest of that subject. */
  receive(...lines: readonly string[]): Promise<void>
  open(subject: string): Promise<void>
  /** A picture of the window, where somebody wants them. */
  shot(name: string, of?: Page): Promise<void>
  /** Ends the engine as a power cut would; and starts it again. */
  killEngine(): Promise<void>
  startEngine(): Promise<void>
  close(): Promise<void>
}

const ZONE: Zone = {
  'fine.test': { MX: [{ preference: 10, exchange: 'mx.fine.test' }] },
  'mx.fine.test': { A: ['127.0.0.1'] },
  'null.test': { MX: [{ preference: 0, exchange: '' }] },
}

/** Opens one. The person is Nora Feldt, nora@feldt.test. */
export async function openComposeHouse(options: SinkOptions = {}): Promise<ComposeHouse> {
  const sink = await startSink(options)
  const dns = await startDnsServer(ZONE)
  const home = new Home({
    submission: { port: 0 },
    dns: { servers: [dns.server] },
    relay: { port: sink.port, allowPrivateAddresses: true, ehloName: 'post.feldt.test' },
    pace: { gapSeconds: 0 },
    queue: { undoSeconds: null },
    ui: { port: await freePort('127.0.0.1') },
  })
  let served = await home.serve()
  await home.json(['setting', 'set', 'queue.undoSeconds', '0'])
  const browser = await openBrowser()
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const complaints = complaintsOf(page)
  await page.goto(served.ready.ui)
  await page.getByLabel('Your name').fill('Nora Feldt')
  await page.getByLabel('Mail address').fill('nora@feldt.test')
  await page.getByRole('button', { name: 'Start using Posthorn' }).click()
  await page.getByRole('button', { name: 'New message' }).waitFor()
  let files = 0
  const composer = page.locator('section.compose')
  return {
    home,
    sink,
    dns,
    browser,
    page,
    complaints,
    composer,
    text: composer.getByLabel('Message text'),
    async begin(to, subject) {
      await page.getByRole('button', { name: 'New message' }).first().click()
      await composer.getByLabel('To', { exact: true }).fill(to)
      await composer.getByLabel('Subject').fill(subject)
    },
    async send() {
      await composer.getByRole('button', { name: 'Send', exact: true }).click()
    },
    async option(name) {
      await composer.getByRole('button', { name: 'Options of the message' }).click()
      await page.getByRole('menuitem', { name }).click()
    },
    async sent(subject) {
      const found = () => sink.messages.find(({ raw }) => raw.includes(`Subject: ${subject}\r\n`))
      return eventually(found, `the mail “${subject}”`)
    },
    async receive(...lines) {
      files += 1
      const path = join(home.root, `${files}.eml`)
      writeFileSync(path, `${lines.join('\r\n')}\r\n`)
      const { status, stderr } = await home.run(['import', path, '--folder', 'Inbox'])
      if (status !== 0) throw new Error(stderr)
    },
    async open(subject) {
      await page
        .getByRole('option', { name: new RegExp(subject) })
        .first()
        .click()
      await page.getByRole('article', { name: subject }).waitFor()
    },
    async shot(name, of = page) {
      const folder = process.env['POSTHORN_SHOTS']
      if (folder !== undefined) writeFileSync(join(folder, `${name}.png`), await of.screenshot())
    },
    killEngine: () => served.kill(),
    async startEngine() {
      served = await home.serve()
    },
    async close() {
      await browser.close()
      await served.stop()
      await sink.close()
      await dns.close()
      home.remove()
    },
  }
}
