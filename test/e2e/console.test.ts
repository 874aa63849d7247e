import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers, complaintsOf, openBrowser } from '../support/browser.ts'
import { startDovecot, type Dovecot } from '../support/dovecot.ts'
import { needs } from '../support/peers.ts'
import { freePort, startPostfix, type Postfix } from '../support/postfix.ts'
import { eventually, Home, type Served } from '../support/posthorn.ts'

/** The guided console and the rehearsal lab in the window: by keyboard, with a real Postfix and Dovecot, through the real queue. */
const { describe, test } = needs('chromium', 'postfix', 'dovecot')
const PASSWORD = 'a-canary-behind-PASS'

describe('the console and the lab', () => {
  let postfix: Postfix
  let dovecot: Dovecot
  let home: Home
  let served: Served
  let browser: Browser
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    postfix = await startPostfix({ domain: 'haus.example', users: ['ada'] })
    dovecot = await startDovecot({ password: PASSWORD })
    home = new Home({ submission: { port: 0 }, ui: { port: await freePort('127.0.0.1') } })
    served = await home.serve()
    browser = await openBrowser()
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
    page.setDefaultTimeout(15_000)
    complaints = complaintsOf(page)
    await page.goto(served.ready.ui)
    await page.getByLabel('Your name').fill('Nora Feldt')
    await page.getByLabel('Mail address').fill('nora@feldt.test')
    await page.getByRole('button', { name: 'Start using Posthorn' }).click()
    await page.getByRole('button', { name: 'New message' }).waitFor()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await served?.stop()
    await postfix?.stop()
    await dovecot?.stop()
    home?.remove()
  }, 60_000)

  const dialogue = () => page.getByRole('log')
  const says = (text: string | RegExp) => expect.poll(() => dialogue().innerText()).toMatch(text)
  const verbs = () => page.getByRole('navigation', { name: 'What may be said now' })
  /** Waits until the command is the one that is proposed, and its form has the focus. */
  const proposed = (verb: string) => verbs().getByRole('button', { name: verb, pressed: true }).waitFor()
  const focused = () =>
    page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.id ?? '')

  test('a message goes to Postfix by keyboard alone, from EHLO to QUIT, with a dot doubled on the way', async () => {
    await page.keyboard.press('g')
    await page.keyboard.press('w')
    await page.getByLabel('Server', { exact: true }).waitFor()
    expect(await barriers(page)).toEqual([])
    await page.keyboard.type(postfix.host)
    await page.keyboard.press('Tab')
    await page.keyboard.type(String(postfix.port))
    await page.keyboard.press('Enter')
    await proposed('EHLO')
    await expect.poll(focused).not.toBe('')
    await page.keyboard.press('Enter')
    await says(/250-mx\.haus\.example|250 mx\.haus\.example/)
    // It can encrypt, and that is what comes next; the certificate is nobody's that is known.
    await proposed('STARTTLS')
    await page.keyboard.press('Enter')
    const warning = page.getByRole('alert', { name: 'The certificate' })
    await warning.waitFor()
    expect(await barriers(page)).toEqual([])
    // The safe way has the focus: going on is a key further.
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await proposed('EHLO')
    await page.keyboard.press('Enter')
    await proposed('MAIL')
    expect(await barriers(page)).toEqual([])
    await page.keyboard.type('nora@feldt.test')
    await expect
      .poll(() => page.getByLabel('The line as it will be sent').inputValue())
      .toBe('MAIL FROM:<nora@feldt.test>')
    await page.keyboard.press('Enter')
    await proposed('RCPT')
    await page.keyboard.type('ghost@haus.example')
    await page.keyboard.press('Enter')
    await says(/550 5\.1\.1/)
    await proposed('RCPT')
    await page.getByText('The server refused that recipient; its words say why. Name another one.').waitFor()
    await page.keyboard.type('ada@haus.example')
    await page.keyboard.press('Enter')
    await proposed('DATA')
    await page.keyboard.press('Enter')
    await page.getByLabel('The message: header lines, an empty line, the text').waitFor()
    expect(await barriers(page)).toEqual([])
    await page.keyboard.type('Subject: Typed by hand\n\n.a dot at the beginning\nBye')
    await page.keyboard.press('Control+Enter')
    await says(/\.\.a dot at the beginning/)
    await proposed('QUIT')
    await page.keyboard.press('Enter')
    await page.getByText('Both said goodbye.').waitFor()
    expect(await barriers(page)).toEqual([])
    const [raw] = await eventually(async () => {
      const found = await postfix.messages('ada')
      return found.length > 0 && found
    }, 'the message')
    expect(raw?.toString()).toMatch(/Subject: Typed by hand\n[^]*\n\n\.a dot at the beginning\nBye\n$/)
  })

  test('the session is in the log, and is said again from a line of it', async () => {
    await page.getByRole('button', { name: 'In the log' }).click()
    const pane = page.getByRole('region', { name: 'Session', exact: true })
    await expect.poll(() => pane.innerText()).toContain('RCPT TO:')
    await pane.getByRole('button', { name: 'Start from this session' }).click()
    await page.getByRole('heading', { name: 'Start from this session' }).waitFor()
    const lines = page.getByLabel('Up to and with this line')
    await lines.waitFor()
    const options = await lines.locator('option').allInnerTexts()
    const starttls = options.find((text) => text.includes('STARTTLS'))!
    await lines.selectOption({ label: starttls })
    expect(await barriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Connect and say it again' }).click()
    await page.getByRole('button', { name: 'Go on in this session' }).click()
    await page.getByText('That is how far it goes: over to you.').first().waitFor()
    await proposed('EHLO')
    await page.getByRole('button', { name: 'Hang up', exact: true }).click()
    await page.getByText(/The session is over/).waitFor()
  })

  test('a mailbox of Dovecot is opened and a message read by POP3, and its password is nowhere', async () => {
    dovecot.deliver('ada', Buffer.from('Subject: Waiting\r\n\r\nA text of some length.\r\n'))
    await page.getByRole('button', { name: 'Back to the protocol log' }).click()
    await page.getByRole('button', { name: 'Guided console' }).click()
    await page.getByRole('combobox', { name: 'Protocol' }).selectOption({ label: 'POP3: fetch mail' })
    await page.getByRole('combobox', { name: 'Encryption' }).selectOption({ label: 'Begin in the clear' })
    await page.getByLabel('Server', { exact: true }).fill('127.0.0.1')
    await page.getByLabel('Port').fill(String(dovecot.port))
    await page.keyboard.press('Enter')
    await says(/\+OK/)
    const say = async (verb: string, argument = '') => {
      const button = verbs().getByRole('button', { name: RegExp(`^${verb}`) })
      // What is proposed has the focus in its form already.
      if ((await button.getAttribute('aria-pressed')) !== 'true') await button.click()
      await proposed(verb)
      if (argument !== '') await page.locator('form.say-form').getByRole('textbox').first().fill(argument)
      await page.keyboard.press('Enter')
    }
    await say('USER', 'ada')
    await says(/USER ada[^]*\+OK/)
    await proposed('PASS')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await says(/Logged in/)
    expect(await barriers(page)).toEqual([])
    await say('STAT')
    await says(/\+OK 1 \d+/)
    await say('RETR', '1')
    await says(/RETR 1[^]*\+OK \d+ octets/)
    // Long answers are folded behind their first line.
    await dialogue()
      .getByRole('button', { name: /^\d+ more/ })
      .last()
      .click()
    await says(/Subject: Waiting[^]*A text of some length\./)
    await say('QUIT')
    await page.getByText('Both said goodbye.').waitFor()
    expect(await page.evaluate(() => document.documentElement.outerHTML)).not.toContain(PASSWORD)
    await page.getByRole('button', { name: 'In the log' }).click()
    const pane = page.getByRole('region', { name: 'Session', exact: true })
    await expect.poll(() => pane.innerText()).toMatch(/PASS\s+secret, not stored/)
    await pane.getByRole('button', { name: 'Start from this session' }).click()
    await page.getByRole('heading', { name: 'Start from this session' }).waitFor()
  })

  test('a rehearsal is greylisted, tried again by itself and delivered, beside the live dialogue', async () => {
    await page.getByRole('button', { name: 'Back to the protocol log' }).click()
    await page.getByRole('button', { name: 'Rehearsal lab' }).click()
    await page.getByText('It is switched off.').waitFor()
    expect(await barriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Start the lab' }).click()
    await page.getByText(/It listens on 127\.0\.0\.1, port \d+\./).waitFor()
    await page.getByRole('checkbox', { name: /greylisting/ }).check()
    await page.getByRole('button', { name: 'Send a rehearsal message' }).click()
    const rehearsal = page.getByRole('region', { name: 'The rehearsal' })
    await rehearsal.getByRole('button', { name: 'Retry now' }).waitFor()
    await says(/451 4\.7\.1 greylisted/)
    await expect
      .poll(() => rehearsal.getByRole('status').innerText(), { timeout: 20_000 })
      .toMatch(/Accepted by mx\.lab\.posthorn\.invalid/)
    await says(/250 2\.0\.0/)
    const got = page.getByRole('region', { name: 'What it has got' })
    await got.getByRole('button', { name: /A rehearsal/ }).click()
    const dialog = page.getByRole('dialog', { name: 'As the lab got it' })
    await expect.poll(() => dialog.innerText()).toContain('Subject: A rehearsal')
    expect(await barriers(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Close' }).click()
    await page.getByLabel('When it hears the recipient (RCPT)').selectOption({ label: 'Never (5xx)' })
    await page.getByRole('checkbox', { name: /greylisting/ }).uncheck()
    await page.getByRole('button', { name: 'Send a rehearsal message' }).click()
    await says(/550 5\.1\.1 no such user here/)
    await page.getByRole('button', { name: 'Let all be well with it' }).click()
    await expect.poll(() => page.getByLabel('When it hears the recipient (RCPT)').inputValue()).toBe('fine')
    expect(complaints).toEqual([])
  })
})
