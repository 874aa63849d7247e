import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { testCertificate, type TestCertificate } from '../support/certificate.ts'
import { startDnsServer, type DnsStub } from '../support/dns-server.ts'
import { startDovecot, type Dovecot } from '../support/dovecot.ts'
import { MailPage } from '../support/mail-page.ts'
import { needs } from '../support/peers.ts'
import { freePort } from '../support/postfix.ts'
import { eventually } from '../support/posthorn.ts'
import { startSink, type SmtpSink } from '../support/smtp-sink.ts'

/** What the engine says of real failures, in a language that shows every word nobody has told. */
const { describe, test } = needs('chromium', 'dovecot')

/** Hosts, addresses, codes and names of protocols and settings: the same in every language. */
const SAME = /[\w-]+(?:[.@:/][\w-]+)+|\b(?:IMAP|POP3|SMTP|TLS|STARTTLS|ECONNREFUSED|nora)\b|"[^"]*"|\([^)]*\)/g

describe('what the engine says', () => {
  let mail: MailPage
  let dovecot: Dovecot
  let dns: DnsStub
  let sink: SmtpSink
  let certificate: TestCertificate

  beforeAll(async () => {
    certificate = testCertificate('imap.elsewhere.test')
    dovecot = await startDovecot({ password: 'right', certificate })
    sink = await startSink({ answer: ({ verb }) => (verb === 'RCPT' ? '550 5.1.1 no such user' : undefined) })
    dns = await startDnsServer({
      'gone.test': { MX: [{ preference: 10, exchange: 'mx.gone.test' }] },
      'mx.gone.test': { A: ['127.0.0.1'] },
    })
    mail = await MailPage.open({
      dns: { servers: [dns.server] },
      relay: { port: sink.port, allowPrivateAddresses: true, caFile: dovecot.caFile },
      queue: { undoSeconds: 0 },
    })
  }, 60_000)
  afterAll(async () => {
    await mail?.close()
    await dovecot?.stop()
    await sink?.close()
    await dns?.close()
    certificate?.remove()
  }, 60_000)

  const choose = async (language: string) => {
    await mail.home.json(['setting', 'set', 'look.language', JSON.stringify(language)])
    const spoken = () => mail.page.evaluate(() => localStorage.getItem('posthorn.language'))
    await eventually(async () => (await spoken()) === language, `the window to speak ${language}`)
  }
  const go = (hash: string) => mail.page.evaluate((to) => void (location.hash = `#/${to}`), hash)
  // What a server said stays as it said it.
  const plainWords = (text: string) =>
    text
      .replace(/śáýś: .*/, '')
      .replace(SAME, '')
      .match(/[A-Za-z][A-Za-z’']+/g) ?? []
  /** The words of each, without its links; none of them may be plain. */
  const disguised = async (found: Locator, count: number) => {
    await expect.poll(() => found.count()).toBe(count)
    const texts = await found.evaluateAll((all) =>
      all.map((one) => {
        const copy = one.cloneNode(true) as Element
        for (const link of copy.querySelectorAll('a, button, bdi, .mono')) link.remove()
        return copy.textContent ?? ''
      }),
    )
    for (const text of texts) {
      expect(text).toMatch(/[ÁáÉéÍíŐőÚú]/)
      expect(plainWords(text), text).toEqual([])
    }
  }

  test('accounts: a refused login, a certificate for another name, a host that is not there, a closed port', async () => {
    const add = async (at: string, tls: string) => {
      const { id } = await mail.home.json<{ id: number }>(
        ['account', 'add', 'imap', at, '--user', 'nora', '--tls', tls, '--password-stdin'],
        'wrong\n',
      )
      await mail.home.run(['fetch', String(id)])
    }
    await choose('en-XA')
    await add(`127.0.0.1:${dovecot.imapPort}`, 'none')
    await add(`127.0.0.1:${dovecot.imapTlsPort}`, 'implicit')
    await add('imap.nowhere.test:993', 'implicit')
    await add(`127.0.0.1:${await freePort('127.0.0.1')}`, 'none')
    await go('settings/accounts')
    await disguised(mail.page.locator('.notice.danger > span'), 4)
  }, 40_000)

  test('a mail that is refused, and one whose domain is not there: why it stands, and what can be done', async () => {
    await mail.home.json(['setting', 'set', 'queue.paused', 'false'])
    for (const [to, state] of [
      ['kim@gone.test', 'bounced'],
      ['kim@nowhere.test', 'bounced'],
    ] as const) {
      await mail.home.sendmail(['-f', 'nora@feldt.test', to], 'Subject: harbour\n\nx\n')
      await eventually(
        async () => (await mail.home.run(['queue', 'list', '--all', '--json'])).stdout.includes(state),
        `${to} to be ${state}`,
      )
    }
    await go('queue')
    const rows = mail.page.locator('.recipients .why, .queue .why')
    await expect.poll(() => rows.count()).toBeGreaterThan(1)
    for (const text of await rows.allInnerTexts()) if (!text.includes('550')) expect(plainWords(text), text).toEqual([])
  }, 40_000)

  test('an import of what is no mail says so, and of what of it is broken', async () => {
    const path = join(mail.home.root, 'broken.mbox')
    writeFileSync(
      path,
      'From a@b.test Thu Jan  1 00:00:00 1970\n\n\nno header at all\n\nFrom a@b.test Thu Jan  1 00:00:00 1970\nSubject: whole\n\nx\n',
    )
    await mail.home.run(['import', path])
    await go('settings/transfer')
    await mail.page.getByRole('button', { name: 'Ŕéƥőŕť' }).first().click()
    await disguised(mail.page.getByRole('dialog').locator('tbody td:nth-child(3)'), 1)
    await mail.page.keyboard.press('Escape')
  })

  test('a call that fails is told in the words of the language', async () => {
    await choose('de')
    await mail.home.json(['tag', 'add', 'Hafen'])
    await go('settings/tags')
    await mail.page.getByRole('button', { name: 'Schlagwort hinzufügen' }).click()
    const dialog = mail.page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Hafen')
    await dialog
      .getByRole('button', { name: /Hinzufügen|Speichern|Schlagwort/ })
      .last()
      .click()
    await expect
      .poll(() => mail.page.locator('body').innerText())
      .toContain('Schlagwort speichern: es gibt ein Schlagwort „Hafen“')
  })
})
