import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers, complaintsOf, openBrowser } from '../support/browser.ts'
import { startDnsServer, type DnsStub } from '../support/dns-server.ts'
import { startDovecot, type Dovecot } from '../support/dovecot.ts'
import { findInStore, formsOf, foundIn } from '../support/leaks.ts'
import { needs } from '../support/peers.ts'
import { eventually, Home, type Served } from '../support/posthorn.ts'
import { startPostfix, type Postfix } from '../support/postfix.ts'

/**
 * The main job, as a person does it: a mail from the window to a Postfix that is the MX of its domain, into a Maildir, back by
 * Dovecot's POP3 into the window; then the store is searched for every password that was used.
 */
const MAILBOX_PASSWORD = 'Zu9-tintenfisch-Lore4'
const LOGIN_PASSWORD = 'Qw7-kaffeekanne-Hoch3'
const WRONG_PASSWORD = 'Ty5-schneeball-Quer8'
const ATTACHMENT = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7919) % 256))
const { describe, test } = needs('chromium', 'postfix', 'dovecot')

describe('the main job', () => {
  let home: Home
  let served: Served
  let postfix: Postfix
  let dovecot: Dovecot
  let dns: DnsStub
  let browser: Browser
  let page: Page
  let complaints: string[]
  let seen = ''

  beforeAll(async () => {
    postfix = await startPostfix({ domain: 'harbour.test', users: ['nora'] })
    dovecot = await startDovecot({
      password: MAILBOX_PASSWORD,
      maildir: postfix.maildirs,
      uid: postfix.uid,
      gid: postfix.gid,
    })
    dns = await startDnsServer({
      'harbour.test': { MX: [{ preference: 10, exchange: 'mx.harbour.test' }] },
      'mx.harbour.test': { A: ['127.0.0.1'] },
    })
    home = new Home({
      submission: { port: 0 },
      dns: { servers: [`127.0.0.1:${dns.port}`] },
      relay: { port: postfix.port, allowPrivateAddresses: true, caFile: dovecot.caFile, ehloName: 'post.feldt.test' },
    })
    served = await home.serve()
    browser = await openBrowser()
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' })
    complaints = complaintsOf(page)
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await served?.stop()
    await dovecot?.stop()
    await postfix?.stop()
    await dns?.close()
    home?.remove()
  }, 60_000)

  /** What the window shows now, kept for the search at the end. */
  const read = async () => {
    const text = await page.locator('body').innerText()
    seen += text
    return text
  }
  const shot = async (name: string) => {
    const folder = process.env['POSTHORN_SHOTS']
    if (folder === undefined) return
    await page.getByRole('button', { name: 'Dismiss' }).first().waitFor({ state: 'detached' })
    writeFileSync(join(folder, `${name}.png`), await page.screenshot())
  }

  test('first run ends in a usable mailbox', async () => {
    await page.goto(served.ready.ui)
    await page.getByLabel('Your name').fill('Nora Feldt')
    await page.getByLabel('Mail address').fill('nora@feldt.test')
    await shot('first-run')
    expect(await barriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Start using Posthorn' }).click()
    await page.getByRole('button', { name: 'New message' }).waitFor()
    expect(await read()).toContain('Unified inbox')
    expect(new URL(page.url()).hash).not.toContain('ticket')
  })

  test('an account is added after a live test of its server', async () => {
    await page.getByRole('button', { name: 'Settings' }).click()
    await page.getByRole('tab', { name: 'Accounts' }).click()
    await page.getByRole('button', { name: 'Add account' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Enter the settings by hand' }).click()
    await dialog.getByLabel('POP3 server').fill('localhost')
    await dialog.getByLabel('Port').fill(String(dovecot.tlsPort))
    await dialog.getByLabel('User name').fill('nora')
    await dialog.getByLabel('Password', { exact: true }).fill(WRONG_PASSWORD)
    await dialog.getByRole('button', { name: 'Test', exact: true }).click()
    await dialog.getByRole('button', { name: 'Add it anyway' }).waitFor()
    await dialog.getByLabel('Password', { exact: true }).fill(MAILBOX_PASSWORD)
    await dialog.getByRole('button', { name: 'Test', exact: true }).click()
    await expect
      .poll(() => dialog.getByRole('region', { name: 'Live test' }).innerText(), { timeout: 15_000 })
      .toMatch(/messages?/i)
    await shot('account')
    expect(await barriers(page)).toEqual([])
    await read()
    await dialog.getByRole('button', { name: 'Add account' }).click()
    await page.getByRole('listitem', { name: 'nora' }).waitFor()
  })

  test('a mail with an attachment is written, leaves the queue, and reaches its MX', async () => {
    await page.getByRole('button', { name: 'New message' }).click()
    await page.getByLabel('To', { exact: true }).fill('Nora at the harbour <nora@harbour.test>')
    await page.getByLabel('Subject').fill('Harbour leaflet: third proof')
    await page
      .getByLabel('Message text')
      .fill('Dear Nora,\n\nthe third proof is attached. Grüße!\n.\n..dots stay dots\n')
    await page
      .getByLabel('Attach files')
      .setInputFiles({ name: 'leaflet-proof-3.bin', mimeType: 'application/octet-stream', buffer: ATTACHMENT })
    await page.getByText('leaflet-proof-3.bin').waitFor()
    await shot('compose')
    expect(await barriers(page)).toEqual([])
    await read()
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('link', { name: /^Queue/ }).click()
    const queue = page.getByRole('main', { name: 'Queue' })
    await queue.getByText('Harbour leaflet: third proof').first().waitFor()
    await queue.getByText('delivered').first().waitFor({ timeout: 20_000 })
    await shot('queue')
    expect(await barriers(page)).toEqual([])
    await read()
    const [raw] = await eventually(async () => {
      const messages = await postfix.messages('nora')
      return messages.length > 0 && messages
    }, 'the message in the Maildir')
    const text = raw?.toString('latin1') ?? ''
    expect(text).toMatch(/^From: "?Nora Feldt"? <nora@feldt\.test>/m)
    expect(text).toContain('Subject: Harbour leaflet: third proof')
    expect(text.replaceAll('\r\n', '\n')).toContain(ATTACHMENT.toString('base64').slice(0, 76))
  })

  test('it comes back by POP3 and opens in the inbox, attachment and all', async () => {
    await page.getByRole('link', { name: /^Unified inbox/ }).click()
    await page.getByRole('button', { name: 'Get mail' }).first().click()
    const row = page.getByRole('option', { name: /Harbour leaflet/ })
    await row.waitFor({ timeout: 20_000 })
    await row.click()
    const message = page.getByRole('article', { name: 'Harbour leaflet: third proof' })
    await message.waitFor()
    const body = await eventually(async () => {
      for (const frame of page.frames()) {
        const text = await frame
          .locator('body')
          .innerText()
          .catch(() => '')
        if (text.includes('the third proof is attached')) return text
      }
      return undefined
    }, 'the text of the message')
    expect(body).toContain('Grüße!')
    expect(body).toContain('..dots stay dots')
    const download = page.waitForEvent('download')
    await message.getByRole('button', { name: /Save leaflet-proof-3\.bin/ }).click()
    expect(readFileSync(await (await download).path())).toEqual(ATTACHMENT)
    await shot('inbox')
    expect(await barriers(page)).toEqual([])
    await read()
  })

  test('an IMAP account stands beside it: its folders are here, and what is done here is done there', async () => {
    dovecot.deliver(
      'ida',
      Buffer.from('From: kim@harbour.test\r\nTo: ida@feldt.test\r\nSubject: By IMAP\r\n\r\nA text.\r\n'),
    )
    await page.getByRole('button', { name: 'Settings', exact: true }).click()
    await page.getByRole('tab', { name: 'Accounts' }).click()
    await page.getByRole('button', { name: 'Add account' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Enter the settings by hand' }).click()
    await dialog.getByLabel('Kind').selectOption('imap')
    await dialog.getByLabel('IMAP server').fill('localhost')
    await dialog.getByLabel('Port').fill(String(dovecot.imapTlsPort))
    await dialog.getByLabel('User name').fill('ida')
    await dialog.getByLabel('Password', { exact: true }).fill(MAILBOX_PASSWORD)
    await dialog.getByRole('button', { name: 'Test', exact: true }).click()
    await dialog.getByRole('heading', { name: 'It works' }).waitFor()
    expect(await barriers(page)).toEqual([])
    await read()
    await dialog.getByRole('button', { name: 'Add account' }).click()
    await page.getByRole('listitem', { name: 'ida' }).waitFor()
    const folders = page.getByRole('region', { name: 'ida' })
    await folders.getByRole('link', { name: /^inbox/i }).click()
    const row = page.getByRole('listbox').getByRole('option', { name: /By IMAP/ })
    await row.click()
    await page.getByRole('article', { name: 'By IMAP' }).getByText('A text.').waitFor()
    await page.getByRole('button', { name: 'Delete' }).click()
    await row.waitFor({ state: 'detached' })
    await expect.poll(() => dovecot.count('ida'), { timeout: 20_000 }).toBe(0)
    await read()
  })

  test('the protocol log shows both dialogues, and the password as a secret', async () => {
    await page.getByRole('button', { name: 'Protocol log' }).click()
    const log = page.getByRole('main', { name: 'Protocol log' })
    const sessions = log.getByRole('region', { name: 'Sessions' })
    await sessions
      .getByRole('option', { name: /SMTP.*harbour\.test/ })
      .first()
      .click()
    const dialogue = log.getByRole('log')
    await expect.poll(() => dialogue.innerText()).toContain('RCPT TO:<nora@harbour.test>')
    const smtp = await dialogue.innerText()
    expect(smtp).toContain('MAIL FROM:<nora@feldt.test>')
    expect(smtp).toContain('STARTTLS')
    await shot('log-smtp')
    expect(await barriers(page)).toEqual([])
    await read()
    await sessions.getByRole('option', { name: /POP3/ }).first().click()
    await expect.poll(() => dialogue.innerText()).toMatch(/RETR 1|UIDL/)
    expect(await dialogue.innerText()).toMatch(/AUTH SCRAM-SHA-256\s*user nora, secret not stored/)
    await shot('log-pop3')
    await read()
    expect(complaints).toEqual([])
  })

  test('a reload keeps the session, and dark looks right to the accessibility rules, too', async () => {
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.reload()
    await page.getByRole('main', { name: 'Protocol log' }).waitFor()
    expect(await barriers(page)).toEqual([])
    await shot('dark')
    expect(complaints).toEqual([])
  })

  test('no password that was used is stored outside the vault, logged, or shown', async () => {
    await home.run(['user', 'add', 'marker-user@feldt.test', '--password-stdin'], `${LOGIN_PASSWORD}\n`)
    const certificate = (await home.run(['certificate'])).stdout
    const submit = (authMethod: string, pass: string) =>
      createTransport({
        host: '127.0.0.1',
        port: served.submission.port,
        name: 'harmless-marker.feldt.test',
        requireTLS: true,
        tls: { ca: certificate, servername: 'localhost' },
        auth: { user: 'marker-user@feldt.test', pass },
        authMethod,
      }).sendMail({
        from: 'marker-user@feldt.test',
        to: 'nora@harbour.test',
        subject: 'marked',
        text: 'by another program',
      })
    await submit('PLAIN', LOGIN_PASSWORD)
    await submit('LOGIN', LOGIN_PASSWORD)
    await expect(submit('PLAIN', WRONG_PASSWORD)).rejects.toThrow()
    await expect(submit('LOGIN', WRONG_PASSWORD)).rejects.toThrow()
    await browser.close()
    expect(await served.stop()).toBe(0)

    // The search must be able to find: the name the client gave beside the password is in a transcript.
    const marker = findInStore(home.data, home.keyFile, new Map([['plain', Buffer.from('harmless-marker.feldt.test')]]))
    expect(marker.map(({ table }) => table)).toContain('session_segment')
    expect(foundIn(Buffer.from(seen), new Map([['plain', Buffer.from('Harbour leaflet')]]))).toBe('plain')

    for (const [password, user] of [
      [MAILBOX_PASSWORD, 'nora'],
      [LOGIN_PASSWORD, 'marker-user@feldt.test'],
      [WRONG_PASSWORD, 'marker-user@feldt.test'],
    ] as const) {
      const needles = formsOf(password, user)
      expect(findInStore(home.data, home.keyFile, needles)).toEqual([])
      expect(foundIn(Buffer.from(seen), needles)).toBeUndefined()
      expect(foundIn(Buffer.from(served.stderr), needles)).toBeUndefined()
      expect(foundIn(readFileSync(home.settingsFile), needles)).toBeUndefined()
    }
  }, 60_000)
})
