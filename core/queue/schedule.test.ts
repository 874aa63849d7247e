import { expect, test } from 'vitest'
import type { Cause } from '../model/outcome.ts'
import { defaultSettings, type Settings } from '../settings.ts'
import { isGreylist, isOffline, nextAfterUnknown, nextAttempt } from './schedule.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const said = (code: number, enhanced: string, words: string): Cause => ({
  at: 'reply',
  mx: 'mx.example',
  verb: 'RCPT',
  reply: { code, enhanced, lines: [words] },
})
const reply = (code: number, verb: string, enhanced?: string): Cause => ({
  at: 'reply',
  mx: 'mx.example',
  verb,
  reply: { code, lines: ['later'], ...(enhanced === undefined ? {} : { enhanced }) },
})
const refused: Cause = { at: 'connect', mx: 'mx.example', errno: 'ECONNREFUSED' }
const offline: Cause = { at: 'connect', mx: 'mx.example', errno: 'ENETUNREACH' }

const IT = { createdMs: 0, isReport: false, hasNetwork: true } as const

/** Lives through every try of a message whose server never takes it; times in ms since it was accepted. */
function live(settings: Settings, why: Cause, random = 0.5, onlineShare = 1): number[] {
  const tries: number[] = []
  let nowMs = 0
  for (;;) {
    tries.push(nowMs)
    const onlineMs = nowMs * onlineShare
    const next = nextAttempt({ ...IT, attempts: tries.length, nowMs, onlineMs, why }, settings, random)
    if (next.kind === 'give-up') return tries
    expect(next.atMs).toBeGreaterThan(nowMs)
    nowMs = next.atMs
  }
}

test('tries every 15 minutes to 4 hours, hourly to a day, every 4 hours to 5 days, and then gives up', () => {
  const tries = live(defaultSettings(), refused)
  expect(tries.slice(0, 4)).toEqual([0, 900_000, 1_800_000, 2_700_000])
  expect(tries.filter((ms) => ms <= 4 * HOUR)).toHaveLength(17)
  expect(tries.filter((ms) => ms > 4 * HOUR && ms <= DAY)).toHaveLength(20)
  expect(tries.at(-1)).toBe(5 * DAY)
  expect(tries.length).toBeGreaterThan(55)
  expect(tries.length).toBeLessThan(70)
})

test('spreads tries by at most ten in a hundred', () => {
  for (const random of [0, 0.25, 0.999]) {
    const [, second = 0] = live(defaultSettings(), refused, random)
    expect(second).toBeGreaterThanOrEqual(810_000)
    expect(second).toBeLessThanOrEqual(990_000)
  }
})

test('comes back just after five minutes where the reply looks like a greylist', () => {
  for (const why of [reply(450, 'RCPT'), reply(451, 'RCPT', '4.7.1'), reply(451, 'DATA'), reply(421, '.', '4.7.1')]) {
    expect(isGreylist(why)).toBe(true)
    for (const random of [0, 0.999]) {
      const [, second = 0, third = 0] = live(defaultSettings(), why, random)
      expect(second).toBeGreaterThanOrEqual(300_000)
      expect(second).toBeLessThanOrEqual(330_000)
      expect(third - second).toBeGreaterThanOrEqual(810_000)
    }
  }
})

test('takes no other deferral for a greylist', () => {
  for (const why of [reply(452, 'RCPT'), reply(450, 'MAIL'), reply(421, 'EHLO'), refused])
    expect(isGreylist(why)).toBe(false)
  for (const words of ['mailbox is full', 'rate limit exceeded', 'cannot find your reverse hostname'])
    expect(isGreylist(said(450, '4.7.1', words))).toBe(false)
  expect(isGreylist(said(421, '4.2.0', 'Greylisted, see http://postgrey.example/'))).toBe(true)
})

test('follows a schedule that was set, its last wait repeated, greylist or not', () => {
  const settings: Settings = {
    ...defaultSettings(),
    'retry.scheduleSeconds': [1, 5],
    'retry.giveUpAfterSeconds': 30,
    'retry.minTries': 3,
    'retry.minOnlineSeconds': 0,
  }
  for (const why of [refused, reply(451, 'RCPT', '4.7.1')])
    expect(live(settings, why)).toEqual([0, 1000, 6000, 11_000, 16_000, 21_000, 26_000, 30_000])
})

