import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Fault } from '../base/fault.ts'
import { onUsualPort } from './window-port.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'posthorn-port-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Opens any port but those that are taken; 0 becomes `free`. */
const opener =
  (free: number, taken: readonly number[] = []) =>
  (port: number) =>
    taken.includes(port)
      ? Promise.reject(new Fault('listen.taken', 'taken', { host: '127.0.0.1', port, reason: 'EADDRINUSE' }))
      : Promise.resolve({ port: port || free })

test('any free port is the same one the next time', async () => {
  expect(await onUsualPort(folder, 0, opener(40_001))).toEqual({ port: 40_001 })
  expect(await onUsualPort(folder, 0, opener(40_002))).toEqual({ port: 40_001 })
})

test('when somebody else has taken it, another free one is used from then on', async () => {
  await onUsualPort(folder, 0, opener(40_001))
  expect(await onUsualPort(folder, 0, opener(40_002, [40_001]))).toEqual({ port: 40_002 })
  expect(await onUsualPort(folder, 0, opener(40_003))).toEqual({ port: 40_002 })
})

test('a port that the settings name is used or refused, and never replaced', async () => {
  expect(await onUsualPort(folder, 8025, opener(40_001))).toEqual({ port: 8025 })
  await expect(onUsualPort(folder, 8025, opener(40_001, [8025]))).rejects.toThrow('taken')
})

test('a file that says nonsense is as good as none', async () => {
  writeFileSync(join(folder, 'window-port'), '-1; rm')
  expect(await onUsualPort(folder, 0, opener(40_001))).toEqual({ port: 40_001 })
})
