import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers, complaintsOf, openBrowser } from '../support/browser.ts'
import { startDnsServer, type DnsStub } from '../support/dns-server.ts'
import { needs } from '../support/peers.ts'
import { freePort } from '../support/postfix.ts'
import { Home, type Served } from '../support/posthorn.ts'
import { startSink, type SmtpSink } from '../support/smtp-sink.ts'

/** The protocol log in the window: asked, followed to the line, timed, explained and shared. */
const { describe, test } = needs('chromium')
const REFUSAL = '550 5.1.1 <otto@gone.test>: no mailbox of that name'

describe('the protocol log', () => {
  let home: Home
  let served: Served
  let sink: SmtpSink
  let dns: DnsStub
  let browser: Browser
  let page: Page
  let complaints: string[]
  let exported = ''

  beforeAll(async () => {
    sink = await startSink({ answer: ({ verb, line }) => (verb === 'RCPT' && /gone/.test(line) ? REFUSAL : undefined) })
    dns = await startDnsServer(
      Object.fromEntries(
        ['gone.test', 'fine.test'].flatMap((domain) => [
          [domain, { MX: [{ preference: 10, exchange: `mx.${domain}` }] }],
          [`mx.${domain}`, { A: ['127.0.0.1'] }],
        ]),
      ),
    )
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
    await page.getByRole('button', { name: 'New message' }).waitFor()
    await send('lea@fine.test', 'Good morning')
    await send('otto@gone.test', 'Are you there?')
    await sink.waitFor(1)
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await served?.stop()
    await sink?.close()
    await dns?.close()
    home?.remove()
  }, 60_000)

  const send = async (to: string, subject: string) => {
    await page.getByRole('button', { name: 'New message' }).click()
    await page.getByLabel('To', { exact: true }).fill(to)
    await page.getByLabel('Subject').fill(subject)
    await page.getByLabel('Message text').fill('A text.\n')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('button', { name: 'Show in queue' }).waitFor()
    // That may be the button of the message before: keys are the composer's until it has gone.
    await page.getByRole('button', { name: 'Send', exact: true }).waitFor({ state: 'detached' })
  }
  const sessions = () => page.getByRole('listbox', { name: 'Sessions' }).getByRole('option')
  const ask = () => page.getByRole('searchbox', { name: 'Find in the log' })
  const pane = () => page.getByRole('region', { name: 'Session', exact: true })

  test('a question finds the session, and the line it asks for', async () => {
    await page.keyboard.press('F12')
    await expect.poll(() => sessions().count()).toBe(2)
    await ask().fill('verb:RCPT code:5xx')
    await expect.poll(() => sessions().count()).toBe(1)
    await expect.poll(() => sessions().first().innerText()).toContain('mx.gone.test')
    const places = pane().getByRole('region', { name: 'What was found in it' })
    await places.getByRole('button', { name: /550 5\.1\.1/ }).click()
    await expect.poll(() => page.url()).toMatch(/#\/log\/\d+\/\d+$/)
    await expect.poll(() => pane().locator('[data-marked]').innerText()).toContain('550 5.1.1')
    expect(await barriers(page)).toEqual([])
    await ask().fill('verb:RCPT code:(')
    await page.getByRole('alert').waitFor()
    await ask().fill('host:nowhere.test')
    await page.getByRole('heading', { name: 'No such session' }).waitFor()
    await ask().press('Escape')
    await expect.poll(() => sessions().count()).toBe(2)
  })

  test('a question that is kept tells of the next session it finds', async () => {
    await ask().fill('code:5xx')
    await page.getByRole('button', { name: 'Keep', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Keep this question' })
    await dialog.getByLabel('Name').fill('Refusals')
    await dialog.getByRole('checkbox').check()
    expect(await barriers(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Keep' }).click()
    await page.getByRole('button', { name: /^Tells of new ones Refusals/ }).waitFor()
    await page.getByRole('button', { name: 'Back to mail' }).click()
    await send('otto@gone.test', 'Once more')
    await page.getByText(/^Refusals: mx\.gone\.test/).waitFor()
    await page.getByRole('button', { name: 'Show', exact: true }).click()
    await expect.poll(() => pane().innerText()).toContain('mx.gone.test')
    await page.getByRole('button', { name: 'Forget Refusals' }).click()
    await page.getByRole('button', { name: 'Forget Refusals' }).waitFor({ state: 'detached' })
  })

  test('the time of a session is shown step by step, each of which opens its line', async () => {
    await sessions().filter({ hasText: 'mx.fine.test' }).click()
    await pane().getByRole('button', { name: 'Timing' }).click()
    const timing = pane().getByRole('region', { name: 'Timing' })
    await expect.poll(() => timing.innerText()).toMatch(/greeting[^]*EHLO[^]*MAIL FROM/)
    expect(await barriers(page)).toEqual([])
    await timing.getByRole('button', { name: /^EHLO/ }).click()
    await expect.poll(() => pane().locator('[data-marked]').innerText()).toContain('250')
  })

  test('replies, commands and capabilities are explained', async () => {
    await page.getByRole('button', { name: 'What does it mean?' }).click()
    const dialog = page.getByRole('dialog', { name: 'What does it mean?' })
    await dialog.getByRole('textbox').fill(REFUSAL)
    await expect.poll(() => dialog.innerText()).toMatch(/550 5\.1\.1/)
    await dialog.getByRole('textbox').fill('CHUNKING')
    await expect.poll(() => dialog.innerText()).toMatch(/RFC 3030/)
    expect(await barriers(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Close' }).last().click()
  })

  test('a session is shared under other names, and what is not in it is said first', async () => {
    await sessions().filter({ hasText: 'mx.gone.test' }).first().click()
    await pane().getByRole('button', { name: 'Export the dialogue' }).click()
    const dialog = page.getByRole('dialog', { name: 'Share this session' })
    await dialog.getByRole('radio', { name: 'JSON' }).check()
    await dialog.getByRole('checkbox').check()
    await dialog.getByRole('button', { name: 'Make the file' }).click()
    await expect.poll(() => dialog.getByRole('region', { name: 'What is not in it' }).innerText()).toMatch(/replaced/)
    expect(await barriers(page)).toEqual([])
    const download = page.waitForEvent('download')
    await dialog.getByRole('button', { name: /^Save/ }).click()
    const text = readFileSync((await (await download).path())!, 'utf8')
    expect(JSON.parse(text)).toMatchObject({ format: 'posthorn-protocol-log', version: 1 })
    expect(text).not.toMatch(/otto|gone\.test|feldt/)
    expect(text).toContain('550 5.1.1')
    exported = text
  })

  test('rows are picked and copied by the keyboard, words and lines explain themselves', async () => {
    const log = pane().getByRole('log')
    await log.focus()
    await page.keyboard.press('Home')
    for (let n = 0; n < 4; n++) await page.keyboard.press('Shift+ArrowDown')
    await pane().getByRole('button', { name: 'Copy 5 rows' }).waitFor()
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.keyboard.press('Control+C')
    await page.getByText('5 lines copied.').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^# DNS MX gone\.test[^]*\n$/)
    await page.keyboard.press('Escape')
    const dialog = page.getByRole('dialog', { name: 'What does it mean?' })
    await log.getByRole('button', { name: /more: PIPELINING/ }).click()
    await log.getByRole('button', { name: 'PIPELINING', exact: true }).click()
    await expect.poll(() => dialog.innerText()).toContain('RFC 2920')
    await page.keyboard.press('Escape')
    const refusal = log.locator('[data-index]').filter({ hasText: '550 5.1.1' }).first()
    await refusal.locator('.no').click()
    await log.focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => dialog.innerText()).toMatch(/550 5\.1\.1[^]*(mailbox|recipient)/i)
    await page.keyboard.press('Escape')
  })

  test('a session shows its bytes and its encryption by a key', async () => {
    await page.keyboard.press('Alt+1')
    await expect.poll(() => pane().getByRole('log').innerText()).toMatch(/45 48 4c 4f 20/)
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('Alt+3')
    const tls = pane().getByRole('region', { name: 'TLS' })
    await expect.poll(() => tls.innerText()).toMatch(/In clear text[^]*strict policy would have let nothing pass/)
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('Alt+3')
    await pane().getByRole('log').waitFor()
  })

  test('two sessions stand side by side, line by line', async () => {
    await sessions().filter({ hasText: 'mx.fine.test' }).click()
    await sessions()
      .filter({ hasText: 'mx.gone.test' })
      .first()
      .click({ modifiers: ['Control'] })
    const both = page.getByRole('region', { name: 'Lines side by side' })
    await expect.poll(() => both.innerText()).toMatch(/mx\.fine\.test[^]*550 5\.1\.1/)
    expect(await barriers(page)).toEqual([])
    await both
      .getByRole('button', { name: /550 5\.1\.1/ })
      .first()
      .click()
    await expect.poll(() => pane().locator('[data-marked]').innerText()).toContain('550 5.1.1')
  })

  test('a file that somebody sent is looked at and stored nowhere', async () => {
    const kept = await sessions().count()
    const open = async (name: string, text: string) => {
      const chooser = page.waitForEvent('filechooser')
      await page.getByRole('main').getByRole('button', { name: 'More', exact: true }).click()
      await page.getByRole('menuitem', { name: 'Open a file…' }).click()
      await (await chooser).setFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text) })
    }
    await open('broken.json', '{"format":"posthorn-protocol-log"')
    await page.getByText(/“broken\.json” cannot be opened\. It is not whole JSON/).waitFor()
    await open('sent.json', exported)
    await page.getByText('sent.json: 1 session. Nothing of it is stored.').waitFor()
    await expect.poll(() => pane().getByRole('log').innerText()).toMatch(/RCPT TO:<person\d+@host\d+\.example>/)
    expect(await barriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Close the file' }).click()
    await expect.poll(() => sessions().count()).toBe(kept)
  })

  test('what is kept of each protocol is shown', async () => {
    await page.getByRole('main').getByRole('button', { name: 'More', exact: true }).click()
    await page.getByRole('menuitem', { name: 'What is kept' }).click()
    const dialog = page.getByRole('dialog', { name: 'What is kept' })
    // Mails that leave one soon after the other may have shared a session.
    const kept = await sessions().count()
    await expect
      .poll(() => dialog.getByRole('row', { name: /^SMTP/ }).innerText())
      .toMatch(RegExp(`SMTP\\s+${kept}\\b`))
    expect(await barriers(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    expect(complaints).toEqual([])
  })
})