test('does not give up before enough tries and enough time online, but after ten days it does', () => {
  const few: Settings = { ...defaultSettings(), 'retry.minTries': 1000 }
  expect(live(few, refused).at(-1)).toBeGreaterThanOrEqual(10 * DAY)
  const asleep = live(defaultSettings(), refused, 0.5, 1 / 7)
  expect(asleep.at(-1)).toBeGreaterThanOrEqual(7 * DAY)
  expect(asleep.at(-1)).toBeLessThan(8 * DAY)
})

test('looks again after a minute where there is no network, and gives nothing up for it before ten days', () => {
  const settings = defaultSettings()
  const at = (nowMs: number) => nextAttempt({ ...IT, attempts: 0, nowMs, onlineMs: nowMs, why: offline }, settings, 0.5)
  expect(at(0)).toEqual({ kind: 'retry', atMs: 60_000 })
  expect(at(6 * DAY)).toEqual({ kind: 'retry', atMs: 6 * DAY + 60_000 })
  expect(at(10 * DAY)).toEqual({ kind: 'give-up' })
})

test('sends a message of unknown arrival once more after its wait, and never a third time', () => {
  const settings = defaultSettings()
  expect(nextAfterUnknown({ ...IT, unknowns: 1, nowMs: 1000 }, settings)).toBe(1000 + HOUR)
  expect(nextAfterUnknown({ ...IT, unknowns: 2, nowMs: 1000 }, settings)).toBe(5 * DAY)
})

test('tries every quarter of an hour for five days where sendmail is the model', () => {
  const tries = live({ ...defaultSettings(), 'retry.profile': 'sendmail' }, refused)
  expect(tries.slice(0, 3)).toEqual([0, 900_000, 1_800_000])
  expect(tries).toHaveLength(481)
  expect(tries.at(-1)).toBe(5 * DAY)
})

test('a rehearsal is tried again within moments, each wait twice as long and none longer than that of other mail', () => {
  const settings = defaultSettings()
  const waits = Array.from({ length: 16 }, (_, n) => {
    const it = { ...IT, attempts: n + 1, nowMs: 1000, onlineMs: 1000, why: refused }
    const [rehearsal, usual] = [true, false].map((isRehearsal) => nextAttempt({ ...it, isRehearsal }, settings, 0.5))
    if (rehearsal?.kind !== 'retry' || usual?.kind !== 'retry') throw new Error('given up')
    expect(rehearsal.atMs).toBeLessThanOrEqual(usual.atMs)
    return (rehearsal.atMs - 1000) / 1000
  })
  expect(waits.slice(0, 5)).toEqual([5, 10, 20, 40, 80])
})

test('gives a report up after two days', () => {
  const settings = defaultSettings()
  const report = { ...IT, isReport: true, attempts: 40, onlineMs: 2 * DAY, why: refused }
  expect(nextAttempt({ ...report, nowMs: 2 * DAY - 1 }, settings, 0.5)).toMatchObject({ kind: 'retry' })
  expect(nextAttempt({ ...report, nowMs: 2 * DAY }, settings, 0.5)).toEqual({ kind: 'give-up' })
  expect(nextAttempt({ ...report, isReport: false, nowMs: 2 * DAY }, settings, 0.5)).toMatchObject({ kind: 'retry' })
})

test('takes silence for our own trouble only while there is no network', () => {
  const silent: Cause = { at: 'connect', mx: 'mx.example', errno: 'ETIMEDOUT' }
  const noAnswer: Cause = { at: 'dns', rcode: 'TIMEOUT', name: 'far.example' }
  for (const why of [silent, noAnswer]) {
    expect(isOffline(why, true)).toBe(false)
    expect(isOffline(why, false)).toBe(true)
  }
  expect(isOffline(refused, false)).toBe(false)
  expect(isOffline(offline, true)).toBe(true)
})

test('a machine that was hardly awake for ten days goes on for ten more, and then tells', () => {
  const settings = defaultSettings()
  const asleep = { ...IT, attempts: 5, onlineMs: DAY / 4, why: refused }
  expect(nextAttempt({ ...asleep, nowMs: 11 * DAY }, settings, 0.5)).toMatchObject({ kind: 'retry' })
  expect(nextAttempt({ ...asleep, nowMs: 20 * DAY }, settings, 0.5)).toEqual({ kind: 'give-up' })
})
