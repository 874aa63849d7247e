import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers, complaintsOf, openBrowser } from '../support/browser.ts'
import { needs } from '../support/peers.ts'
import { freePort } from '../support/postfix.ts'
import { Home, type Served } from '../support/posthorn.ts'

/** The window without a mouse: every command by its key, found by its words, and keys of one's own. */
const { describe, test } = needs('chromium')

describe('keys', () => {
  let home: Home
  let served: Served
  let browser: Browser
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    home = new Home({ submission: { port: 0 }, ui: { port: await freePort('127.0.0.1') }, queue: { paused: true } })
    served = await home.serve()
    browser = await openBrowser()
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
    page.setDefaultTimeout(10_000)
    complaints = complaintsOf(page)
    await page.goto(served.ready.ui)
    await page.getByLabel('Your name').fill('Nora Feldt')
    await page.getByLabel('Mail address').fill('nora@feldt.test')
    await page.getByRole('button', { name: 'Start using Posthorn' }).click()
    await page.getByRole('button', { name: 'New message' }).waitFor()
    const files = ['Lanterns', 'Keys', 'Minutes', 'Weather'].map((subject, n) => {
      const path = join(home.root, `${n}.eml`)
      const date = new Date(Date.now() - n * 60_000).toUTCString()
      const from = 'Ada <ada@harbour.test>'
      const lines = [`From: ${from}`, 'To: nora@feldt.test', `Subject: ${subject}`, `Date: ${date}`, '', `${subject}.`]
      writeFileSync(path, lines.join('\r\n'))
      return path
    })
    const { status, stderr } = await home.run(['import', ...files])
    expect(status, stderr).toBe(0)
    await rows().nth(3).waitFor()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await served?.stop()
    home?.remove()
  }, 60_000)

  const rows = () => page.getByRole('listbox', { name: /./ }).getByRole('option')
  const press = (...keys: readonly string[]) =>
    keys.reduce<Promise<void>>((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve())
  const article = (name: string) => page.getByRole('article', { name })

  test('arrows and letters move through the list, and through what is unread', async () => {
    // Search field, folders, list: each pane is one step away from the next.
    await press('F6', 'F6', 'F6', 'ArrowDown')
    await article('Lanterns').waitFor()
    await press('j')
    await article('Keys').waitFor()
    await press('k')
    await article('Lanterns').waitFor()
    await expect.poll(() => rows().filter({ hasText: 'Lanterns' }).innerText()).not.toContain('Unread')
    await press('m')
    await expect.poll(() => rows().filter({ hasText: 'Lanterns' }).innerText()).toContain('Unread')
    await press('n')
    await article('Keys').waitFor()
    await press('p')
    await article('Lanterns').waitFor()
  })

  test('a command is found by its words and does what its key does', async () => {
    await press('Control+Shift+P')
    const field = page.getByRole('combobox', { name: 'Command' })
    await field.waitFor()
    expect(await barriers(page)).toEqual([])
    await field.fill('star')
    await expect.poll(() => page.getByRole('option', { name: /Star/ }).count()).toBeGreaterThan(1)
    await press('Enter')
    await expect.poll(() => rows().filter({ hasText: 'Lanterns' }).innerText()).toContain('Starred')
    await press('g', 's')
    await page.getByRole('heading', { name: '“is:starred”' }).waitFor()
    await expect.poll(() => rows().count()).toBe(1)
    await press('g', 'i')
    await expect.poll(() => rows().count()).toBe(4)
  })

  test('a view that is opened by its key takes the focus, and the search field gives it back to the list', async () => {
    const focused = () => page.evaluate(() => document.activeElement?.closest('main, section')?.className ?? 'nowhere')
    for (const [keys, view] of [
      [['g', 'q'], 'queue'],
      [['Control+,'], 'settings'],
      [['g', 'i'], 'list'],
    ] as const) {
      await press(...keys)
      await expect.poll(focused, { message: view }).not.toBe('nowhere')
    }
    await press('/')
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('INPUT')
    await press('Escape')
    await expect.poll(focused).toContain('list')
  })

  test('a message goes to a folder whose name is typed, to Junk and back, and undo brings it home', async () => {
    await rows().filter({ hasText: 'Weather' }).click()
    await article('Weather').waitFor()
    await press('v')
    const field = page.getByRole('combobox', { name: 'To the folder' })
    await field.fill('arch')
    expect(await barriers(page)).toEqual([])
    await press('Enter')
    await page.getByText('1 message moved to Archive.').waitFor()
    await expect.poll(() => rows().count()).toBe(3)
    await press('Control+z')
    await expect.poll(() => rows().count()).toBe(4)

    await rows().filter({ hasText: 'Weather' }).click()
    await article('Weather').waitFor()
    await press('!')
    await expect.poll(() => rows().count()).toBe(3)
    await page.getByRole('link', { name: 'Junk' }).click()
    await rows().filter({ hasText: 'Weather' }).click()
    await article('Weather').waitFor()
    await press('!')
    await page.getByText('1 message moved to the Inbox.').waitFor()
    await press('g', 'i')
    await expect.poll(() => rows().count()).toBe(4)
  })

  test('a message is written anew from one that is there', async () => {
    await rows().filter({ hasText: 'Keys' }).click()
    await article('Keys').waitFor()
    await press('Control+e')
    await expect.poll(() => page.getByLabel('Subject').inputValue()).toBe('Keys')
    await expect.poll(() => page.getByLabel('Message text').innerText()).toContain('Keys.')
    await press('Escape')
    await page.getByLabel('Subject').waitFor({ state: 'detached' })
  })

  test('letters do nothing while one types', async () => {
    await press('/')
    await page.keyboard.type('a e s v')
    expect(await page.getByRole('searchbox', { name: 'Search all mail' }).inputValue()).toBe('a e s v')
    expect(await page.getByRole('dialog').count()).toBe(0)
    await press('Escape')
    await expect.poll(() => rows().count()).toBe(4)
  })

  test('colours, rows and the unified inbox are as one has set them, and stay so', async () => {
    await press('Control+,')
    await page.getByRole('tab', { name: 'Appearance' }).click()
    await page.getByLabel('Colours').selectOption({ label: 'Dark' })
    await page.getByLabel('Rows of lists').selectOption({ label: 'Close together' })
    const unified = page.getByRole('checkbox', { name: /All inboxes together/ })
    await unified.click()
    await page.getByRole('link', { name: /^Unified inbox/ }).waitFor({ state: 'detached' })
    await page.reload()
    await page.getByRole('tab', { name: 'Appearance' }).waitFor()
    await expect.poll(() => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark')
    expect(await barriers(page)).toEqual([])
    await press('g', 'i')
    const row = rows().first()
    await expect.poll(async () => Math.round((await row.boundingBox())!.height)).toBe(48)
    await press('Control+,')
    await page.getByRole('tab', { name: 'Appearance' }).click()
    await unified.click()
    await page.getByRole('link', { name: /^Unified inbox/ }).waitFor()
  })

  test('a key of one’s own takes the place of the old one, stays, and is given up again', async () => {
    await press('?')
    await page.getByRole('dialog', { name: 'Keys' }).getByRole('link', { name: 'Change the keys' }).click()
    const row = page.getByRole('listitem', { name: 'Archive' })
    await row.getByRole('button', { name: 'Change the key of Archive' }).click()
    const dialog = page.getByRole('dialog', { name: 'Archive' })
    await press('y')
    expect(await dialog.getByRole('status').innerText()).toBe('Y')
    await dialog.getByRole('button', { name: 'Use this key' }).click()
    await row.getByText('Y', { exact: true }).waitFor()
    expect(await barriers(page)).toEqual([])

    await press('g', 'i')
    await rows().filter({ hasText: 'Minutes' }).click()
    await article('Minutes').waitFor()
    await press('a') // No command of anybody any more.
    await press('y')
    await page.getByText('1 message archived.').waitFor()
    await expect.poll(() => rows().count()).toBe(3)
    const settings = await home.json<readonly { key: string; value: unknown }[]>(['setting', 'list'])
    expect(settings.find(({ key }) => key === 'keys.own')?.value).toEqual(['archive=y'])

    await press('Control+,')
    await page.getByRole('tab', { name: 'Keys' }).click()
    await row.getByRole('button', { name: 'As before' }).click()
    await row.getByText('A', { exact: true }).waitFor()
    await page.getByLabel('Keys as in').selectOption({ label: 'No single letters' })
    await row.getByText('no key').waitFor()
    expect(complaints).toEqual([])
  })
})
