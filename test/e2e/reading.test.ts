import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers, complaintsOf, openBrowser } from '../support/browser.ts'
import { needs } from '../support/peers.ts'
import { freePort } from '../support/postfix.ts'
import { Home, type Served } from '../support/posthorn.ts'

/** Mail that is there: found while one types, read as a conversation, tagged, and locked away. */
const { describe, test } = needs('chromium')
const PASSPHRASE = 'four green bicycles at dawn'

describe('reading', () => {
  let home: Home
  let served: Served
  let browser: Browser
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    home = new Home({
      submission: { port: 0 },
      ui: { port: await freePort('127.0.0.1') },
      queue: { paused: true },
      compose: { review: false },
    })
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
    await importMail(
      ['keys@harbour.test', 'Keys of the boathouse', 'The Zürich key hangs behind the door.', []],
      ['ida@harbour.test', 'Re: Keys of the boathouse', 'Which door do you mean?', ['1']],
      ['keys@harbour.test', 'Re: Keys of the boathouse', 'The blue one.', ['1', '2']],
      ['shop@market.test', 'Your order', 'A parcel with a lantern is on its way.', []],
    )
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await served?.stop()
    home?.remove()
  }, 60_000)

  type Mail = readonly [from: string, subject: string, text: string, answers: readonly string[]]
  const importMail = async (...mails: readonly Mail[]) => {
    const files = mails.map(([from, subject, text, answers], n) => {
      const path = join(home.root, `${n}.eml`)
      const lines = [
        `From: ${from}`,
        'To: nora@feldt.test',
        `Subject: ${subject}`,
        `Date: ${new Date(Date.now() - (10 - n) * 60_000).toUTCString()}`,
        `Message-ID: <${n + 1}@harbour.test>`,
        ...(answers.length === 0
          ? []
          : [
              `In-Reply-To: <${answers.at(-1)}@harbour.test>`,
              `References: ${answers.map((id) => `<${id}@harbour.test>`).join(' ')}`,
            ]),
        'Content-Type: text/plain; charset=utf-8',
        '',
        text,
      ]
      writeFileSync(path, lines.join('\r\n'))
      return path
    })
    const { status, stderr } = await home.run(['import', ...files])
    expect(status, stderr).toBe(0)
  }
  const box = () => page.getByRole('searchbox', { name: 'Search all mail' })
  const rows = () => page.getByRole('listbox').getByRole('option')

  test('mail is found while one types, with the words marked, accents or not', async () => {
    await box().fill('zuric')
    await expect.poll(() => rows().count()).toBe(1)
    expect(await rows().first().locator('mark').allInnerTexts()).toContain('Zürich')
    expect(await barriers(page)).toEqual([])
    await box().fill('from:shop lantern')
    await expect.poll(() => rows().first().innerText()).toContain('Your order')
    await box().fill('subject:boathouse -blue')
    await expect.poll(() => rows().count()).toBe(2)
    expect(await box().inputValue()).toBe('subject:boathouse -blue')
  })

  test('fields and their values are offered as one types, and taken by the keyboard', async () => {
    const ways = page.getByRole('listbox', { name: 'Ways to go on' })
    await box().fill('')
    await box().pressSequentially('lantern fr')
    await ways.getByRole('option', { name: /^from:/ }).waitFor()
    expect(await barriers(page)).toEqual([])
    await box().press('Tab')
    expect(await box().inputValue()).toBe('lantern from:')
    await box().pressSequentially('shop')
    await expect.poll(() => rows().count()).toBe(1)
    await box().fill('is:')
    await ways.getByRole('option').first().waitFor()
    await box().press('ArrowDown')
    await box().press('Enter')
    expect(await box().inputValue()).toBe('is:unread ')
    await expect.poll(() => rows().count()).toBeGreaterThan(0)
    await box().pressSequentially('is:')
    await ways.getByRole('option').first().waitFor()
    await box().press('Escape')
    await ways.waitFor({ state: 'hidden' })
    expect(await box().inputValue()).toBe('is:unread is:')
    await box().press('Escape')
    expect(await box().inputValue()).toBe('')
  })

  test('a question that cannot be understood says where', async () => {
    await box().fill('from:shop (lantern')
    await box().press('Enter')
    await page.getByRole('alert').filter({ hasText: '(lantern' }).waitFor()
    await page.getByRole('region', { name: 'What can be asked' }).waitFor()
    expect(await barriers(page)).toEqual([])
  })

  test('a search is kept beside the folders, opened again, and forgotten', async () => {
    await box().fill('boathouse')
    await box().press('Enter')
    await expect.poll(() => rows().count()).toBe(3)
    await page.getByRole('button', { name: 'Keep this search' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('About the boathouse')
    await page.getByRole('dialog').getByRole('button', { name: 'Keep' }).click()
    await page.getByRole('link', { name: /^Unified inbox/ }).click()
    await expect.poll(() => rows().count()).toBe(2)
    await page.getByRole('link', { name: 'About the boathouse' }).click()
    await expect.poll(() => rows().count()).toBe(3)
    await page.getByRole('link', { name: 'About the boathouse' }).hover()
    await page.getByRole('button', { name: 'Forget the search About the boathouse' }).click()
    await page.getByRole('link', { name: 'About the boathouse' }).waitFor({ state: 'detached' })
  })

  test('a conversation is read through from any of its messages', async () => {
    await page.getByRole('link', { name: /^Unified inbox/ }).click()
    // The rows of the search before have gone when the conversation is one.
    await expect.poll(() => rows().filter({ hasText: 'Keys of the boathouse' }).count()).toBe(1)
    await rows().filter({ hasText: 'Keys of the boathouse' }).click()
    const reader = page.getByRole('main', { name: 'Message' })
    await reader.getByText('3 messages in this conversation').waitFor()
    await reader.getByRole('article').filter({ hasText: 'The blue one.' }).waitFor()
    await reader.getByRole('button', { name: /Which door do you mean/ }).click()
    await reader.getByRole('article').filter({ hasText: 'Which door do you mean?' }).waitFor()
    expect(await barriers(page)).toEqual([])
  })

  test('a tag is made, put on by its key, found by its name, and taken off', async () => {
    await page.getByRole('button', { name: 'Settings', exact: true }).click()
    await page.getByRole('tab', { name: 'Tags' }).click()
    await page.getByRole('button', { name: 'Add tag' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('Harbour')
    await page.getByRole('dialog').getByLabel('Key').selectOption('1')
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await page.getByRole('listitem', { name: 'Harbour' }).waitFor()
    expect(await barriers(page)).toEqual([])
    await page.getByRole('link', { name: /^Unified inbox/ }).click()
    const row = rows().filter({ hasText: 'blue one' })
    await row.click()
    await page.keyboard.press('1')
    await expect.poll(() => row.innerText()).toContain('Harbour')
    await box().fill('tag:harbour')
    // All of the conversation has it.
    await expect.poll(() => rows().count()).toBe(3)
    await page.getByRole('link', { name: /^Unified inbox/ }).click()
    await row.click()
    await page.keyboard.press('1')
    await expect.poll(() => row.innerText()).not.toContain('Harbour')
  })

  test('whom one has written to is offered as one types', async () => {
    const write = async (subject: string) => {
      await page.getByRole('button', { name: 'New message' }).click()
      await page.getByLabel('Subject').fill(subject)
    }
    await write('First')
    await page.getByLabel('To', { exact: true }).fill('Kim Berg <kim@harbour.test>')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByText('is in the queue').waitFor()
    await write('Second')
    await page.getByLabel('To', { exact: true }).pressSequentially('ber')
    await page.getByRole('option', { name: 'Kim Berg' }).waitFor()
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: /^Remove Kim Berg/ }).waitFor()
    await page.getByRole('button', { name: 'Discard the draft' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Discard' }).click()
  })

  test('with a passphrase and locked at start, mail opens for nobody else', async () => {
    await page.getByRole('button', { name: 'Settings', exact: true }).click()
    await page.getByRole('tab', { name: 'Protection' }).click()
    await page.getByRole('button', { name: 'Set a passphrase' }).click()
    await page.getByLabel('New passphrase').fill(PASSPHRASE)
    await page.getByLabel('The same again').fill(PASSPHRASE)
    await page.getByRole('dialog').getByRole('button', { name: 'Set' }).click()
    await page.getByRole('button', { name: 'Start locked' }).click()
    await page.getByRole('dialog').getByLabel('Passphrase').fill(PASSPHRASE)
    await page.getByRole('dialog').getByRole('button', { name: 'Start locked' }).click()
    await page.getByRole('button', { name: 'Start unlocked' }).waitFor()
    expect(await barriers(page)).toEqual([])

    expect(complaints).toEqual([])
    await served.stop()
    served = await home.serve()
    expect(served.ready).toMatchObject({ locked: true })
    await page.goto(served.ready.ui)
    await page.getByLabel('Passphrase').fill('four green bicycles')
    await page.getByRole('button', { name: 'Open the mail' }).click()
    await page
      .getByText(/passphrase/i)
      .filter({ hasText: /wrong|not/i })
      .first()
      .waitFor()
    expect(await barriers(page)).toEqual([])
    await page.getByLabel('Passphrase').fill(PASSPHRASE)
    await page.getByRole('button', { name: 'Open the mail' }).click()
    await expect.poll(() => rows().count(), { timeout: 15_000 }).toBe(2)
  })
})
