import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { SETTINGS_PAGES } from '../../renderer/src/state/route.ts'
import { openBrowser } from '../support/browser.ts'
import { needs } from '../support/peers.ts'
import { boxesOf, differenceOf, TOLERANCE } from '../support/pictures.ts'
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

/** What is another at each run: times, ports, addresses, what was measured. */
const MOVING = ['.statusbar', '.mono', '.toasts', '.num', '.time', 'time', '.sub', '.wire', '.measured']
/** Pages that say what was measured on this computer at this moment. */
const NOT_PICTURED = new Set(['desktop', 'diagnostics', 'about'])

describe('pictures of the window', () => {
  let home: Home
  let served: Served
  let browser: Browser
  let page: Page
  let scales: Page
  let entryId = 0

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
    const waiting = 'Subject: Lanterns for the pier\r\n\r\nSix of them, please.\r\n'
    expect((await home.sendmail(['-f', 'nora@feldt.test', 'otto@market.test'], waiting)).status).toBe(0)
    const [entry] = await home.json<{ readonly id: number }[]>(['queue', 'list'])
    entryId = entry?.id ?? 0
    await talk()
    await page.getByRole('button', { name: 'Dismiss' }).first().waitFor({ state: 'detached' })
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await served?.stop()
    home?.remove()
  }, 60_000)

  /** A program says hello to the submission server: a session to look at. */
  async function talk(): Promise<void> {
    const { host, port } = served.ready.submission ?? { host: '', port: 0 }
    const socket = connect(port, host)
    let heard = ''
    socket.on('data', (chunk) => {
      heard += chunk.toString()
      if (heard.endsWith('\r\n')) socket.write(heard.includes('250 ') ? 'QUIT\r\n' : 'EHLO client.test\r\n')
    })
    await once(socket, 'close')
  }

  const wrong: string[] = []
  /** Compares the page as it stands in all sizes, light and dark; what moves of itself is left out. */
  async function take(name: string): Promise<void> {
    for (const size of SIZES)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize(size)
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        const shot = await page.screenshot({ type: 'jpeg', quality: 80 })
        const file = join(FOLDER, `${name}-${size.width}-${colorScheme}.jpg`)
        if (KEEPS) writeFileSync(file, shot)
        else if (!existsSync(file)) wrong.push(`${file} is not there`)
        else {
          const { percent, worstSquare, x, y } = await differenceOf(
            scales,
            readFileSync(file),
            shot,
            await boxesOf(page, MOVING),
          )
          if (percent > TOLERANCE.percent) wrong.push(`${file} differs in ${percent.toFixed(1)} of 100 pixels`)
          else if (worstSquare > TOLERANCE.squarePercent)
            wrong.push(`${file} differs at ${x},${y} in ${worstSquare.toFixed(0)} of 100 pixels`)
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
  test('log', async () => {
    await page.setViewportSize(SIZES[0]!)
    await page.evaluate(() => (location.hash = '#/log'))
    await page.getByRole('option').first().click()
    await page.getByText('EHLO client.test').waitFor()
    await take('log')
    expect(wrong.splice(0)).toEqual([])
  }, 60_000)
  test('trace', async () => {
    await page.setViewportSize(SIZES[0]!)
    await page.evaluate((id) => (location.hash = `#/trace/entry-${id}`), entryId)
    await page.getByText('Lanterns for the pier').first().waitFor()
    await take('trace')
    expect(wrong.splice(0)).toEqual([])
  }, 60_000)
  view('drafts', 'drafts')
  view('console', 'console')
  view('lab', 'lab')
  view('search/boathouse', 'search')
  for (const one of SETTINGS_PAGES.filter((page) => !NOT_PICTURED.has(page))) view(`settings/${one}`, `settings-${one}`)
  test('a button that is gone would be noticed', async () => {
    if (KEEPS) return
    await page.evaluate(() => (location.hash = '#/queue'))
    await page.getByRole('button', { name: 'New message' }).evaluate((button) => (button.style.visibility = 'hidden'))
    await take('queue')
    expect(wrong.splice(0)).toHaveLength(SIZES.length * 2)
  }, 60_000)
})
