import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { setTimeout as pause } from 'node:timers/promises'
import type { CDPSession, Page } from 'playwright-core'
import { build } from '../../scripts/build.mjs'
import { openBrowser } from '../support/browser.ts'
import { freePort } from '../support/postfix.ts'
import { Home } from '../support/posthorn.ts'

const LINES_A_SECOND = 10_000
const SECONDS = 10
const SLOW_MS = 50
const LONG_LINES = 1_000_000
const USER = 'ada@feldt.test'
/** Recipients of a transaction, and transactions between two messages. */
const RECIPIENTS = 900
const TRANSACTIONS = 50
const MESSAGE = `From: <${USER}>\r\n\r\nx\r\n`
const PASSWORD = 'not a secret of anybody'

/** What a window did while it was watched. */
interface Watched {
  readonly frames: number
  readonly slow: number
  readonly longestMs: number
  /** Processor time of the page's main thread, ms a second. */
  readonly cpuMsASecond: number
}

/** A signed-in session with our own submission server that names recipients at a pace: each is two lines of the log. */
class Chatter {
  readonly #socket: TLSSocket
  #named = 0
  answered = 0
  private constructor(socket: TLSSocket) {
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => {
      for (const byte of bytes) if (byte === 0x0a) this.answered++
    })
  }

  static async open(port: number): Promise<Chatter> {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const chatter = new Chatter(socket)
    const login = Buffer.from(`\0${USER}\0${PASSWORD}`).toString('base64')
    let heard = ''
    const hear = (bytes: Buffer) => (heard += bytes.toString('latin1'))
    socket.on('data', hear)
    for (const [line, answer] of [
      ['EHLO bench.test', /^220 [^]*\n250 /m],
      [`AUTH PLAIN ${login}`, /^235 /m],
      [`MAIL FROM:<${USER}>`, /^250 2\.1\.0/m],
    ] as const) {
      socket.write(`${line}\r\n`)
      while (!answer.test(heard)) await once(socket, 'data')
    }
    socket.off('data', hear)
    chatter.answered = 0
    return chatter
  }

  /** A transaction that is full is taken back; what was idle talk until then is forgiven for a message of a line. */
  say(times: number): void {
    let text = ''
    for (let n = 0; n < times; n++) {
      this.#named++
      const isFull = this.#named % RECIPIENTS === 0
      const isDue = isFull && this.#named % (RECIPIENTS * TRANSACTIONS) === 0
      const again = `RSET\r\nMAIL FROM:<${USER}>\r\n`
      if (isDue) text += `${again}RCPT TO:<${USER}>\r\nBDAT ${MESSAGE.length} LAST\r\n${MESSAGE}MAIL FROM:<${USER}>\r\n`
      else text += isFull ? again : `RCPT TO:<person${this.#named}@far.example>\r\n`
    }
    this.#socket.write(text)
  }

  end(): void {
    this.#socket.destroy()
  }
}

/** Frame times and processor time of a page from now on, until the answer is called. */
async function watch(page: Page, cdp: CDPSession): Promise<() => Promise<Watched>> {
  const taskMs = async () => {
    const { metrics } = await cdp.send('Performance.getMetrics')
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000
  }
  const before = await taskMs()
  const begun = performance.now()
  await page.evaluate(() => {
    const seen: number[] = []
    let last = performance.now()
    const note = (now: number) => {
      seen.push(now - last)
      last = now
      requestAnimationFrame(note)
    }
    requestAnimationFrame(note)
    Object.assign(globalThis, { seenFrames: seen })
  })
  return async () => {
    const frames = await page.evaluate(() => (globalThis as unknown as { seenFrames: number[] }).seenFrames.slice(1))
    const tookS = (performance.now() - begun) / 1000
    return {
      frames: frames.length,
      slow: frames.filter((ms) => ms > SLOW_MS).length,
      longestMs: Math.max(0, ...frames),
      cpuMsASecond: ((await taskMs()) - before) / tookS,
    }
  }
}

const told = ({ frames, slow, longestMs, cpuMsASecond }: Watched) =>
  `${frames} frames, ${slow} over ${SLOW_MS} ms, the longest ${longestMs.toFixed(0)} ms; main thread ${cpuMsASecond.toFixed(0)} ms a second`

/** The protocol log in Chromium: followed while 10,000 lines a second arrive, and a session of a million lines scrolled. */
export async function measureLogFrames(lines = LONG_LINES): Promise<void> {
  console.log(`\nthe log in a window: ${LINES_A_SECOND} lines a second for ${SECONDS} s, then ${lines} lines`)
  await build('renderer')
  const home = new Home({
    submission: { port: null, tlsPort: 0 },
    local: { domains: ['feldt.test'] },
    ui: { port: await freePort('127.0.0.1') },
  })
  const served = await home.serve()
  await home.run(['user', 'add', USER, '--password-stdin'], PASSWORD)
  const browser = await openBrowser()
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
    const cdp = await page.context().newCDPSession(page)
    // Processor time of the thread, whatever else the machine does.
    await cdp.send('Performance.setTimeDomain', { timeDomain: 'threadTicks' })
    await cdp.send('Performance.enable')
    await page.goto(served.ready.ui)
    await page.getByLabel('Your name').fill('Nora')
    await page.getByLabel('Mail address').fill('nora@feldt.test')
    await page.getByRole('button', { name: 'Start using Posthorn' }).click()
    await page.getByRole('button', { name: 'New message' }).waitFor()
    await page.keyboard.press('F12')

    const chatter = await Chatter.open(served.ready.submissionTls!.port)
    const log = page.getByRole('log')
    await log.waitFor()
    const still = await watch(page, cdp)
    await pause(3000)
    console.log(`  at rest:  ${told(await still())}`)
    const done = await watch(page, cdp)
    const begun = performance.now()
    let said = 0
    for (let ms = 0; ms < SECONDS * 1000; ms = performance.now() - begun) {
      const due = Math.floor((ms / 1000) * (LINES_A_SECOND / 2))
      chatter.say(due - said)
      said = due
      await pause(20)
    }
    const seconds = (performance.now() - begun) / 1000
    console.log(
      `  followed: ${told(await done())}; ${((chatter.answered * 2) / seconds).toFixed(0)} lines a second came`,
    )

    while (chatter.answered * 2 < lines) {
      const before = chatter.answered
      chatter.say(5000)
      while (chatter.answered < before + 5000) await pause(5)
    }
    chatter.end()
    console.log(`  ${chatter.answered * 2} lines are there`)
    const scrolled = await watch(page, cdp)
    for (let n = 0; n < 200; n++) {
      await log.evaluate((box, share) => (box.scrollTop = box.scrollHeight * share), ((n * 37) % 200) / 200)
      await pause(20)
    }
    console.log(`  scrolled: ${told(await scrolled())}`)
    await log.evaluate((box) => (box.scrollTop = box.scrollHeight))
    await page
      .getByText(/closed the connection/)
      .last()
      .waitFor()
    const heapMb =
      (await page.evaluate(
        () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
      )) / 1e6
    console.log(`  the page holds ${heapMb.toFixed(0)} MB of script`)
  } finally {
    await browser.close()
    await served.stop()
    home.remove()
  }
}
