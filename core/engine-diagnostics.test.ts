import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRouterClient } from '@orpc/server'
import type { ContractRouterClient } from '@orpc/contract'
import { expect, onTestFinished, test } from 'vitest'
import { noteCrash } from './base/crash-notes.ts'
import { startThread, threadStates } from './base/start-thread.ts'
import { openDiagnostics } from './engine-diagnostics.ts'
import { LoopGuard } from './engine-loop.ts'
import { startEngine } from './engine.ts'
import type { Contract } from './rpc/contract.ts'
import { fakeClock } from '../test/support/fake-clock.ts'

async function opened() {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-diagnostics-'))
  const engine = await startEngine({
    dataFolder: folder,
    keyFile: join(folder, '..', `${folder.slice(folder.lastIndexOf('-'))}.key`),
    fileSettings: { submission: { port: null, tlsPort: null }, local: { domains: ['ada.example'] } },
    log: () => {},
  })
  onTestFinished(async () => {
    await engine.close()
    rmSync(folder, { recursive: true, force: true })
    rmSync(join(folder, '..', `${folder.slice(folder.lastIndexOf('-'))}.key`), { force: true })
  })
  const api = createRouterClient(
    engine.router as Parameters<typeof createRouterClient>[0],
  ) as unknown as ContractRouterClient<Contract>
  return { folder, api }
}

