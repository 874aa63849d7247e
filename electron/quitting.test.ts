import { expect, test } from 'vitest'
import { closingQuestion, onLastClosed, quitQuestion } from './quitting.ts'

const NOW = new Date(2026, 10, 22, 12, 0).getTime()
const waiting = { count: 1, nextAttemptMs: NOW + 600_000, paused: false }

test('the last window closes into a tray only where there is one', () => {
  const at = (platform: NodeJS.Platform, hasTray: boolean) => ({ platform, hasTray })
  expect(onLastClosed('ask', at('linux', true))).toBe('ask')
  expect(onLastClosed('tray', at('linux', true))).toBe('stay')
  expect(onLastClosed('quit', at('win32', true))).toBe('quit')
  for (const setting of ['ask', 'tray', 'quit'] as const) expect(onLastClosed(setting, at('linux', false))).toBe('quit')
  expect(onLastClosed('quit', at('darwin', false))).toBe('stay')
})
test('whoever quits while mail waits hears how many and when the next try would be', () => {
  expect(quitQuestion(waiting, NOW, 'en')).toMatchObject({
    message: '1 recipient is still waiting',
    detail: 'The next try is 12:10 PM. Nothing is lost: mail that waits goes on when Posthorn runs again.',
    cancelId: 1,
  })
  expect(quitQuestion({ ...waiting, count: 12 }, NOW, 'en')?.message).toBe('12 recipients are still waiting')
  const detail = (some: Partial<typeof waiting> | { nextAttemptMs: null }) =>
    quitQuestion({ ...waiting, ...some }, NOW, 'en')?.detail
  expect(detail({ nextAttemptMs: NOW + 86_400_000 })).toMatch(/^The next try is Mon, Nov 23, 12:00 PM\./)
  expect(detail({ nextAttemptMs: NOW - 5000 })).toMatch(/^The next try is due now\./)
  expect(detail({ nextAttemptMs: null })).toMatch(/^No next try is set/)
  expect(detail({ paused: true })).toMatch(/^Sending is paused\./)
})
test('nobody is asked when nothing waits', () => {
  expect(quitQuestion({ ...waiting, count: 0 }, NOW, 'en')).toBeUndefined()
})
test('Escape never ends the program', () => {
  expect(closingQuestion().cancelId).toBe(0)
  expect(quitQuestion(waiting, NOW, 'en')?.buttons[1]).toBe('Keep running')
})
