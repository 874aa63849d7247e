import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { barriers, complaintsOf } from '../support/browser.ts'
import { startDnsServer, type DnsStub } from '../support/dns-server.ts'
import { needs } from '../support/peers.ts'
import { eventually } from '../support/posthorn.ts'
import { Application, ShellHome } from './application.ts'

/** What a person does with the application, all of it through the shell's own code: preload script, port, scheme, menus, windows. */
const { describe } = needs('chromium')

describe('the desktop application', () => {
  let home: ShellHome
  let dns: DnsStub
  let application: Application
  let page: Page
  let complaints: string[]
  const waiting = () => application.electron.calls.filter(({ what }) => what === 'dialog.showMessageBox')

  beforeAll(async () => {
    dns = await startDnsServer({ 'two.example': { MX: [{ preference: 10, exchange: 'mx.two.example' }] } })
    // What is sent stays in the queue: nothing is to reach a server.
    home = new ShellHome({ queue: { paused: true }, dns: { servers: [`127.0.0.1:${dns.port}`] } })
    application = await Application.start(home.argv, { pages: true })
    page = await application.page()
    complaints = complaintsOf(page)
  })
  afterAll(async () => {
    await application?.quit().catch(() => undefined)
    await dns?.close()
    home?.remove()
  })
  /** Does what a composer's button is for, whatever is asked on the way. */
  const finish = async (at: Page, composer: Locator, button: string, agree: RegExp) => {
    await composer.getByRole('button', { name: button, exact: true }).click()
    const asked = at.getByRole('button', { name: agree }).last()
    await eventually(async () => {
      if (await asked.isVisible().catch(() => false)) await asked.click({ timeout: 2000 }).catch(() => undefined)
      return (await composer.count()) === 0
    }, 'the composer to close')
  }

  test('opens its first run by itself, and ends it in a mailbox', async () => {
    await page.getByLabel('Your name').fill('Nora Feldt')
    await page.getByLabel('Mail address').fill('nora@feldt.example')
    await page.getByLabel('Look for my mail account next').uncheck()
    await page.getByRole('button', { name: 'Start using Posthorn' }).click()
    await page.getByRole('button', { name: 'Protocol log' }).first().waitFor()
  })
  test('writes a message from the menu of the desktop, and keeps it in the queue', async () => {
    await eventually(() => application.offers('compose'), 'the menu to know what the window can do')
    expect(application.offers('reply')).toBe(false)
    application.choose('compose')
    await page.getByRole('dialog', { name: 'New message' }).waitFor()
    await page.getByLabel('To', { exact: true }).fill('bo@two.example')
    await page.getByLabel('Message text').fill('Hello from a menu.')
    await page.getByLabel('Subject').fill('From the desktop')
    const composer = page.getByRole('dialog', { name: 'From the desktop' })
    await finish(page, composer, 'Send', /^Send anyway$/)
    await eventually(() => application.offers('queue'), 'the menu')
    application.choose('queue')
    await page.getByText('From the desktop').first().waitFor()
  })
  test('tells in the tray that it waits', async () => {
    const [tray] = application.electron.Tray.all
    if (tray === undefined) return // this computer's session shows no tray
    await eventually(() => tray.tip.includes('1 recipient waits'), 'the tray to tell of it')
  })
  test('opens a mailto link of another program in its composer, without the file it names', async () => {
    const link = 'mailto:ada@one.example?subject=Hi%20there&body=One%0D%0ATwo&attach=/etc/passwd&cc=bo@two.example'
    application.electron.app.emit('second-instance', {}, ['posthorn', link], '/', {
      argv: ['posthorn', link],
      cwd: '/',
    })
    const composer = page.getByRole('dialog', { name: 'Hi there' })
    await composer.waitFor()
    const text = composer.getByLabel('Message text')
    await expect
      .poll(() => text.evaluate((field) => ('value' in field ? String(field.value) : (field as HTMLElement).innerText)))
      .toMatch(/^One\n+Two/)
    await composer.getByText('ada@one.example').waitFor()
    await composer.getByText('bo@two.example').waitFor()
    expect(await composer.innerText()).not.toContain('passwd')
    await finish(page, composer, 'Discard the draft', /^Discard$/)
    expect(application.windows).toHaveLength(1)
  })
  test('opens one that the system hands over, and one that is clicked in a mail, in its composer, too', async () => {
    const { app, StandInEvent } = application.electron
    const openers = [
      () => app.emit('open-url', new StandInEvent(), 'mailto:ada@one.example?subject=By%20the%20system'),
      () => void page.evaluate(() => window.open('mailto:ada@one.example?subject=By%20a%20link', '_blank', 'noopener')),
    ]
    const asked = waiting().length
    for (const [n, subject] of ['By the system', 'By a link'].entries()) {
      openers[n]?.()
      const composer = page.getByRole('dialog', { name: subject })
      await composer.waitFor()
      await finish(page, composer, 'Discard the draft', /^Discard$/)
    }
    expect(waiting()).toHaveLength(asked) // it is for this very program: nobody is asked
  })
  test('brings a file of mail that was opened to the import', async () => {
    application.electron.app.emit('open-file', new application.electron.StandInEvent(), '/tmp/from-a-friend.eml')
    const dialog = page.getByRole('dialog', { name: 'Import mail' })
    await dialog.waitFor()
    await expect
      .poll(() => dialog.locator('input').evaluateAll((inputs) => inputs.map((one) => (one as HTMLInputElement).value)))
      .toContain('/tmp/from-a-friend.eml')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })
  test('brings in what is chosen in the system’s own dialog', async () => {
    await page.getByRole('button', { name: 'Import mail' }).click()
    const dialog = page.getByRole('dialog', { name: 'Import mail' })
    await dialog.getByLabel('From', { exact: true }).selectOption('path')
    application.electron.world.paths.push([join(home.root, 'old mail')])
    await dialog.getByRole('button', { name: 'Choose a folder…' }).click()
    await expect.poll(() => dialog.getByLabel('Path').inputValue()).toBe(join(home.root, 'old mail'))
    expect(application.electron.lastOf('dialog.showOpenDialog')).toEqual([
      { properties: ['openDirectory', 'createDirectory'] },
    ])
    // Who thinks better of it keeps what was there.
    await dialog.getByRole('button', { name: 'Choose a file…' }).click()
    await eventually(
      () => application.electron.calls.filter(({ what }) => what === 'dialog.showOpenDialog').length === 2,
      'the second dialog',
    )
    expect(await dialog.getByLabel('Path').inputValue()).toBe(join(home.root, 'old mail'))
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })
  test('opens windows of their own for a message, the log and what is written, as safe as the first', async () => {
    application.choose('log-window')
    const log = await application.page(1)
    await log.getByRole('main').or(log.getByRole('region')).first().waitFor()
    application.choose('compose-window')
    const written = await application.page(2)
    await written.getByLabel('Subject').fill('In a window')
    const composer = written.getByRole('dialog', { name: 'In a window' })
    const [first, ...others] = application.windows.map(({ options }) => options.webPreferences)
    for (const one of others) expect(one).toEqual(first)
    expect(application.windows).toHaveLength(3)
    await composer.getByRole('button', { name: 'Discard the draft' }).click()
    const asked = written.getByRole('button', { name: 'Discard', exact: true })
    await eventually(async () => {
      if (await asked.isVisible().catch(() => false)) await asked.click({ timeout: 2000 }).catch(() => undefined)
      return application.windows.length === 2 // a window that has nothing more to show goes by itself
    }, 'the window to close')
  })
  test('keeps what is written in a window that is closed, and opens it there again, once', async () => {
    application.choose('compose-window')
    const written = await application.page(2)
    await written.getByLabel('Subject').fill('Closed in mid')
    await written.getByLabel('Message text').fill('The last word')
    application.windows[2]?.close()
    await eventually(() => application.windows.length === 2, 'the window to close')
    const { compose, shell } = application.line()
    const [draft] = (await compose.drafts()).filter(({ content }) => content.subject === 'Closed in mid')
    expect(draft?.content.text).toContain('The last word')
    await shell.open({ kind: 'compose', draftId: draft!.id })
    await shell.open({ kind: 'compose', draftId: draft!.id })
    const again = await application.page(2)
    await again.getByRole('dialog', { name: 'Closed in mid' }).getByText('The last word').waitFor()
    expect(application.windows).toHaveLength(3)
    application.windows[2]?.close()
    await eventually(() => application.windows.length === 2, 'the window to close')
    await compose.dropDraft({ id: draft!.id })
  })
  test('shows how the program fares, and makes a report that names nobody', async () => {
    application.choose('diagnostics')
    await page.getByRole('heading', { name: 'Diagnostics' }).waitFor()
    await page.getByRole('table').getByText('writer').waitFor()
    expect(await barriers(page, 'main')).toEqual([])
    await page.getByRole('button', { name: 'Make a report' }).click()
    const report = await page.getByRole('region', { name: 'The report' }).innerText()
    expect(report).toContain('Threads')
    for (const name of ['nora', 'feldt', 'two.example', home.data]) expect(report).not.toContain(name)
    const dialog = page.getByRole('dialog', { name: 'The report' })
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click()
    await dialog.waitFor({ state: 'detached' })
  })
  test('has its own page of settings, and what is set there holds at once', async () => {
    await page.getByRole('tab', { name: 'Desktop' }).click()
    await page.getByLabel('Tell of new mail').waitFor()
    expect(await barriers(page, 'main')).toEqual([])
    await page.getByLabel('Check spelling in').fill('en-GB, de, tlh')
    await page.getByLabel('Check spelling in').press('Enter')
    await eventually(
      () => application.electron.lastOf('session.setSpellCheckerLanguages') !== undefined,
      'the languages to be set',
    )
    expect(application.electron.lastOf('session.setSpellCheckerLanguages')).toEqual([['en-GB', 'de']])
  })
  test('has complained of nothing', () => {
    expect(complaints).toEqual([])
  })
  test('says what waits when it is to quit, stays when told so, and ends when told so', async () => {
    const { world, app, hasEnded } = application.electron
    const before = waiting().length
    world.answers.push(1)
    app.quit()
    await eventually(() => waiting().length > before, 'the question')
    expect(waiting().at(-1)?.args[0]).toMatchObject({
      message: '1 recipient is still waiting',
      detail: 'Sending is paused. Nothing is lost: mail that waits goes on when Posthorn runs again.',
      buttons: ['Quit', 'Keep running'],
      cancelId: 1,
    })
    expect(application.windows.length).toBeGreaterThan(0)
    application.choose('compose')
    await page.getByRole('dialog', { name: 'New message' }).getByLabel('Subject').fill('Half written')
    world.answers.push(0)
    app.quit()
    expect(await hasEnded).toBe(0)
    expect(application.windows).toEqual([])
    await application.close()
  })
  test('opens where it was, with the mail that waits', async () => {
    application = await Application.start(home.argv, { pages: true })
    const again = await application.page()
    await again.getByRole('button', { name: 'Protocol log' }).first().waitFor()
    const [window] = application.windows
    expect(window?.options).toMatchObject({ x: 100, y: 100 })
    await eventually(() => application.offers('queue'), 'the menu')
    application.choose('queue')
    await again.getByText('From the desktop').first().waitFor()
    // And with what was being written when it ended.
    const drafts = await application.line().compose.drafts()
    expect(drafts.map(({ content }) => content.subject)).toEqual(['Half written'])
  })
})
