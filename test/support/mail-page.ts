import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import { complaintsOf, openBrowser } from './browser.ts'
import { freePort } from './postfix.ts'
import { Home, type Served } from './posthorn.ts'

/** A message as a test writes it down. */
export interface Letter {
  readonly from?: string
  readonly subject: string
  readonly text?: string
  readonly html?: string
  /** Its Message-ID without brackets and host. */
  readonly id?: string
  readonly answers?: readonly string[]
  readonly minutesAgo?: number
  /** Fields besides the usual ones. */
  readonly fields?: readonly string[]
  /** A whole body with a Content-Type among `fields`. */
  readonly body?: string
}

/** The octets of a letter. */
export function letterOf(letter: Letter, n: number): string {
  const {
    from = 'Ida Holm <ida@harbour.test>',
    subject,
    text = 'x',
    html,
    id = `n${n}`,
    answers = [],
    fields = [],
  } = letter
  const at = new Date(Date.now() - (letter.minutesAgo ?? 60 - n) * 60_000)
  return [
    `From: ${from}`,
    'To: nora@feldt.test',
    `Subject: ${subject}`,
    `Date: ${at.toUTCString()}`,
    `Message-ID: <${id}@harbour.test>`,
    ...(answers.length === 0 ? [] : [`References: ${answers.map((one) => `<${one}@harbour.test>`).join(' ')}`]),
    ...fields,
    ...(letter.body === undefined
      ? [`Content-Type: text/${html === undefined ? 'plain' : 'html'}; charset=utf-8`]
      : []),
    '',
    letter.body ?? html ?? text,
  ].join('\r\n')
}

/** A window with a mailbox in a browser, and what a test does there again and again. */
export class MailPage {
  readonly home: Home
  readonly page: Page
  readonly complaints: readonly string[]
  readonly #served: Served
  readonly #browser: Browser
  #letters = 0

  private constructor(home: Home, served: Served, browser: Browser, page: Page) {
    this.home = home
    this.page = page
    this.complaints = complaintsOf(page)
    this.#served = served
    this.#browser = browser
  }

  static async open(settings: object = {}): Promise<MailPage> {
    const ui = { port: await freePort('127.0.0.1') }
    const home = new Home({ submission: { port: 0 }, ui, queue: { paused: true }, ...settings })
    const served = await home.serve()
    const browser = await openBrowser()
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
    page.setDefaultTimeout(10_000)
    const made = new MailPage(home, served, browser, page)
    await page.goto(served.ready.ui)
    await page.getByLabel('Your name').fill('Nora Feldt')
    await page.getByLabel('Mail address').fill('nora@feldt.test')
    await page.getByRole('button', { name: 'Start using Posthorn' }).click()
    await page.getByRole('button', { name: 'New message' }).waitFor()
    return made
  }

  /** Puts letters into the Inbox, the first the oldest. */
  async import(...letters: readonly Letter[]): Promise<void> {
    const files = letters.map((letter) => {
      const path = join(this.home.root, `${++this.#letters}.eml`)
      writeFileSync(path, letterOf(letter, this.#letters))
      return path
    })
    const { status, stderr } = await this.home.run(['import', ...files])
    expect(status, stderr).toBe(0)
  }

  list() {
    return this.page.getByRole('listbox').first()
  }
  rows() {
    return this.list().getByRole('option')
  }
  row(words: string) {
    return this.rows().filter({ hasText: words })
  }
  /** The subjects of the list, from top to bottom. */
  async subjects(): Promise<string[]> {
    return this.list().locator('.subj b').allInnerTexts()
  }
  link(name: RegExp | string) {
    return this.page.getByRole('navigation', { name: 'Folders' }).getByRole('link', { name })
  }

  async close(): Promise<void> {
    await this.#browser.close()
    await this.#served.stop()
    this.home.remove()
  }
}
