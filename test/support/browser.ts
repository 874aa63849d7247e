import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium, type Browser, type Page } from 'playwright-core'
import { pathOf } from './peers.ts'

/** Chromium without a network of its own: what it may reach is the page it is given. */
export async function openBrowser(flags: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: pathOf('chromium'),
    headless: true,
    args: [
      // The language whose words the tests name, and its way of writing dates.
      '--accept-lang=en-GB',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...flags,
    ],
  })
}

/** Notes everything a page complains of: errors on its console, and exceptions nobody caught. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  return complaints
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Rules of accessibility that the page, or the one part of it that is named, breaks now, each with the first element that does. */
export async function barriers(page: Page, part = 'html'): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate(async (named) => {
    interface Found {
      readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[]
    }
    const found = await (globalThis as unknown as { axe: { run(part: string): Promise<Found> } }).axe.run(named)
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)
  }, part)
}
