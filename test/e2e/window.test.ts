import { renameSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers, complaintsOf, openBrowser } from '../support/browser.ts'
import { startDnsServer, type DnsStub } from '../support/dns-server.ts'
import { leaksTo } from '../support/hostile-mail.ts'
import { needs } from '../support/peers.ts'
import { freePort } from '../support/postfix.ts'
import { eventually, Home, type Served } from '../support/posthorn.ts'
import { startSink, type SinkCommand, type SmtpSink } from '../support/smtp-sink.ts'

/** The window on the days when things go wrong: mail that does not leave, mail that means harm, an engine that is gone. */
const { describe, test } = needs('chromium')
const REFUSAL = '550 5.1.1 <otto@gone.test>: no mailbox of that name'

describe('the window', () => {
  let home: Home
  let served: Served
  let sink: SmtpSink
  let dns: DnsStub
  let spy: Spy
  let browser: Browser
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    sink = await startSink({ answer: moods() })
    dns = await startDnsServer(
      Object.fromEntries(
        ['slow.test', 'gone.test', 'silent.test', 'fine.test'].flatMap((domain) => [
          [domain, { MX: [{ preference: 10, exchange: `mx.${domain}` }] }],
          [`mx.${domain}`, { A: ['127.0.0.1'] }],
        ]),
      ),
    )
    spy = await startSpy()
    home = new Home({
      submission: { port: 0 },
      dns: { servers: [dns.server] },
      relay: { port: sink.port, allowPrivateAddresses: true, ehloName: 'post.feldt.test' },
      ui: { port: await freePort('127.0.0.1') },
    })
    served = await home.serve()
    browser = await openBrowser()
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
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
    await sink?.close()
    await dns?.close()
    await spy?.close()
    home?.remove()
  }, 60_000)

  const importMail = async (...messages: readonly (readonly string[])[]) => {
    const files = messages.map((_, n) => join(home.root, `${n}.eml`))
    for (const [n, lines] of messages.entries()) writeFileSync(files[n]!, lines.join('\r\n'))
    const { status, stderr } = await home.run(['import', ...files])
    expect(status, stderr).toBe(0)
  }
  const openMail = async (subject: string) => {
    await page.getByRole('link', { name: /^Unified inbox/ }).click()
    await page.getByRole('option', { name: new RegExp(subject) }).click()
    const article = page.getByRole('article', { name: subject })
    await article.waitFor()
    return article
  }

  test('a mail to four servers shows what each of them did, in words, and what can be done', async () => {
    await page.getByRole('button', { name: 'New message' }).click()
    await page.getByLabel('To', { exact: true }).fill('mia@slow.test, otto@gone.test, ida@silent.test, lea@fine.test')
    await page.getByLabel('Subject').fill('Four ways')
    await page.getByLabel('Message text').fill('One text, four fates.\n')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('button', { name: 'Show in queue' }).click()
    const queue = page.getByRole('main', { name: 'Queue' })
    const row = (address: string) => queue.getByRole('button', { name: address })
    const detail = queue.getByRole('region', { name: 'Recipient' })
    await expect.poll(() => row('mia@slow.test').innerText()).toMatch(/deferred\s+451 4\.7\.1, next try \d\d:\d\d/)
    await expect.poll(() => row('otto@gone.test').innerText()).toMatch(/bounced\s+550 5\.1\.1/)
    await expect.poll(() => row('ida@silent.test').innerText()).toMatch(/unknown\s+no reply after the last dot/)
    await expect.poll(() => row('lea@fine.test').innerText()).toMatch(/delivered/)

    await row('mia@slow.test').click()
    expect(await detail.innerText()).toMatch(
      /try again later\.[^]*Next try \d\d:\d\d, in \d+ min\.[^]*451 4\.7\.1 greylisted, come back later/,
    )
    await detail.getByRole('button', { name: 'Try now' }).click()
    await expect.poll(() => row('mia@slow.test').innerText()).toContain('2 tries')
    // The connection of the first try may still have been open, and have served the second.
    await detail.getByRole('region', { name: /^(?:Try 2$|2 tries on one connection)/ }).waitFor()

    await row('otto@gone.test').click()
    await expect.poll(() => detail.innerText()).toContain(REFUSAL)
    expect(await detail.getByRole('button', { name: 'Try now' }).count()).toBe(0)
    expect(await barriers(page)).toEqual([])

    await row('ida@silent.test').click()
    await expect
      .poll(() => detail.innerText())
      .toContain('It may have the message. Sending again could deliver it twice.')
    await detail.getByRole('button', { name: 'It arrived' }).click()
    await expect.poll(() => row('ida@silent.test').innerText()).toContain('delivered')

    await row('mia@slow.test').click()
    await detail.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Cancel delivery…' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel delivery' }).click()
    await expect.poll(() => row('mia@slow.test').innerText()).toMatch(/cancelled\s+taken back/)
  })

  test('a bounce comes back as a report that names its parts', async () => {
    const report = await openMail('Not delivered: Four ways')
    await expect.poll(() => report.innerText()).toContain('otto@gone.test')
    expect(await report.innerText()).toContain('550 5.1.1')
    await report.getByRole('button', { name: /^Look at Delivery status\.txt/ }).waitFor()
    await report.getByRole('button', { name: /^Look at Original message/ }).waitFor()
    expect(await barriers(page)).toEqual([])
  })

  test('mail that means harm asks nobody for anything and runs nothing', async () => {
    const leaks = leaksTo(spy.origin)
    // What finds nothing in the mail must find everything on a page that keeps nothing back.
    const open = await browser.newPage()
    let dialogs = 0
    const dismiss = (dialog: { dismiss(): Promise<void> }) => {
      dialogs += 1
      // A page that closes or goes on takes its dialogs along.
      return dialog.dismiss().catch(() => undefined)
    }
    open.on('dialog', dismiss)
    await open.setContent(leaks.html, { waitUntil: 'commit' })
    await expect.poll(() => leaks.paths.filter((path) => !spy.asked.has(path)), { timeout: 15_000 }).toEqual([])
    expect(dialogs).toBeGreaterThan(0)
    await open.close()

    spy.forget()
    dialogs = 0
    page.on('dialog', dismiss)
    const foreign: string[] = []
    const watch = (request: { url(): string }) => {
      if (new URL(request.url()).origin !== new URL(page.url()).origin && !request.url().startsWith('data:'))
        foreign.push(request.url())
    }
    page.on('request', watch)
    await importMail([
      'From: "Your bank" <service@evil.example>',
      'To: nora@feldt.test',
      'Subject: Your account',
      'Date: Tue, 1 Jul 2025 10:00:00 +0000',
      'Content-Type: text/html; charset=utf-8',
      '',
      leaks.html,
      `<form action="${spy.origin}/form"><input name="password"><button>Sign in</button></form>`,
      '<p><a href="http://evil.example/login">https://bank.example/login</a></p>',
    ])
    const article = await openMail('Your account')
    await article.getByText(/remote pictures? not loaded/).waitFor()
    const mail = article.getByTitle('Message text').contentFrame()
    await mail.getByText('text on a picture').waitFor()
    expect(await mail.getByRole('button').count()).toBe(0)
    expect(await mail.getByRole('textbox').count()).toBe(0)
    expect(await page.evaluate(() => 'ran' in globalThis)).toBe(false)
    expect(await page.title()).not.toContain('taken over')

    await mail.getByRole('link', { name: 'bank.example' }).click()
    const question = page.getByRole('dialog', { name: 'Open this link?' })
    await question.getByText('The text says bank.example, the link goes to evil.example.').waitFor()
    expect(await barriers(page)).toEqual([])
    await question.getByRole('button', { name: 'Cancel' }).click()
    expect({ foreign, asked: [...spy.asked], connections: spy.connections, dialogs }).toEqual({
      foreign: [],
      asked: [],
      connections: 0,
      dialogs: 0,
    })
    page.off('request', watch)
    // The mail is read in an inert document; Chromium tells of what the window's policy would not have let it do there.
    expect(complaints.filter((one) => !one.includes('Content Security Policy'))).toEqual([])
    complaints.length = 0
  })

  test('everything is in reach of the keyboard', async () => {
    await importMail(
      ...[1, 2, 3].map((n) => [
        `From: Ida ${n} <ida${n}@fine.test>`,
        'To: nora@feldt.test',
        `Subject: Note ${n}`,
        // Newer than everything else, whatever day it is.
        `Date: ${new Date(Date.now() + n * 60_000).toUTCString()}`,
        '',
        `text of note ${n}`,
      ]),
    )
    await page.keyboard.press('g')
    await page.keyboard.press('i')
    await page.getByRole('option', { name: /Note 3/ }).waitFor()
    await tabTo(page, page.getByRole('listbox', { name: 'Unified inbox' }))
    await page.keyboard.press('Home')
    await page.getByRole('article', { name: 'Note 3' }).waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.getByRole('article', { name: 'Note 1' }).waitFor()
    await page.keyboard.press('k')
    await page.getByRole('article', { name: 'Note 2' }).waitFor()
    await page.keyboard.press('Delete')
    await page.getByRole('article', { name: 'Note 1' }).waitFor()
    await page.getByRole('option', { name: /Note 2/ }).waitFor({ state: 'detached' })
    await page.keyboard.press('Control+z')
    await page.getByRole('option', { name: /Note 2/ }).waitFor()

    await page.keyboard.press('r')
    const composer = page.getByRole('dialog', { name: 'Re: Note 1' })
    await composer.waitFor()
    await page.keyboard.type('Answered by hand.')
    await page.keyboard.press('Control+Enter')
    await composer.waitFor({ state: 'detached' })
    await sink.waitFor(2)
    expect(sink.messages.at(-1)?.to).toEqual(['ida1@fine.test'])
    expect(sink.messages.at(-1)?.raw.toString()).toContain('Answered by hand.')
  })

  test('what is being written survives a reload as a draft', async () => {
    await page.keyboard.press('c')
    await page.getByLabel('To', { exact: true }).fill('lea@fine.test')
    await page.getByLabel('Subject').fill('Half a thought')
    await page.getByLabel('Message text').fill('It goes on to')
    await page.getByText(/^Draft saved/).waitFor()
    await page.reload()
    // It is opened again by itself, for nobody has closed it.
    const composer = page.getByRole('dialog', { name: 'Half a thought' })
    expect(await composer.getByLabel('Message text').innerText()).toBe('It goes on to')
    await composer.getByRole('button', { name: 'Remove lea@fine.test' }).waitFor()
    await composer.getByRole('button', { name: /^Close and keep/ }).click()
  })

  test('from 900×650 to 1920×1080 nothing lies over anything else or leaves the window', async () => {
    for (const size of [
      { width: 900, height: 650 },
      { width: 1920, height: 1080 },
    ]) {
      await page.setViewportSize(size)
      for (const [link, main] of [
        [page.getByRole('link', { name: /^Unified inbox/ }), 'Message'],
        [page.getByRole('link', { name: /^Queue/ }), 'Queue'],
        [page.getByRole('link', { name: /^Drafts/ }), 'Drafts'],
        [page.getByRole('button', { name: 'Settings' }), 'Settings'],
        [page.getByRole('button', { name: 'Protocol log' }), 'Protocol log'],
      ] as const) {
        await link.click()
        await page.getByRole('main', { name: main, exact: true }).waitFor()
        expect(await misplaced(page), `${main} at ${size.width}×${size.height}`).toEqual([])
        if (main === 'Protocol log') await page.keyboard.press('F12')
      }
    }
    await page.setViewportSize({ width: 1280, height: 800 })
    expect(complaints).toEqual([])
  })

  test('an engine that dies is missed, looked for, and says how to come back in', async () => {
    await page.keyboard.press('c')
    await page.getByLabel('Subject').fill('Written meanwhile')
    await page.getByText(/^Draft saved/).waitFor()
    await served.kill()
    await page.getByText(/The mail engine has not answered since/).waitFor()
    expect(await barriers(page)).toEqual([])
    await page.getByLabel('Message text').fill('typed while nobody listened')
    served = await home.serve()
    await page.getByText('Posthorn was started again').waitFor()
    expect(await page.getByLabel('Message text').innerText()).toBe('typed while nobody listened')
    expect(await page.getByText('posthorn ui').first().isVisible()).toBe(true)
    await page.goto(served.ready.ui)
    await page.getByText('Posthorn was started again').waitFor({ state: 'detached' })
    expect(new URL(page.url()).hash).not.toContain('ticket')
    expect(await page.getByLabel('Message text').innerText()).toBe('typed while nobody listened')
    await page.getByRole('button', { name: /^Close and keep/ }).click()
    await page.getByText('Kept as a draft.').waitFor()
    await page.getByRole('link', { name: /^Drafts/ }).click()
    await page.getByRole('button', { name: /^Written meanwhile.*typed while nobody listened/ }).waitFor()
  })

  test('an address that was used once opens nothing more, and says what does', async () => {
    const other = await browser.newPage()
    await other.goto(served.ready.ui)
    await other.getByRole('heading', { name: 'This address has been used up' }).waitFor()
    expect(await barriers(other)).toEqual([])
    await other.goto((await home.run(['ui'])).stdout.trim())
    await other.getByRole('button', { name: 'New message' }).waitFor()
    await other.close()
  })

  test('without its key file the window says what is missing, where, and what to do', async () => {
    expect(await served.stop()).toBe(0)
    renameSync(home.keyFile, `${home.keyFile}.away`)
    served = await home.serve()
    expect(served.ready.locked).toBe(true)
    const locked = await browser.newPage()
    await locked.goto(served.ready.ui)
    await locked.getByRole('heading', { name: 'The key file is missing' }).waitFor()
    const words = await locked.getByRole('main').innerText()
    expect(words).toContain(home.keyFile)
    expect(words).toMatch(/Put the key file back there[^]*start it again/)
    expect(words).not.toContain('unlock')
    expect(await barriers(locked)).toEqual([])
    await served.stop()
    renameSync(`${home.keyFile}.away`, home.keyFile)
    served = await home.serve()
    await locked.goto(served.ready.ui)
    await locked.getByRole('link', { name: /^Unified inbox/ }).waitFor()
    await locked.close()
  })
})