test('the engine says what it is built on, how its threads fare and how late its main thread is', async () => {
  const { api } = await opened()
  const now = await api.diagnostics.status()
  expect(now.parts.map(({ name }) => name)).toEqual(['Node.js', 'V8', 'SQLite', 'OpenSSL'])
  expect(now.parts.find(({ name }) => name === 'SQLite')?.version).toMatch(/^3\./)
  expect(now.threads.find(({ name }) => name === 'writer')?.running).toBeGreaterThan(0)
  expect(now).toMatchObject({ host: 'headless', loopBudgetMs: 10 })
  expect(now.memory.residentBytes).toBeGreaterThan(1_000_000)
})
test('the report tells what ended, and of settings only which were changed', async () => {
  const { api, folder } = await opened()
  noteCrash(folder, 'engine', new Error('deliver to bo@two.example: no way to mx.two.example [192.0.2.7]'))
  const { filename, text } = await api.diagnostics.report()
  expect(filename).toMatch(/^posthorn-report-\d{4}-\d\d-\d\d\.txt$/)
  expect(text).toContain('local.domains')
  expect(text).toContain('deliver to <address>: no way to <host> [<number>]')
  for (const name of ['ada.example', 'two.example', '192.0.2.7', 'bo@']) expect(text).not.toContain(name)
  expect((await api.diagnostics.status()).crashes).toHaveLength(1)
  await api.diagnostics.forget()
  expect((await api.diagnostics.status()).crashes).toEqual([])
})
test('a thread that fails is counted with its words', async () => {
  const worker = startThread('mailbox', 'absent', null)
  await new Promise((resolve) => worker.once('error', () => worker.once('exit', resolve)))
  const found = threadStates().find(({ name }) => name === 'absent')
  expect(found).toMatchObject({ running: 0, starts: 1, crashes: 1 })
  expect(found?.lastCrash?.reason).toContain('absent-thread.ts')
})
test('a part that failed is told of in the window while that is news', async () => {
  const { api } = await opened()
  expect((await api.app.status()).warnings).toEqual([])
  const worker = startThread('mailbox', 'missing', null)
  await new Promise((resolve) => worker.once('error', () => worker.once('exit', resolve)))
  expect((await api.app.status()).warnings.map(({ text }) => text)).toEqual([
    expect.stringContaining('A part of Posthorn (missing) failed'),
  ])
})
test('a main thread that stood still is told of, a computer that slept is not', () => {
  const clock = fakeClock()
  let lateMs = 0
  const guard = new LoopGuard({ ...clock, monotonicMs: () => clock.monotonicMs() + lateMs })
  guard.start()
  clock.advance(3000)
  expect(guard.stalls()).toEqual([])
  lateMs += 450
  clock.advance(1000)
  expect(guard.stalls().map(({ forMs }) => forMs)).toEqual([450])
  lateMs += 3_600_000
  clock.advance(1000)
  expect(guard.stalls()).toHaveLength(1)
  guard.stop()
})
test('whoever was started again is told of it, while that is news', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-again-'))
  const keyFile = `${folder}.key`
  onTestFinished(() => {
    for (const path of [folder, keyFile]) rmSync(path, { recursive: true, force: true })
  })
  const warnings = async () => {
    const fileSettings = { submission: { port: null, tlsPort: null } }
    const engine = await startEngine({ dataFolder: folder, keyFile, fileSettings, log: () => {} })
    const api = createRouterClient(
      engine.router as Parameters<typeof createRouterClient>[0],
    ) as unknown as ContractRouterClient<Contract>
    const { warnings } = await api.app.status()
    await engine.close()
    return warnings.map(({ text }) => text).filter((text) => text.includes('ended by itself'))
  }
  noteCrash(folder, 'engine', new Error('it ended'), Date.now() - 7_200_000)
  expect(await warnings()).toEqual([])
  noteCrash(folder, 'engine', new Error('it ended'))
  expect(await warnings()).toEqual(['Posthorn ended by itself and was started again; see Diagnostics.'])
})
test('no word of a mail, of a password or of who wrote it stands in the report, whatever ended and whatever was logged', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-canary-'))
  const keyFile = `${folder}.key`
  const fileSettings = {
    submission: { port: null, tlsPort: null },
    local: { domains: ['finch.test'] },
    desktop: { quietHours: '01:23-04:56' },
  }
  const engine = await startEngine({ dataFolder: folder, keyFile, fileSettings, log: () => {} })
  onTestFinished(async () => {
    await engine.close()
    for (const path of [folder, keyFile]) rmSync(path, { recursive: true, force: true })
  })
  const api = createRouterClient(
    engine.router as Parameters<typeof createRouterClient>[0],
  ) as unknown as ContractRouterClient<Contract>
  await api.vault.setPassphrase({ current: null, passphrase: 'canary passphrase' })
  await api.user.add({ address: 'canary@finch.test', password: 'canary password' })
  const { id: identityId } = await api.identity.save({
    address: 'canary.finch@finch.test',
    name: 'Canary Finch',
    routeId: null,
  })
  await api.compose.send({
    identityId,
    to: 'canary@finch.test',
    cc: '',
    bcc: '',
    subject: 'canary subject',
    text: 'canary words',
    inReplyTo: '',
    references: '',
    attachments: [],
  })
  await api.account.fetch({ id: null })
  noteCrash(folder, 'engine', new Error(`deliver canary@finch.test from ${folder} to canary.finch.test [192.0.2.77]`))
  const { text } = await api.diagnostics.report()
  expect(text).toContain('deliver <address> from')
  expect(text).toContain('desktop.quietHours')
  for (const canary of ['canary', 'Canary', 'finch', '192.0.2.77', '01:23']) expect(text).not.toContain(canary)
})
test('a line of the program’s log names nobody in the report', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-lines-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const parts = { dataFolder: folder, clock: fakeClock(), alone: true, listSettings: () => [], sqlite: '3' }
  const { handlers, keep, close } = openDiagnostics(parts)
  keep('fetch of canary@finch.test: mail.finch.test [192.0.2.77] does not answer; see "/srv/finch/mail"')
  keep(`said: ${'x'.repeat(100_000)}`)
  const { text } = await createRouterClient({ report: handlers.report }).report()
  close()
  expect(text.length).toBeLessThan(5000)
  expect(text).toContain('fetch of <address>: <host> [<number>] does not answer; see "<path>"')
  for (const canary of ['canary', 'finch', '192.0.2.77']) expect(text).not.toContain(canary)
})
