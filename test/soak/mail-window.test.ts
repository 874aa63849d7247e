import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { letterOf, MailPage } from '../support/mail-page.ts'

/** Mail made to stop a window: conversations of thousands that nobody has read, and a newsletter of ten megabytes. */
test('a conversation of 5,000 unread messages and a newsletter of 10 MB leave the window usable', async () => {
  const mail = await MailPage.open()
  try {
    const letters = Array.from({ length: 5000 }, (_, n) =>
      letterOf(
        {
          id: `t${n}`,
          subject: n === 0 ? 'Endless' : 'Re: Endless',
          text: `Message ${n} of all.`,
          answers: n === 0 ? [] : [`t${n - 1}`],
          minutesAgo: 6000 - n,
          fields: ['Status: O'],
        },
        n,
      ),
    )
    const path = join(mail.home.root, 'endless.mbox')
    writeFileSync(
      path,
      letters.map((one) => `From a@b Thu Nov 19 10:00:00 2026\n${one.replaceAll('\r\n', '\n')}\n\n`).join(''),
    )
    const { status, stderr } = await mail.home.run(['import', path, '--folder', 'Inbox'])
    expect(status, stderr).toBe(0)
    await mail.import({
      subject: 'Newsletter',
      html: `<p>First.</p>${'<p>A line of a newsletter.</p>'.repeat(380_000)}`,
      minutesAgo: 1,
    })
    await mail.page.reload()
    await mail.rows().first().waitFor()
    await expect.poll(() => mail.rows().count()).toBe(2)
    const listed = await mail.home.json<{ seen: boolean }[]>(['list', '--folder', 'inbox'])
    expect(listed.filter(({ seen }) => !seen)).toHaveLength(5001)
    await mail.page.evaluate(() => {
      const tasks: number[] = []
      new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
        type: 'longtask',
      })
      Object.assign(window, { tasks })
    })
    const longest = () =>
      mail.page.evaluate(() => {
        const { tasks } = window as unknown as { tasks: number[] }
        return Math.round(Math.max(0, ...tasks.splice(0)))
      })
    const reader = mail.page.getByRole('main', { name: 'Message' })
    await mail.row('Endless').first().click()
    await reader.getByText('5,000 messages in this conversation').waitFor()
    const more = reader.getByRole('button', { name: '4,996 more messages' })
    await more.waitFor()
    // Only what is new is unfolded: two frames and texts, not thousands.
    await expect.poll(() => reader.getByRole('article').count()).toBe(2)
    console.log(`longest task when the conversation opens: ${await longest()} ms`)
    await more.click()
    const lines = reader.getByRole('listitem')
    await expect.poll(() => lines.count()).toBeGreaterThan(10)
    // Lines are drawn where they are looked at, wherever that is.
    const scrollTo = (share: number) =>
      reader.locator('.article').evaluate((page, to) => (page.scrollTop = page.scrollHeight * to), share)
    await scrollTo(0.5)
    await expect.poll(async () => Number(await lines.last().getAttribute('aria-posinset'))).toBeGreaterThan(2000)
    expect(await lines.count()).toBeLessThan(120)
    expect(await lines.last().getAttribute('aria-setsize')).toBe('5000')
    console.log(`longest task when all of its lines show: ${await longest()} ms`)
    await reader.locator('.article').click({ position: { x: 5, y: 5 } })
    await mail.page.keyboard.press('*')
    await expect.poll(() => reader.locator('[data-of]').count()).toBe(5000)
    await scrollTo(0.5)
    await expect.poll(() => reader.getByRole('article').count()).toBeGreaterThan(3)
    expect(await reader.getByRole('article').count()).toBeLessThan(60)
    await scrollTo(1)
    await reader.getByText('Message 4999 of all.', { exact: true }).waitFor()
    console.log(`longest task when all of it is unfolded: ${await longest()} ms`)
    await mail.row('Newsletter').click()
    await reader.frameLocator('iframe').getByText('First.').waitFor()
    await reader.getByRole('button', { name: 'Show all of it' }).waitFor()
    console.log(`longest task when the newsletter opens: ${await longest()} ms`)
    await mail.list().focus()
    await mail.page.keyboard.press('f')
    const writing = mail.page.getByRole('dialog')
    await writing.getByText('This is the beginning of the message. All of it is attached.').waitFor()
    await writing.getByText('Newsletter.eml').waitFor()
    // Its editor holds as much as an answer quotes, not ten megabytes.
    expect(await writing.getByText('A line of a newsletter.').count()).toBeLessThan(5000)
    console.log(`longest task when the newsletter is forwarded: ${await longest()} ms`)
    await mail.page.keyboard.press('Escape')
    await writing.waitFor({ state: 'detached' })
    await mail.list().focus()
    await mail.page.keyboard.press('j')
    await reader.getByRole('heading', { name: 'Endless' }).waitFor()
    expect(mail.complaints).toEqual([])
  } finally {
    await mail.close()
  }
})
