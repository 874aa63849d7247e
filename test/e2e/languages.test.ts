import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { LANGUAGES } from '../../core/model/languages.ts'
import { barriers } from '../support/browser.ts'
import { MailPage } from '../support/mail-page.ts'
import { needs } from '../support/peers.ts'
import { eventually, type Home } from '../support/posthorn.ts'

/** The window in each of its languages, and in one that shows every word that did not come through the catalogue. */
const { describe, test } = needs('chromium')

/** Every page of the window, by its address. */
const SETTINGS =
  'accounts identities routes signing destinations programs local rules tags transfer log privacy protection appearance keys settings about'
const PAGES = [
  ...'mail/all queue drafts snoozed people/all log console lab search/nothing-has-this-word'.split(' '),
  ...SETTINGS.split(' ').map((page) => `settings/${page}`),
]

/** The same in every language: names of programs, protocols and keys, and what somebody typed or was sent. */
const NAMES =
  /^(?:POP|Posthorn|Thunderbird|Gmail|Outlook|Apple Mail|mutt|msmtp|git send-email|Deutsch|Français|English|Ctrl|Alt|Shift|Tab|Esc|Del|Enter|Space|PgUp|PgDn|F\d+|RFC|SMTP|POP3|IMAP|DNS|TLS|STARTTLS|STLS|MX|DKIM|SPF|MTA-STS|JSON|OAuth2?|Wireshark|MIT|Node|SQLite|Nora|Feldt|Ada|KB|MB|GB|ms|Mallory)$/

/** A day as Intl writes it for the pseudo-language, which is English to it. */
const isDay = (text: string) => /^(?:\w+,? )?(?:\d{1,2} \w+|\w+ \d{1,2})(?:,? \d{4})?$/.test(text)

describe('languages', () => {
  let mail: MailPage
  let home: Home
  let page: Page

  beforeAll(async () => {
    mail = await MailPage.open()
    ;({ home, page } = mail)
    await mail.import({ from: 'Ada <ada@harbour.test>', subject: '1815', text: '1815, 1852.', minutesAgo: 3 * 1440 })
  }, 60_000)
  afterAll(async () => mail?.close(), 60_000)

  const go = async (hash: string) => {
    await page.evaluate((to) => (location.hash = `#/${to}`), hash)
    await page.locator('.skel').first().waitFor({ state: 'detached' })
  }
  /** Chooses by the command line, whose words are the same whatever the window speaks. */
  const choose = async (language: string) => {
    await home.json(['setting', 'set', 'look.language', JSON.stringify(language)])
    await eventually(
      async () => (await page.evaluate(() => localStorage.getItem('posthorn.language'))) === language,
      `the window to speak ${language}`,
    )
  }

  for (const [language, name] of Object.entries(LANGUAGES))
    test(`${name}: the window says its own words, in its direction, and holds no barrier`, async () => {
      await choose(language)
      await expect.poll(() => page.locator('html').getAttribute('lang')).toBe(language)
      expect((await page.locator('html').getAttribute('dir')) ?? 'ltr').toBe(language === 'ar' ? 'rtl' : 'ltr')
      for (const hash of ['mail/all', 'queue', 'log', 'settings/appearance']) {
        await go(hash)
        expect(await barriers(page), hash).toEqual([])
      }
      const button = await page.locator('.folders .new').innerText()
      expect(button === 'New message').toBe(language === 'en')
      // Nothing sticks out of the window, however long the words of a language are.
      for (const width of [1280, 900]) {
        await page.setViewportSize({ width, height: 700 })
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        expect(over, `${language} at ${width}`).toBeLessThanOrEqual(0)
      }
      await page.setViewportSize({ width: 1280, height: 800 })
    })

  test('no word of the window goes around the catalogue', async () => {
    await choose('en-XA')
    await expect.poll(() => page.locator('.folders .new').innerText()).toMatch(/^Ń/)
    const found = new Set<string>()
    for (const hash of PAGES) {
      await go(hash)
      await expect.poll(() => page.locator('main, section.list').count(), { message: hash }).toBeGreaterThan(0)
      const words = await page.evaluate(() => {
        const plain: string[] = []
        const isData = (node: Node) =>
          (node instanceof Element ? node : node.parentElement)?.closest(
            'bdi, .mono, code, kbd, pre, textarea, input, [dir=auto], time, option, svg, script, style, .toasts, [lang=en]:not(html)',
          ) !== null
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT)
        for (let node: Node | null = walker.root; node !== null; node = walker.nextNode()) {
          const texts =
            node instanceof Element && !isData(node)
              ? ['aria-label', 'title', 'placeholder'].map((name) => (node as Element).getAttribute(name) ?? '')
              : isData(node)
                ? []
                : [node.textContent ?? '']
          for (const text of texts)
            plain.push(
              ...(text.match(/[A-Za-z][A-Za-z’'-]{2,}/g) ?? []).map((word) => `${word}\t${text.trim().slice(0, 90)}`),
            )
        }
        return plain
      })
      for (const one of words) {
        const [word = '', text = ''] = one.split('\t')
        // Addresses, hosts, settings by their name, and what the engine says in its own words are no words of the window.
        if (
          NAMES.test(word) ||
          /\S@\S|\w\.\w|\d:\d|^\/|nothing-has|^Ćőƥý |dragging|^Ďéƒáúĺť: |^Áĺĺőŵéď: .*"/.test(text) ||
          isDay(text)
        )
          continue
        found.add(`${hash}: ${text}`)
      }
    }
    expect([...found]).toEqual([])
    await choose('en')
    expect(mail.complaints).toEqual([])
  })
})
