/** The window over very much mail, in a real Chromium, as a person works: against budgets of our own, for no peer has a page. */
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { build } from '../../scripts/build.mjs'
import { openBrowser } from '../support/browser.ts'
import { Home, type Served } from '../support/posthorn.ts'
import { corpus, personOf, wordOf } from './corpus.ts'
import { cpuMs, memoryMib, quiet } from './machine.ts'

const SEED = 20_260_901
const SMALL = 10_000
const THREAD = 5000
const NEWSLETTER_BYTES = 10_000_000
const PEOPLE = 20_000
const IDLE_MS = 10_000

/** What the window is to keep to: ms, and MiB of memory. */
const BUDGET = {
  'first paint': 1500,
  'inbox usable': 2500,
  'folder of 10,000': 100,
  'the large folder': 300,
  'open a message': 100,
  'first hits of a search': 200,
  'the middle of the large folder': 100,
  'open the composer': 100,
  'complete an address': 30,
  'frame while scrolling, p95': 17.5,
  'frames over 50 ms while scrolling, %': 1,
  'conversation of 5,000, longest stop': 500,
  'newsletter of 10 MB, longest stop': 1000,
  'window and engine together, MiB': 350,
  'engine, idle, % of a processor': 0.5,
} as const
type Figure = keyof typeof BUDGET

const at = (list: readonly number[], share: number) =>
  list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))] ?? Number.NaN

