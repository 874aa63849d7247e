import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { needs } from '../support/peers.ts'
import { differenceOf, TOLERANCE } from '../support/pictures.ts'
import { freePort } from '../support/postfix.ts'
import { Home, type Served } from '../support/posthorn.ts'

/**
 * Every view, light and dark, in three sizes, beside the picture of it that is kept in resources/pictures. A view that was
 * changed on purpose is pictured anew with POSTHORN_PICTURES=keep, and the pictures are looked at before they are committed.
 */
const { describe, test } = needs('chromium')
const FOLDER = fileURLToPath(new URL('../../resources/pictures', import.meta.url))
const KEEPS = process.env['POSTHORN_PICTURES'] === 'keep'
const SIZES = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
  { width: 800, height: 600 },
]
const NOW = new Date('2026-11-20T14:00:00Z')
const PEOPLE = ['Ada Lovelace <ada@harbour.test>', 'Ida Berg <ida@harbour.test>', 'Otto Lind <otto@market.test>']
const SUBJECTS = ['Keys of the boathouse', 'Minutes of Monday', 'Your order of lanterns has left the harbour']

describe('pictures of the window', () => {
  let home: Home
  let served: Served
  let browser: Browser
  let page: Page
  let scales: Page

  beforeAll(async () => {
    mkdirSync(FOLDER, { recursive: true })
    home = new Home({ submission: { port: 0 }, ui: { port: await freePort('127.0.0.1') }, queue: { paused: true } })
    served = await home.serve()
    browser = await openBrowser()
    scales = await browser.newPage()
    page = await browser.newPage({ viewport: SIZES[0]!, reducedMotion: 'reduce', timezoneId: 'UTC' })
    page.setDefaultTimeout(15_000)
    await page.clock.setFixedTime(NOW)
    await page.goto(served.ready.ui)
    await page.getByLabel('Your name').waitFor()
    await take('first-run')
    await page.getByLabel('Your name').fill('Nora Feldt')
    await page.getByLabel('Mail address').fill('nora@feldt.test')
    await page.getByRole('button', { name: 'Start using Posthorn' }).click()
    await page.getByRole('button', { name: 'New message' }).waitFor()
    const files = Array.from({ length: 18 }, (_, n) => {
      const path = join(home.root, `${n}.eml`)
      const date = new Date(NOW.getTime() - n * 7_000_000).toUTCString()
      const head = [`From: ${PEOPLE[n % 3]}`, 'To: nora@feldt.test', `Subject: ${SUBJECTS[n % 3]}`, `Date: ${date}`]
      const text = 'Hello Nora,\r\n\r\nthe key hangs behind the blue door. See you on Monday.\r\n\r\nAda'
      writeFileSync(path, [...head, `Message-ID: <${n}@harbour.test>`, '', text, ''].join('\r\n'))
      return path
    })
    expect((await home.run(['import', ...files])).status).toBe(0)
    for (const one of PEOPLE.slice(1)) {
      const [, name = '', address = ''] = /^(.*) <(.*)>$/.exec(one) ?? []
      expect((await home.run(['contact', 'add', address, '--name', name])).status).toBe(0)
    }
    await page.getByRole('button', { name: 'Dismiss' }).first().waitFor({ state: 'detached' })
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await served?.stop()
    home?.remove()
  }, 60_000)

  const wrong: string[] = []
  /** Compares the page as it stands in all sizes, light and dark; what moves of itself is covered. */
  async function take(name: string): Promise<void> {
    for (const size of SIZES)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize(size)
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        const mask = [page.locator('.statusbar'), page.locator('.mono'), page.locator('.toasts')]
        const shot = await page.screenshot({ type: 'jpeg', quality: 80, mask, maskColor: '#888888' })
        const file = join(FOLDER, `${name}-${size.width}-${colorScheme}.jpg`)
        if (KEEPS) writeFileSync(file, shot)
        else if (!existsSync(file)) wrong.push(`${file} is not there`)
        else {
          const percent = await differenceOf(scales, readFileSync(file), shot)
          if (percent > TOLERANCE.percent) wrong.push(`${file} differs in ${percent.toFixed(1)} of 100 pixels`)
        }
      }
  }
  const view = (hash: string, name: string) =>
    test(
      name,
      async () => {
        await page.setViewportSize(SIZES[0]!)
        await page.evaluate((to) => (location.hash = `#/${to}`), hash)
        await page.locator('.skel').first().waitFor({ state: 'detached' })
        await take(name)
        expect(wrong.splice(0)).toEqual([])
      },
      60_000,
    )

  test('first run', () => expect(wrong.splice(0)).toEqual([]))
  test('reading', async () => {
    await page.getByRole('option').first().click()
    await page.getByRole('article').getByText('behind the blue door').waitFor()
    await take('reading')
    expect(wrong.splice(0)).toEqual([])
  }, 60_000)
  test('writing', async () => {
    await page.getByRole('button', { name: 'New message' }).click()
    await page.getByRole('dialog', { name: 'New message' }).getByLabel('Message text').waitFor()
    await take('writing')
    await page.keyboard.press('Escape')
    expect(wrong.splice(0)).toEqual([])
  }, 60_000)
  view('queue', 'queue')
  view('people/all', 'people')
  view('log', 'log')
  view('console', 'console')
  view('lab', 'lab')
  view('search/boathouse', 'search')
  for (const one of ['accounts', 'identities', 'routes', 'rules', 'transfer', 'appearance', 'keys', 'protection'])
    view(`settings/${one}`, `settings-${one}`)
})
