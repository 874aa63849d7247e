import { readFileSync, rmSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { hostileMessages, LEAK } from '../support/hostile-html.ts'
import { needs } from '../support/peers.ts'
import { freePort } from '../support/postfix.ts'
import { Home, type Served } from '../support/posthorn.ts'

/**
 * Mail that wants to be noticed: what its HTML would run or fetch is watched from three sides: a server that all its hosts
 * lead to, Chromium's own log of everything it asked of the network or a resolver, and the page itself.
 */
const { describe, test } = needs('chromium')

describe('hostile mail', () => {
  let home: Home
  let served: Served
  let web: Server
  let folder: string
  let port: number
  let pages = new Map<string, string>()
  let asked = new Set<string>()

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'posthorn-hostile-'))
    web = createServer((request, response) => {
      const host = (request.headers.host ?? '').split(':')[0] ?? ''
      if (host.endsWith(`.${LEAK}`)) asked.add(host.slice(0, -LEAK.length - 1))
      const page = pages.get(request.url ?? '')
      response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html' }).end(page)
    })
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    port = (web.address() as AddressInfo).port
  })
  afterAll(async () => {
    await served?.stop()
    home?.remove()
    web?.closeAllConnections()
    web?.close()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  /** A browser for which every host of the mails is the server here, and that notes all it asks for. */
  async function watched(name: string) {
    const log = join(folder, `${name}.json`)
    const browser = await openBrowser([
      `--log-net-log=${log}`,
      `--host-resolver-rules=MAP *.${LEAK} 127.0.0.1`,
      '--net-log-capture-mode=Everything',
    ])
    return {
      browser,
      /** Ends the browser. The hosts of mails that stand in its log, in any event. */
      async end(): Promise<Set<string>> {
        await browser.close()
        const { events } = JSON.parse(readFileSync(log, 'utf8')) as { events: { params?: unknown }[] }
        const found = new Set<string>()
        for (const { params } of events)
          for (const [, host] of JSON.stringify(params ?? '').matchAll(/([a-z0-9-]+)\.leak\.test/g))
            found.add(host ?? '')
        return found
      },
    }
  }

  test('is seen to leak where nothing keeps it back: the watch is awake', async () => {
    const messages = hostileMessages(port)
    // One page for each way: what leaves its page would cut the others short.
    const ways = messages.flatMap(({ ways }) => ways).filter((way) => way.leaksInTheOpen)
    pages = new Map(ways.map(({ name, html }) => [`/${name}`, `<!doctype html><body>${html}`]))
    const { browser, end } = await watched('open')
    const context = await browser.newContext()
    await Promise.all(
      Array.from({ length: 4 }, async (_, lane) => {
        for (const { name } of ways.filter((_, n) => n % 4 === lane)) {
          const page = await context.newPage()
          page.on('dialog', (dialog) => void dialog.dismiss())
          await page.goto(`http://127.0.0.1:${port}/${name}`, { waitUntil: 'commit' }).catch(() => undefined)
          await expect.poll(() => asked.has(name), { timeout: 8000, message: name }).toBe(true)
          await page.close()
        }
      }),
    )
    const logged = await end()
    expect(ways.map(({ name }) => name).filter((name) => !logged.has(name))).toEqual([])
    expect(ways.length).toBeGreaterThan(100)
  }, 120_000)

  test('runs nothing, asks no server and no resolver, and leaves the window as it was', async () => {
    const messages = hostileMessages(port)
    home = new Home({ submission: { port: 0 }, ui: { port: await freePort('127.0.0.1') }, queue: { paused: true } })
    served = await home.serve()
    const files = messages.map(({ subject, ways }, n) => {
      const path = join(home.root, `${n}.eml`)
      const html = ways.map(({ name, html }) => `<h6>${name}</h6>\r\n${html.replace(/\r?\n/g, '\r\n')}`).join('\r\n')
      const head = ['From: Mallory <mallory@evil.test>', 'To: nora@feldt.test', `Subject: ${subject}`]
      const type = ['MIME-Version: 1.0', 'Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: base64']
      const body = Buffer.from(html).toString('base64').replace(/.{76}/g, '$&\r\n')
      writeFileSync(path, [...head, `Message-ID: <hostile-${n}@evil.test>`, ...type, '', body, ''].join('\r\n'))
      return path
    })
    asked = new Set()
    const { browser, end } = await watched('mail')
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
    page.setDefaultTimeout(20_000)
    let dialogs = 0
    page.on('dialog', (dialog) => {
      dialogs += 1
      void dialog.dismiss()
    })
    const opened: string[] = []
    browser.contexts()[0]?.on('page', (other) => opened.push(other.url()))
    await page.goto(served.ready.ui)
    await page.getByLabel('Your name').fill('Nora Feldt')
    await page.getByLabel('Mail address').fill('nora@feldt.test')
    await page.getByRole('button', { name: 'Start using Posthorn' }).click()
    await page.getByRole('button', { name: 'New message' }).waitFor()
    const { status, stderr } = await home.run(['import', ...files])
    expect(status, stderr).toBe(0)
    const left = new Set(messages.map(({ subject }) => subject))
    // Down the list by key: rows far below are not on the page yet.
    await page.getByRole('option').first().click()
    while (left.size > 0) {
      const article = page.getByRole('article')
      await expect.poll(async () => left.has((await article.getAttribute('aria-label')) ?? '')).toBe(true)
      const subject = (await article.getAttribute('aria-label')) ?? ''
      left.delete(subject)
      const frame = article.frameLocator('iframe[title="Message text"]')
      // The heading before the first way, which none of them can have swallowed.
      await frame.locator('h6').first().waitFor()
      expect(await frame.locator('script, iframe, object, embed, form, meta, link, base').count(), subject).toBe(0)
      const handlers = await frame
        .locator('*')
        .evaluateAll((all) => all.flatMap((one) => one.getAttributeNames().filter((name) => name.startsWith('on'))))
      expect(handlers, subject).toEqual([])
      if (left.size > 0) await page.getByRole('option', { selected: true }).press('ArrowDown')
    }
    expect(await page.evaluate(() => (globalThis as { ran?: unknown }).ran)).toBeUndefined()
    expect(await page.title()).toMatch(/Posthorn$/)
    expect(new URL(page.url()).host).toBe(new URL(served.ready.ui).host)
    expect([dialogs, opened]).toEqual([0, []])
    // Names in the log of the network are names that were asked for; so is a visit to the server.
    expect([...(await end())]).toEqual([])
    expect([...asked]).toEqual([])
  }, 120_000)
})
