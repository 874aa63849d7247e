import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers, complaintsOf, openBrowser } from '../support/browser.ts'
import { needs } from '../support/peers.ts'
import { freePort } from '../support/postfix.ts'
import { Home, type Served } from '../support/posthorn.ts'

/** The main job without a pointer: first run, a mail written and sent, received, answered, and its session read in the log. */
const { describe, test } = needs('chromium')

describe('by keyboard alone', () => {
  let home: Home
  let served: Served
  let browser: Browser
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    home = new Home({
      submission: { port: 0 },
      ui: { port: await freePort('127.0.0.1') },
      local: { domains: ['feldt.test'] },
      queue: { undoSeconds: 0 },
    })
    served = await home.serve()
    browser = await openBrowser()
    // A touch on the screen or a mouse is not there.
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
    page.setDefaultTimeout(10_000)
    complaints = complaintsOf(page)
    await page.goto(served.ready.ui)
    await page.getByLabel('Your name').waitFor()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await served?.stop()
    home?.remove()
  }, 60_000)

  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  const focused = () =>
    page.evaluate(() => {
      const it = document.activeElement
      if (it === null || it === document.body) return 'nothing'
      const label = it.getAttribute('aria-label') ?? (it as HTMLInputElement).labels?.[0]?.textContent
      return `${it.getAttribute('role') ?? it.tagName.toLowerCase()} ${label ?? it.textContent ?? ''}`.trim()
    })
  /** Goes on by Tab until the focus stands on what is wanted; everything on the way can be left again. */
  const tabTo = async (wanted: RegExp) => {
    const way: string[] = []
    for (let n = 0; n < 60; n++) {
      const now = await focused()
      if (wanted.test(now)) return
      way.push(now)
      await press('Tab')
    }
    throw new Error(`no Tab leads to ${wanted}; it went over ${way.join(', ')}`)
  }

  test('the first run is filled in and begun', async () => {
    await tabTo(/Your name/)
    await page.keyboard.type('Nora Feldt')
    await tabTo(/Mail address/)
    await page.keyboard.type('nora@feldt.test')
    await press('Enter')
    await page.getByRole('button', { name: 'New message' }).waitFor()
    expect(await barriers(page)).toEqual([])
  })

  test('a mail is written, sent by its key, and comes into the inbox', async () => {
    await tabTo(/Unified inbox/)
    await press('c')
    const composer = page.getByRole('dialog', { name: 'New message' })
    await composer.waitFor()
    await page.keyboard.type('nora@feldt.test,')
    await tabTo(/Subject/)
    await page.keyboard.type('By key alone')
    await tabTo(/Message text/)
    await page.keyboard.type('Not one click.')
    await press('Control+Enter')
    await composer.waitFor({ state: 'detached' })
    await tabTo(/listbox/)
    await page.getByRole('option', { name: /By key alone/ }).waitFor({ timeout: 20_000 })
    await press('ArrowDown')
    await page.getByRole('article', { name: 'By key alone' }).getByText('Not one click.').waitFor()
  })

  test('it is answered, starred, tagged away and brought back', async () => {
    await press('r')
    const composer = page.getByRole('dialog', { name: /Re: By key alone|Reply|New message/ })
    await composer.waitFor()
    // Writing begins in the text.
    await expect.poll(focused).toMatch(/Message text/)
    await press('Escape')
    await composer.waitFor({ state: 'detached' })
    await tabTo(/listbox/)
    await press('s')
    await expect
      .poll(() =>
        page
          .getByRole('option', { name: /By key alone/ })
          .first()
          .innerText(),
      )
      .toContain('Starred')
    await press('a')
    await expect.poll(() => page.getByRole('option', { name: /By key alone/ }).count()).toBe(0)
    await press('Control+z')
    await page
      .getByRole('option', { name: /By key alone/ })
      .first()
      .waitFor()
  })

  test('panes are walked by F6, and each has one stop for Tab in its list', async () => {
    const seen = new Set<string>()
    for (let n = 0; n < 8; n++) {
      await press('F6')
      seen.add(
        await page.evaluate(() => document.activeElement?.closest('nav, section, main, header, footer')?.tagName ?? ''),
      )
    }
    expect(seen.size).toBeGreaterThan(2)
    await tabTo(/listbox/)
    await press('Tab')
    expect(await focused()).not.toMatch(/^option/)
  })

  test('queue, log, settings and the list of keys are reached, and left with Escape or a key', async () => {
    await tabTo(/listbox|Unified inbox/)
    await press('g', 'q')
    await page.getByRole('main', { name: 'Queue' }).waitFor()
    await press('F12')
    await page.getByRole('main', { name: 'Protocol log' }).waitFor()
    await press('g', 'i')
    await page.getByRole('region', { name: 'Messages' }).waitFor()
    await press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await press('Escape')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'detached' })
    await press('Control+,')
    await page.getByRole('main', { name: 'Settings' }).waitFor()
    await press('Control+Shift+P')
    await page.keyboard.type('unified')
    await press('Enter')
    await page.getByRole('region', { name: 'Messages' }).waitFor()
    expect(complaints).toEqual([])
  })
})