/** A server of four minds: one puts off, one refuses, one falls silent after the last dot, one takes everything. */
function moods() {
  const last = new Map<number, string>()
  return ({ verb, line, connection }: SinkCommand) => {
    if (verb === 'RCPT') last.set(connection, line)
    const to = last.get(connection) ?? ''
    if (verb === 'RCPT' && to.includes('@slow.test')) return '451 4.7.1 greylisted, come back later'
    if (verb === 'RCPT' && to.includes('@gone.test')) return REFUSAL
    if (verb === '.' && to.includes('@silent.test')) return 'drop' as const
    return undefined
  }
}

interface Spy {
  readonly origin: string
  readonly asked: ReadonlySet<string>
  readonly connections: number
  forget(): void
  close(): Promise<void>
}

/** A web server that notes what is asked of it, and who only knocks. */
async function startSpy(): Promise<Spy> {
  const asked = new Set<string>()
  let connections = 0
  const server: Server = createServer((request, response) => {
    asked.add(request.url ?? '')
    response.writeHead(404, { connection: 'close' }).end()
  }).on('connection', () => (connections += 1))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    get connections() {
      return connections
    },
    forget() {
      asked.clear()
      connections = 0
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Walks with Tab until `wanted` has the focus. */
async function tabTo(page: Page, wanted: Locator): Promise<void> {
  await eventually(async () => {
    if (await wanted.evaluate((element) => element === element.ownerDocument.activeElement)) return true
    await page.keyboard.press('Tab')
    return false
  }, 'the focus to come by')
}

/** What leaves the window to the side, and landmarks that lie over each other. */
async function misplaced(page: Page): Promise<string[]> {
  const { width, height } = page.viewportSize() ?? { width: 0, height: 0 }
  const found: string[] = []
  const scrolls = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.scrollHeight,
  ])
  if ((scrolls[0] ?? 0) > width || (scrolls[1] ?? 0) > height) found.push(`the page is ${scrolls.join('×')}`)
  const landmarks: {
    readonly name: string
    readonly x: number
    readonly y: number
    readonly width: number
    readonly height: number
  }[] = []
  for (const [name, locator] of [
    ['title bar', page.getByRole('banner').first()],
    ['folders', page.getByRole('navigation', { name: 'Folders' })],
    ['messages', page.getByRole('region', { name: 'Messages', exact: true })],
    ['main', page.getByRole('main')],
    ['status', page.getByRole('contentinfo', { name: 'Status' })],
  ] as const) {
    const box = (await locator.count()) === 0 ? null : await locator.boundingBox()
    if (box !== null) landmarks.push({ name, ...box })
  }
  if (landmarks.length < 3) found.push(`only ${landmarks.map(({ name }) => name).join()}`)
  for (const [at, a] of landmarks.entries()) {
    if (a.x < -1 || a.y < -1 || a.x + a.width > width + 1 || a.y + a.height > height + 1 || a.width < 100)
      found.push(`${a.name} at ${a.x},${a.y} of ${a.width}×${a.height}`)
    for (const b of landmarks.slice(at + 1)) {
      const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
      const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
      if (across > 1 && down > 1) found.push(`${a.name} over ${b.name}`)
    }
  }
  return found
}