/** mboxrd, a line that would begin a message quoted. */
async function writeMbox(path: string, messages: Iterable<{ readonly raw: Buffer; readonly dateMs: number }>) {
  const file = createWriteStream(path)
  for (const { raw, dateMs } of messages) {
    const text = raw
      .toString('latin1')
      .replaceAll('\r\n', '\n')
      .replaceAll(/^>*From /gm, '>$&')
    const line = `From bench@posthorn.invalid ${new Date(dateMs).toUTCString()}\n`
    if (!file.write(Buffer.from(`${line}${text}\n\n`, 'latin1'))) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}

function* thread(): Generator<{ raw: Buffer; dateMs: number }> {
  for (let n = 0; n < THREAD; n++) {
    const dateMs = Date.UTC(2026, 9, 1) + n * 60_000
    const head = [`From: Crew ${n % 40} <crew${n % 40}@long.example>`, 'To: nora@feldt.test', 'Subject: The long one']
    const refs = n === 0 ? [] : ['References: <long-0@long.example>', `In-Reply-To: <long-${n - 1}@long.example>`]
    // Old, and never read.
    const rest = [`Message-ID: <long-${n}@long.example>`, `Date: ${new Date(dateMs).toUTCString()}`, 'Status: O']
    yield { raw: Buffer.from([...head, ...refs, ...rest, '', `Answer ${n}.`, ''].join('\r\n')), dateMs }
  }
}

function* newsletter(): Generator<{ raw: Buffer; dateMs: number }> {
  const dateMs = Date.UTC(2026, 9, 9)
  const row =
    '<tr style="color:#333"><td style="padding:8px"><b>Lantern</b></td><td>for boats and <i>houses</i></td></tr>\r\n'
  const html = `<table>${row.repeat(Math.ceil(NEWSLETTER_BYTES / row.length))}</table>`
  const head = ['From: Shop <news@shop.example>', 'To: nora@feldt.test', 'Subject: All lanterns', 'MIME-Version: 1.0']
  const type = ['Content-Type: text/html; charset=us-ascii', 'Message-ID: <news@shop.example>']
  yield {
    raw: Buffer.from([...head, ...type, `Date: ${new Date(dateMs).toUTCString()}`, '', html, ''].join('\r\n')),
    dateMs,
  }
}

/** Cards of very many people. */
const cards = () =>
  Array.from({ length: PEOPLE }, (_, n) => {
    const { name, address } = personOf(n)
    return `BEGIN:VCARD\r\nVERSION:3.0\r\nFN:${name}\r\nEMAIL:${address}\r\nEND:VCARD\r\n`
  }).join('')

/** Does something in the page and says how many ms pass until a condition holds and is painted. */
async function timed(page: Page, act: () => Promise<unknown>, holds: string): Promise<number> {
  await page.evaluate((source) => {
    const state = globalThis as { began?: number; ended?: Promise<number> }
    const isThere = new Function(`return (${source})`) as () => boolean
    // From the moment the browser heard of it, not from when this side sent it.
    for (const kind of ['pointerdown', 'keydown', 'input'])
      addEventListener(kind, () => (state.began ??= performance.now()), { capture: true, once: true })
    delete state.began
    state.ended = new Promise((resolve) => {
      const look = () => {
        if (state.began !== undefined && isThere()) resolve(performance.now() - state.began)
        else requestAnimationFrame(look)
      }
      requestAnimationFrame(look)
    })
  }, holds)
  await act()
  return page.evaluate(() => (globalThis as { ended?: Promise<number> }).ended ?? Number.NaN)
}

/** The longest the page stood still since it was opened or asked last, in ms. */
const LONG_TASKS = `
  globalThis.longest = 0
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration)
  }).observe({ type: 'longtask' })`

/** Everything that is measured, imported into a new mailbox. */
async function makeMailbox(home: Home, folder: string, messages: number): Promise<void> {
  const served = await home.serve()
  try {
    for (const [name, list] of [
      ['Large', corpus(messages, SEED)],
      ['Small', corpus(SMALL, SEED + 1)],
      ['Conversation', thread()],
      ['Newsletter', newsletter()],
    ] as const) {
      const path = join(folder, `${name}.mbox`)
      await writeMbox(path, list)
      const { status, stderr } = await home.run(['import', path, '--folder', name])
      if (status !== 0) throw new Error(`the corpus could not be imported: ${stderr}`)
      rmSync(path)
    }
    const people = join(folder, 'people.vcf')
    writeFileSync(people, cards())
    const { status, stderr } = await home.run(['contact', 'import', people])
    if (status !== 0) throw new Error(`the people could not be imported: ${stderr}`)
  } finally {
    await served.stop()
  }
}

export async function measureWindow({
  work,
  messages,
  minutes,
  mailbox,
}: {
  readonly work: string
  readonly messages: number
  readonly minutes: number
  readonly mailbox: string | undefined
}): Promise<void> {
  console.log(`\nwindow, ${messages} messages in one folder, in Chromium; figures with their budgets`)
  await build('renderer')
  const isMade = mailbox !== undefined && existsSync(join(mailbox, 'made'))
  const folder = mailbox ?? mkdtempSync(join(work, 'window-'))
  mkdirSync(join(folder, 'home'), { recursive: true })
  const home = new Home({ submission: { port: 0 }, queue: { paused: true } }, folder, join(folder, 'home'))
  let served: Served | undefined
  let browser: Browser | undefined
  const say = (figure: Figure, value: number, detail = '') => {
    const budget = BUDGET[figure]
    const verdict = value <= budget ? 'kept' : 'OVER'
    console.log(`  ${figure.padEnd(38)} ${value.toFixed(1).padStart(8)}  ${verdict} (${budget})${detail}`)
  }
  try {
    if (!isMade) await makeMailbox(home, folder, messages)
    if (mailbox !== undefined && !isMade) {
      mkdirSync(join(folder, 'made'))
      console.log(`  made in ${mailbox}: the next run measures it`)
      return
    }
    // Begun anew, as on another morning.
    served = await home.serve()
    await quiet()
    browser = await openBrowser()
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    page.setDefaultTimeout(60_000)
    await page.addInitScript(LONG_TASKS)
    await page.goto(served.ready.ui)
    const fields = page.getByLabel('Your name')
    if (
      await fields.waitFor({ timeout: 3000 }).then(
        () => true,
        () => false,
      )
    ) {
      await fields.fill('Nora Feldt')
      await page.getByLabel('Mail address').fill('nora@feldt.test')
      await page.getByRole('button', { name: 'Start using Posthorn' }).click()
    }
    await page.getByRole('link', { name: /^Large/ }).click()
    await page.getByRole('option').first().waitFor()
    // The large folder is what the window stood in, and what it opens with.
    await page.reload()
    await page.getByRole('option').first().waitFor()
    const [paint, usable] = await page.evaluate(() => [
      performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
      performance.now(),
    ])
    say('first paint', paint ?? Number.NaN)
    say('inbox usable', usable ?? Number.NaN)

    const link = (name: string) => page.getByRole('link', { name: new RegExp(`^${name}`) })
    const small: number[] = []
    const large: number[] = []
    for (let round = 0; round < 10; round++) {
      // What the list has is the other folder's: its first message is another one.
      const first = () => page.getByRole('option').first().innerText()
      const otherThan = (text: string) =>
        `(document.querySelector('[role=listbox] [role=option]')?.innerText ?? ${JSON.stringify(text)}) !== ${JSON.stringify(text)}`
      small.push(await timed(page, () => link('Small').click(), otherThan(await first())))
      large.push(await timed(page, () => link('Large').click(), otherThan(await first())))
    }
    say('folder of 10,000', at(small, 0.5), `, at most ${at(small, 1).toFixed(0)}`)
    say('the large folder', at(large, 0.5), `, at most ${at(large, 1).toFixed(0)}`)

    const opens: number[] = []
    await page.getByRole('option').first().click()
    await page.getByRole('article').waitFor()
    for (let n = 0; n < 40; n++) {
      const before = await page.getByRole('article').last().getAttribute('aria-label')
      const shown = `(() => {
        const article = [...document.querySelectorAll('article')].at(-1)
        if (!article || article.getAttribute('aria-label') === ${JSON.stringify(before)}) return false
        const frame = article.querySelector('iframe')
        return frame === null ? article.querySelector('.plain') !== null : frame.contentDocument?.body?.childNodes.length > 0
      })()`
      opens.push(await timed(page, () => page.getByRole('option', { selected: true }).press('ArrowDown'), shown))
    }
    say('open a message', at(opens, 0.5), `, p95 ${at(opens, 0.95).toFixed(0)}`)

    const frames = await page.evaluate(async () => {
      const list = document.querySelector('[role=listbox]')
      if (list === null) throw new Error('there is no list to scroll')
      const gaps: number[] = []
      let last = performance.now()
      const until = last + 8000
      while (last < until) {
        list.scrollTop += 180
        const now = await new Promise<number>((resolve) => requestAnimationFrame(() => resolve(performance.now())))
        gaps.push(now - last)
        last = now
      }
      return gaps
    })
    say(
      'frame while scrolling, p95',
      at(frames, 0.95),
      `, p50 ${at(frames, 0.5).toFixed(1)}, longest ${at(frames, 1).toFixed(0)}`,
    )
    say('frames over 50 ms while scrolling, %', (frames.filter((gap) => gap > 50).length / frames.length) * 100)

    const searches: number[] = []
    const box = page.getByRole('combobox', { name: /Search/ }).or(page.getByRole('searchbox', { name: /Search/ }))
    for (let n = 0; n < 10; n++) {
      const word = wordOf(40 + n * 137)
      await box.first().fill('')
      // The list of the search, not that of the folder before it.
      const hits = `document.querySelector('section.list [role=listbox]')?.getAttribute('aria-label')?.includes(${JSON.stringify(word)}) === true && document.querySelector('section.list [role=option]') !== null`
      searches.push(
        await timed(
          page,
          async () => {
            await box.first().fill(word)
            await box.first().press('Enter')
          },
          hits,
        ),
      )
      await link('Large').click()
      await page.getByRole('option').first().waitFor()
    }
    say('first hits of a search', at(searches, 0.5), `, p95 ${at(searches, 0.95).toFixed(0)}`)

    const jumps: number[] = []
    for (let n = 0; n < 10; n++) {
      const share = 0.3 + n * 0.05
      jumps.push(
        await page.evaluate(async (to) => {
          const list = document.querySelector('section.list [role=listbox]')
          if (list === null) throw new Error('there is no list to scroll')
          const began = performance.now()
          list.scrollTop = list.scrollHeight * to
          const isThere = () =>
            [...list.querySelectorAll('[role=option]')].some((row) => {
              const { top } = row.getBoundingClientRect()
              return top >= list.getBoundingClientRect().top && top < list.getBoundingClientRect().bottom
            })
          do await new Promise((next) => requestAnimationFrame(next))
          while (!isThere())
          return performance.now() - began
        }, share),
      )
    }
    say('the middle of the large folder', at(jumps, 0.5), `, at most ${at(jumps, 1).toFixed(0)}`)

    const composes: number[] = []
    for (let n = 0; n < 10; n++) {
      composes.push(
        await timed(
          page,
          () => page.getByRole('button', { name: 'New message' }).click(),
          `document.activeElement?.closest('[role=dialog]') !== null && document.activeElement?.closest('[role=dialog]') !== undefined`,
        ),
      )
      await page.keyboard.press('Escape')
      await page.getByRole('dialog', { name: 'New message' }).waitFor({ state: 'detached' })
    }
    say('open the composer', at(composes, 0.5), `, at most ${at(composes, 1).toFixed(0)}`)

    const completions: number[] = []
    await page.getByRole('button', { name: 'New message' }).click()
    const to = page.getByRole('dialog').getByRole('combobox', { name: 'To', exact: true })
    for (let n = 0; n < 20; n++) {
      const [first = 'a', second = 'b'] = personOf(n * 431).address
      await to.fill('')
      await to.press(first)
      await page
        .getByRole('listbox')
        .filter({ has: page.getByRole('option') })
        .last()
        .waitFor()
      completions.push(
        await timed(
          page,
          () => to.press(second),
          `[...document.querySelectorAll('[role=dialog] [role=option], [role=listbox] [role=option]')].some((one) => one.closest('section.list') === null && one.getClientRects().length > 0) && document.activeElement?.value === ${JSON.stringify(first + second)}`,
        ),
      )
    }
    say('complete an address', at(completions, 0.5), `, p95 ${at(completions, 0.95).toFixed(0)}, of ${PEOPLE} people`)
    await to.fill('')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')

    for (const [figure, name] of [
      ['conversation of 5,000, longest stop', 'Conversation'],
      ['newsletter of 10 MB, longest stop', 'Newsletter'],
    ] as const) {
      await page.evaluate(() => ((globalThis as { longest?: number }).longest = 0))
      await link(name).click()
      await page.getByRole('option').first().click()
      await page.getByRole('article').last().waitFor()
      await page.waitForTimeout(3000)
      say(figure, await page.evaluate(() => (globalThis as { longest?: number }).longest ?? Number.NaN))
    }

    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Performance.enable')
    const heap = async () => {
      await cdp.send('HeapProfiler.collectGarbage')
      const { metrics } = await cdp.send('Performance.getMetrics')
      return (metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Number.NaN) / 2 ** 20
    }
    const heapBefore = await heap()
    const until = performance.now() + minutes * 60_000
    let acts = 0
    while (performance.now() < until) {
      await link(acts % 2 === 0 ? 'Small' : 'Large').click()
      await page.getByRole('option').first().click()
      for (let n = 0; n < 10; n++) await page.getByRole('option', { selected: true }).press('ArrowDown')
      await page.getByRole('article').last().waitFor()
      acts += 12
    }
    const heapAfter = await heap()
    const engine = memoryMib(served.ready.pid).now
    const { processInfo } = await (await browser.newBrowserCDPSession()).send('SystemInfo.getProcessInfo')
    const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => memoryMib(id).now)
    say(
      'window and engine together, MiB',
      engine + heapAfter,
      `: engine ${engine.toFixed(0)}, heap of the page ${heapAfter.toFixed(0)}, ${heapBefore.toFixed(0)} before ${acts} acts in ${minutes} min; Chromium’s process of the page, its own code with it, ${Math.max(...renderers).toFixed(0)}`,
    )
    const cpuBefore = cpuMs(served.ready.pid)
    await page.waitForTimeout(IDLE_MS)
    say('engine, idle, % of a processor', ((cpuMs(served.ready.pid) - cpuBefore) / IDLE_MS) * 100)
  } finally {
    await browser?.close()
    await served?.stop()
    if (mailbox === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}
