import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { barriers } from '../support/browser.ts'
import { ShellHome } from '../shell/application.ts'

/**
 * The application as it is, in the real Electron: what the stand-in of test/shell can't show. Run by `npm run test:electron`, which
 * names the program; of a packed one its unfused twin, for a fused one lets nobody in.
 */
const program = process.env['POSTHORN_ELECTRON'] ?? ''
const folder = process.env['POSTHORN_ELECTRON_APP']

describe('the application in Electron', () => {
  const home = new ShellHome({ queue: { paused: true } })
  let application: ElectronApplication
  let page: Page
  const start = async () => {
    application = await _electron.launch({
      executablePath: program,
      args: [...(folder === undefined ? [] : [folder]), ...home.argv],
    })
    page = await application.firstWindow()
  }
  beforeAll(start)
  afterAll(async () => {
    await application?.evaluate(({ app }) => app.exit(0)).catch(() => undefined)
    home.remove()
  })

  test('opens a window whose page comes by its own scheme, in a sandbox without Node', async () => {
    expect(page.url()).toMatch(/^app:\/\/posthorn\//)
    expect(await page.evaluate(() => ['require', 'process', 'module'].filter((name) => name in window))).toEqual([])
    const isVisible = await application.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())
    expect(isVisible).toBe(true)
  })
  test('does the main job: first run, a message, the queue', async () => {
    await page.getByLabel('Your name').fill('Nora Feldt')
    await page.getByLabel('Mail address').fill('nora@feldt.example')
    await page.getByLabel('Look for my mail account next').uncheck()
    await page.getByRole('button', { name: 'Start using Posthorn' }).click()
    await page.getByRole('button', { name: 'Protocol log' }).first().waitFor()
    await application.evaluate(({ Menu }) => Menu.getApplicationMenu()?.getMenuItemById('compose')?.click())
    await page.getByLabel('To', { exact: true }).fill('bo@two.example')
    await page.getByLabel('Message text').fill('Hello.')
    await page.getByLabel('Subject').fill('In Electron')
    await page.getByRole('dialog', { name: 'In Electron' }).getByRole('button', { name: 'Send', exact: true }).click()
    await page.evaluate(() => (location.hash = '#/queue'))
    await page.getByText('In Electron').first().waitFor()
    expect(await barriers(page)).toEqual([])
  })
  test('lets its page neither reach the network nor leave', async () => {
    const outcome = await page.evaluate(() =>
      fetch('https://one.example/').then(
        () => 'reached',
        () => 'refused',
      ),
    )
    expect(outcome).toBe('refused')
    await page.evaluate(() => void (location.href = 'https://one.example/'))
    await page.getByText('In Electron').first().waitFor()
    expect(page.url()).toMatch(/^app:\/\/posthorn\//)
  })
  test('hands a second start over to the first', async () => {
    const second = await _electron
      .launch({
        executablePath: program,
        args: [...(folder === undefined ? [] : [folder]), ...home.argv, 'mailto:ada@one.example'],
      })
      .catch(() => undefined)
    await second?.waitForEvent('close').catch(() => undefined)
    await page.getByText('ada@one.example').first().waitFor()
    expect(application.windows()).toHaveLength(1)
  })
  test('opens again with its mail', async () => {
    await application.evaluate(({ app }) => void setImmediate(() => app.exit(0))).catch(() => undefined)
    await start()
    await page.evaluate(() => (location.hash = '#/queue'))
    await page.getByText('In Electron').first().waitFor()
  })
})
