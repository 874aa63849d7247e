import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers, complaintsOf, openBrowser } from '../support/browser.ts'
import { listenOnLoopback, type LoopbackServer } from '../support/loopback-server.ts'
import { needs } from '../support/peers.ts'
import { freePort } from '../support/postfix.ts'
import { Home, type Served } from '../support/posthorn.ts'

/** The protocol log while sessions go on: a row at connect, lines as they come, one account's alone, and all of it without a mouse. */
const { describe, test } = needs('chromium')
const PASSWORD = 'a canary that sings'
const USER = 'ada@feldt.test'
const LOGIN = Buffer.from(`\0${USER}\0${PASSWORD}`).toString('base64')

/** A client of the submission server that says a line when it is told to. */
class Caller {
  readonly #socket: Socket
  #heard = ''
  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => (this.#heard += bytes.toString('latin1')))
  }
  static async at(port: number): Promise<Caller> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new Caller(socket)
  }
  /** Says it and waits for so many answers of one line, or one of several. */
  async say(text: string, answers = 1): Promise<void> {
    this.#heard = ''
    this.#socket.write(text)
    while ((this.#heard.match(/^\d{3} /gm)?.length ?? 0) < answers) await once(this.#socket, 'data')
  }
  end(): void {
    this.#socket.destroy()
  }
}

describe('the protocol log while sessions go on', () => {
  let home: Home
  let served: Served
  let browser: Browser
  let page: Page
  let complaints: string[]
  const callers: Caller[] = []
  const pop3: LoopbackServer[] = []

  beforeAll(async () => {
    home = new Home({
      submission: { port: 0, allowClearTextLogin: true },
      local: { domains: ['feldt.test'] },
      ui: { port: await freePort('127.0.0.1') },
    })
    served = await home.serve()
    await home.run(['user', 'add', USER, '--password-stdin'], PASSWORD)
    for (const user of ['first@pop.test', 'second@pop.test']) {
      const server = await listenOnLoopback((socket) => void socket.end('-ERR not now\r\n'))
      pop3.push(server)
      const where = ['--host', '127.0.0.1', '--port', String(server.port), '--tls', 'none']
      await home.run(['account', 'add', 'pop3', ...where, '--user', user, '--password-stdin'], 'x')
    }
    browser = await openBrowser()
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
    page.setDefaultTimeout(15_000)
    complaints = complaintsOf(page)
    await page.goto(served.ready.ui)
    const name = page.getByLabel('Your name')
    const mail = page.getByRole('button', { name: 'New message' })
    await name.or(mail).first().waitFor()
    if (await name.isVisible()) {
      await name.fill('Nora Feldt')
      await page.getByLabel('Mail address').fill('nora@feldt.test')
      await page.getByRole('button', { name: 'Start using Posthorn' }).click()
    }
    await mail.waitFor()
  }, 60_000)
  afterAll(async () => {
    for (const caller of callers) caller.end()
    await browser?.close()
    await served?.stop()
    for (const server of pop3) await server.close()
    home?.remove()
  }, 60_000)

  const call = async () => {
    const caller = await Caller.at(served.ready.submission!.port)
    callers.push(caller)
    return caller
  }
  const list = () => page.getByRole('listbox', { name: 'Sessions' })
  const sessions = () => list().getByRole('option')
  const pane = () => page.getByRole('region', { name: 'Session', exact: true })
  const log = () => pane().getByRole('log')

  test('sessions of one account alone are shown, each with its way, address and size', async () => {
    await page.keyboard.press('F12')
    const account = page.getByRole('combobox', { name: 'Account' })
    await account.selectOption({ label: 'second@pop.test' })
    await expect.poll(() => sessions().count()).toBeGreaterThan(0)
    const row = sessions().first()
    await expect
      .poll(async () => (await row.textContent())?.replaceAll(/\s+/g, ' '))
      .toMatch(RegExp(`second@pop\\.test.*127\\.0\\.0\\.1 :${pop3[1]!.port}.*-ERR.*\\d+ bytes`))
    expect((await sessions().allTextContents()).join()).not.toContain('first@pop.test')
    expect(await barriers(page)).toEqual([])
    await account.selectOption({ label: 'Any account' })
    await expect.poll(async () => (await sessions().allTextContents()).join()).toContain('first@pop.test')
  })

  test('a session that opens is a row at once, and is followed until the reader scrolls up', async () => {
    const caller = await call()
    await caller.say('EHLO client.test\r\n', 2)
    const row = sessions().first()
    await expect.poll(() => row.textContent()).toMatch(/open now.*local: from this computer/)
    await row.click()
    await caller.say(`AUTH PLAIN ${LOGIN}\r\n`)
    await caller.say(`MAIL FROM:<${USER}>\r\n`)
    const word = (n: number) => log().getByText(`<person${n}@far.test>`)
    const chatter = (from: number, count: number) => {
      const said = Array.from({ length: count }, (_, n) => `RCPT TO:<person${from + n}@far.test>\r\n`)
      return caller.say(said.join(''), count)
    }
    await chatter(0, 60)
    await word(59).waitFor()
    await log().focus()
    await page.keyboard.press('Home')
    await log().getByText('220', { exact: false }).first().waitFor()
    await chatter(60, 40)
    const more = pane().getByRole('button', { name: /^\d+ new lines$/ })
    await more.waitFor()
    await expect.poll(() => more.innerText()).toBe('80 new lines')
    // Nothing moved below the reader.
    expect(await word(99).count()).toBe(0)
    expect(await barriers(page)).toEqual([])
    await more.press('Enter')
    await word(99).waitFor()
    await chatter(100, 5)
    await word(104).waitFor()
    caller.end()
    await expect.poll(() => row.textContent()).not.toContain('open now')
  })

  test('a login shows whom it signs in at its line, and never with what', async () => {
    const before = await sessions().count()
    const caller = await call()
    await caller.say('EHLO client.test\r\n', 2)
    await caller.say(`AUTH PLAIN ${LOGIN}\r\n`)
    await caller.say('QUIT\r\n')
    await expect.poll(() => sessions().count()).toBe(before + 1)
    await sessions().first().click()
    await log().getByText(`user ${USER}, secret not stored`).waitFor()
    await page.keyboard.press('Alt+1')
    await log().getByText(`user ${USER}, secret not stored`).waitFor()
    await page.keyboard.press('Alt+1')
    const shown = await page.evaluate(() => document.documentElement.outerHTML)
    for (const secret of [
      PASSWORD,
      Buffer.from(PASSWORD).toString('base64'),
      Buffer.from(`\0${USER}`).toString('base64'),
    ])
      expect(shown).not.toContain(secret)
    // It is found by that name, too.
    await page.getByRole('searchbox', { name: 'Find in the log' }).fill(`verb:AUTH "${USER}"`)
    await expect
      .poll(async () => await pane().getByRole('region', { name: 'What was found in it' }).innerText())
      .toContain(USER)
    await page.getByRole('searchbox', { name: 'Find in the log' }).press('Escape')
  })

  test('everything in it is done without a mouse', async () => {
    await list().focus()
    for (const [n, key] of ['Home', 'ArrowDown', 'ArrowDown'].entries()) {
      await page.keyboard.press(key)
      await expect.poll(() => list().locator('[aria-selected=true]').getAttribute('aria-posinset')).toBe(String(n + 1))
    }
    await page.keyboard.press('Shift+ArrowUp')
    await page.getByRole('region', { name: 'Lines side by side' }).waitFor()
    await page.keyboard.press('Home')
    await log().waitFor()
    for (const keys of ['Alt+2', 'Alt+3']) {
      await page.keyboard.press(keys)
      await pane()
        .getByRole('region', { name: keys === 'Alt+2' ? 'Timing' : 'TLS' })
        .waitFor()
    }
    await page.keyboard.press('Alt+3')
    await log().focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    const explained = page.getByRole('dialog', { name: 'What does it mean?' })
    await explained.waitFor()
    await page.keyboard.press('Escape')
    await explained.waitFor({ state: 'detached' })
    const before = await sessions().count()
    const problems = page.getByRole('button', { name: 'Only problems' })
    await problems.focus()
    await page.keyboard.press('Space')
    await expect.poll(async () => (await sessions().allTextContents()).join()).toMatch(/^(?!.*went well).*failed/)
    await page.keyboard.press('Space')
    await expect.poll(() => sessions().count()).toBe(before)
    const pause = page.getByRole('button', { name: 'Pause' })
    await pause.focus()
    await page.keyboard.press('Enter')
    const caller = await call()
    await caller.say('EHLO client.test\r\n', 2)
    await caller.say('QUIT\r\n')
    await page.getByRole('button', { name: 'Go on' }).focus()
    expect(await sessions().count()).toBe(before)
    await page.keyboard.press('Enter')
    await expect.poll(() => sessions().count()).toBe(before + 1)
  })

  test('a log that is cleared is empty, and what comes then is in it', async () => {
    await page.getByRole('main').getByRole('button', { name: 'More', exact: true }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: 'Clear the log…' }).focus()
    await page.keyboard.press('Enter')
    const sure = page
      .getByRole('alertdialog')
      .or(page.getByRole('dialog'))
      .filter({ hasText: 'Clear the protocol log?' })
    await sure.getByRole('button', { name: 'Clear', exact: true }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'No session yet' }).waitFor()
    const caller = await call()
    await caller.say('EHLO client.test\r\n', 2)
    await expect.poll(() => sessions().count()).toBe(1)
    expect(complaints).toEqual([])
  })
})
