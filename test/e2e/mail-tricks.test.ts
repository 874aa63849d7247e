import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers } from '../support/browser.ts'
import { MailPage } from '../support/mail-page.ts'
import { needs } from '../support/peers.ts'

/** Letters that turn text around or hide, put where a person decides whom to believe and what to open. */
const { describe, test } = needs('chromium')
const RLO = '\u202E'
/** Raw characters that change what is seen of the others. */
const TURNING = /[\u200B-\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/

describe('mail that plays tricks with letters', () => {
  let mail: MailPage
  let page: Page

  beforeAll(async () => {
    mail = await MailPage.open()
    ;({ page } = mail)
    const b64 = (text: string) => `=?utf-8?b?${Buffer.from(text).toString('base64')}?=`
    await mail.import({
      from: `${b64(`Your bank${RLO}moc.live`)} <ida@harbour.test>`,
      subject: b64(`Pay${RLO}tac\u200Bher now`),
      fields: ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b'],
      body: [
        '--b',
        'Content-Type: text/html; charset=utf-8',
        '',
        `<p>Sign in at <a href="https://evil.test/x">https://bank.test/login</a> or <a href="https://b\u0430nk.test/">here</a> or <a href="https://evil.test/${RLO}moc.knab">there${RLO}</a></p>`,
        '--b',
        'Content-Type: application/octet-stream',
        `Content-Disposition: attachment; filename*=utf-8''${encodeURIComponent(`invoice${RLO}fdp.exe`)}`,
        '',
        'MZ',
        '--b--',
        '',
      ].join('\r\n'),
    })
    await mail.row('Pay').click()
    await page.getByRole('article').waitFor()
  }, 60_000)
  afterAll(async () => mail?.close(), 60_000)

  test('turns nothing around in the list, in the reader, in names of files', async () => {
    const row = await mail.row('Pay').innerText()
    expect(row).toContain('Your bank moc.live')
    expect(row).toContain('Pay tac her now')
    const article = page.getByRole('article')
    const shown = await article.innerText()
    expect(shown).toContain('Your bank moc.live')
    expect(shown).toMatch(/invoice.*fdp\.exe/)
    expect(row + shown).not.toMatch(TURNING)
    expect(await page.title()).not.toMatch(TURNING)
    const labels = await page.evaluate(() =>
      [...document.querySelectorAll('[aria-label], [title]')].map(
        (one) => `${one.getAttribute('aria-label') ?? ''} ${one.getAttribute('title') ?? ''}`,
      ),
    )
    expect(labels.filter((label) => /[\u202A-\u202E\u2066-\u2069]/.test(label))).toEqual([])
    expect(await barriers(page)).toEqual([])
  })

  test('a link that says one place and leads to another is asked about, with its true address', async () => {
    const frame = page.frameLocator('iframe').first()
    const opened = await frame.getByRole('link').count()
    expect(opened).toBe(3)
    await frame.getByRole('link', { name: 'https://bank.test/login' }).click()
    const dialog = page.getByRole('alertdialog').or(page.getByRole('dialog'))
    expect(await dialog.innerText()).toContain('evil.test')
    await page.keyboard.press('Escape')
    await frame.getByRole('link', { name: 'here', exact: true }).click()
    // A letter of another alphabet that looks the same: the address is shown as computers have it.
    expect(await dialog.innerText()).toContain('xn--bnk-6cd.test')
    await page.keyboard.press('Escape')
    await frame.getByRole('link', { name: /there/ }).click()
    expect(await dialog.innerText()).not.toMatch(TURNING)
    expect(await dialog.innerText()).toContain('evil.test')
    await page.keyboard.press('Escape')
    expect(mail.complaints).toEqual([])
  })
})
