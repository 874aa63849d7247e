import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers, complaintsOf, openBrowser } from '../support/browser.ts'
import { needs } from '../support/peers.ts'
import { freePort } from '../support/postfix.ts'

/** The page of parts, as those who build the window see it. */
const { describe, test } = needs('chromium')

describe('the page of parts', () => {
  let server: ViteDevServer
  let browser: Browser
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    const configFile = fileURLToPath(new URL('../../renderer/vite.config.ts', import.meta.url))
    server = await createServer({
      configFile,
      logLevel: 'error',
      server: { host: '127.0.0.1', port: await freePort('127.0.0.1'), strictPort: true },
    })
    await server.listen()
    const address = server.httpServer?.address()
    if (typeof address !== 'object' || address === null) throw new Error('the page of parts is not served')
    browser = await openBrowser()
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
    page.setDefaultTimeout(30_000)
    complaints = complaintsOf(page)
    await page.goto(`http://127.0.0.1:${address.port}/parts.html`)
    await page.getByRole('heading', { name: 'Parts of Posthorn' }).waitFor()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  }, 60_000)

  for (const theme of ['light', 'dark'])
    test(`holds no barrier in ${theme}, and every text has the contrast WCAG asks for`, async () => {
      await page.getByLabel('Theme').selectOption(theme)
      expect(await barriers(page)).toEqual([])
      const ratios = await page
        .getByRole('region', { name: 'Colour' })
        .locator('[data-ratio]')
        .evaluateAll((all) => all.map((one) => [one.textContent, Number(one.getAttribute('data-ratio'))] as const))
      expect(ratios.length).toBeGreaterThan(15)
      expect(ratios.filter(([, ratio]) => !(ratio >= 4.5))).toEqual([])
    })

  for (const theme of ['light', 'dark'] as const)
    test(`holds no barrier with more contrast, nor in the colours of the system, in ${theme}`, async () => {
      await page.getByLabel('Theme').selectOption(theme)
      await page.emulateMedia({ contrast: 'more' })
      const more = await barriers(page)
      await page.emulateMedia({ contrast: 'no-preference', colorScheme: theme, forcedColors: 'active' })
      // The system paints a plate of its own behind each text, which axe does not see.
      const forced = (await barriers(page)).filter((one) => !one.startsWith('color-contrast'))
      await page.emulateMedia({ forcedColors: 'none', colorScheme: 'light' })
      expect({ more, forced }).toEqual({ more: [], forced: [] })
    })

  test('a form that fails stays open and says why, and closes when it works', async () => {
    await page.getByRole('button', { name: 'Open a form' }).click()
    const dialog = page.getByRole('dialog', { name: 'A new tag' })
    expect(await dialog.getByRole('button', { name: 'Add' }).isDisabled()).toBe(true)
    await dialog.getByLabel('Name').fill('Harbour')
    await page.keyboard.press('Enter')
    await dialog.getByRole('alert').getByText('There is one already.').waitFor()
    expect(await barriers(page)).toEqual([])
    await dialog.getByLabel('Name').fill('Lantern')
    await dialog.getByRole('button', { name: 'Add' }).click()
    await dialog.waitFor({ state: 'detached' })
  })

  test('a menu is walked by arrows and letters, and the edge of a pane by arrows', async () => {
    const more = page.getByRole('button', { name: 'More', exact: true }).first()
    await more.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('menu').waitFor()
    await page.keyboard.press('ArrowDown')
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain('Move to Trash')
    await page.keyboard.press('Escape')
    await expect.poll(() => more.evaluate((it) => it === document.activeElement)).toBe(true)
    const edge = page.getByRole('separator', { name: 'Width of the folders' })
    const before = Number(await edge.getAttribute('aria-valuenow'))
    await edge.focus()
    await page.keyboard.press('ArrowRight')
    await expect.poll(async () => Number(await edge.getAttribute('aria-valuenow'))).toBeGreaterThan(before)
    await page.keyboard.press('Enter')
  })

  test('shows each overlay, which gives the focus back where it came from', async () => {
    for (const name of ['Open a dialog', 'Ask before']) {
      const button = page.getByRole('button', { name })
      await button.click()
      await page.getByRole(name === 'Ask before' ? 'alertdialog' : 'dialog').waitFor()
      expect(await barriers(page)).toEqual([])
      await page.keyboard.press('Escape')
      await expect.poll(() => button.evaluate((it) => it === document.activeElement)).toBe(true)
    }
    await page.getByRole('button', { name: 'Toast', exact: true }).click()
    await page.getByRole('status').getByText('3 messages moved to Archive.').waitFor()
    expect(complaints).toEqual([])
  })

  test('nothing to be hit is smaller than 24 pixels, however close together rows stand', async () => {
    for (const density of ['compact', 'normal', 'roomy']) {
      await page.getByLabel('Density').selectOption(density)
      const small = await page.locator('button, select, input, [role=option], [role=tab]').evaluateAll((all) =>
        all
          .filter((one) => (one as HTMLElement).offsetParent !== null)
          .map((one) => {
            const label = one.closest('label') ?? one
            const { width, height } = label.getBoundingClientRect()
            return `${one.tagName} ${one.textContent?.slice(0, 20)} ${width}×${height}`
          })
          .filter((text) =>
            text
              .split(' ')
              .at(-1)!
              .split('×')
              .map(Number)
              .some((side) => side < 24),
          ),
      )
      expect(small, density).toEqual([])
    }
  })
})
