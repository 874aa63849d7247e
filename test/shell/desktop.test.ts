import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { crashNotes, noteCrash } from '../../core/base/crash-notes.ts'
import { eventually } from '../support/posthorn.ts'
import { Application, command, press, ShellHome, trayOf } from './application.ts'

/** What the desktop sees of the application without a page in its windows. */
interface Started {
  readonly home: ShellHome
  readonly application: Application
}
async function started(
  settings: object = {},
  prepare: Parameters<typeof Application.start>[1] = {},
  ...argv: string[]
): Promise<Started> {
  const home = new ShellHome(settings)
  const application = await Application.start([...home.argv, ...argv], prepare)
  onTestFinished(async () => {
    await application.quit().catch(() => undefined)
    home.remove()
  })
  await eventually(() => existsSync(join(home.data, 'control.token')), 'the engine to take commands')
  return { home, application }
}

const asked = ({ electron }: Application) => electron.calls.filter(({ what }) => what === 'dialog.showMessageBox')

test('a second start hands over what it was asked to open, and ends without an engine of its own', async () => {
  const { home, application } = await started()
  const second = await Application.start([...home.argv, 'mailto:ada@one.example'], {
    prepare: (world) => (world.isFirst = false),
  })
  expect(await second.electron.hasEnded).toBe(0)
  expect(second.windows).toEqual([])
  expect(second.electron.lastOf('protocol.handle')).toBeUndefined()
  const [handed] = second.electron.lastOf('app.requestSingleInstanceLock') as [{ argv: string[]; cwd: string }]
  expect(handed.argv).toContain('mailto:ada@one.example')
  // What arrives is believed in nothing: neither its shape nor its sender's arguments are.
  const [window] = application.windows
  for (const odd of [null, 7, {}, { argv: 'x', cwd: 1 }, { argv: ['posthorn', 7], cwd: '/' }, { argv: [], cwd: 1 }])
    expect(() => application.electron.app.emit('second-instance', {}, ['posthorn'], '/', odd)).not.toThrow()
  expect(application.windows).toEqual([window])
})
test('at login it starts without a window where a tray shows it, and with one where none does', async () => {
  const seen = await started({}, {}, '--hidden')
  expect(seen.application.windows).toEqual([])
  press((await trayOf(seen.application)).menu!, 'open')
  expect(seen.application.windows).toHaveLength(1)
  const unseen = await started({}, { prepare: (world) => (world.trayIsSeen = false) }, '--hidden')
  expect(unseen.application.windows).toHaveLength(1)
  expect(unseen.application.electron.Tray.all).toEqual([])
})
test('what closing the last window means is asked once where there is a tray, and then known', async () => {
  const { home, application } = await started()
  await trayOf(application)
  application.electron.world.answers.push(0)
  application.windows[0]?.close()
  await eventually(() => application.windows.length === 0, 'the window to close')
  expect(asked(application)).toHaveLength(1)
  expect(asked(application)[0]?.args[0]).toMatchObject({ message: 'Keep Posthorn running?' })
  expect(application.electron.lastOf('app.quit')).toBeUndefined()
  expect(await command(home, ['setting', 'list', '--json'])).toMatch(/"desktop.closing"[^}]*"value":"tray"/)
  press((await trayOf(application)).menu!, 'open')
  application.windows[0]?.close()
  await eventually(() => application.windows.length === 0, 'the window to close again')
  expect(asked(application)).toHaveLength(1)
  press((await trayOf(application)).menu!, 'quit')
  expect(await application.electron.hasEnded).toBe(0)
})
test('without a tray the last window ends the application, and nobody is asked', async () => {
  const { application } = await started(
    { desktop: { closing: 'tray' } },
    { prepare: (world) => (world.trayIsSeen = false) },
  )
  application.windows[0]?.close()
  expect(await application.electron.hasEnded).toBe(0)
  expect(asked(application)).toEqual([])
})
test('new mail is told of with what can be done about it, and what is clicked is done', async () => {
  const { home, application } = await started({ local: { domains: ['feldt.test'] } })
  const { Notification, lastOf } = application.electron
  await command(home, ['identity', 'add', 'nora@feldt.test', '--name', 'Nora'])
  await command(home, ['sendmail', '-f', 'nora@feldt.test', 'nora@feldt.test'], 'Subject: Tea at four\n\nCome.\n')
  const note = await eventually(() => Notification.all[0], 'the notification')
  expect(note.body).toBe('Tea at four')
  expect(note.options.actions?.map(({ text }) => text)).toEqual(['Reply', 'Archive', 'Mark as read'])
  await eventually(() => lastOf('app.setBadgeCount')?.[0] === 1, 'the number at the icon')
  note.emit('action', { actionIndex: 1 })
  await eventually(
    async () => (await command(home, ['list', '--folder', 'Archive'])).includes('Tea at four'),
    'the message to be archived',
  )
  await eventually(() => lastOf('app.setBadgeCount')?.[0] === 0, 'the number to go')

  // In quiet hours mail comes in silence.
  const hour = new Date().getHours()
  const two = (n: number) => String((n + 24) % 24).padStart(2, '0')
  await command(home, ['setting', 'set', 'desktop.quietHours', `${two(hour - 1)}:00-${two(hour + 2)}:00`])
  await command(home, ['sendmail', '-f', 'nora@feldt.test', 'nora@feldt.test'], 'Subject: Hush\n\nCome.\n')
  await eventually(() => lastOf('app.setBadgeCount')?.[0] === 1, 'the number at the icon')
  // The second is looked at once the first has been judged.
  await command(home, ['sendmail', '-f', 'nora@feldt.test', 'nora@feldt.test'], 'Subject: Hush, too\n\nCome.\n')
  await eventually(() => lastOf('app.setBadgeCount')?.[0] === 2, 'the number at the icon')
  await command(home, ['setting', 'set', 'desktop.quietHours', ''])
  await command(home, ['sendmail', '-f', 'nora@feldt.test', 'nora@feldt.test'], 'Subject: Loud\n\nCome.\n')
  await eventually(() => Notification.all.some(({ body }) => body === 'Loud'), 'the next notification')
  expect(Notification.all.map(({ body }) => body)).not.toContain('Hush')
})
test('sleep, waking up and the end of the day reach the engine', async () => {
  const { home, application } = await started()
  const { powerMonitor, sendStoppable, hasEnded } = application.electron
  powerMonitor.emit('suspend')
  powerMonitor.emit('resume')
  await eventually(async () => {
    const report = await command(home, ['diagnostics', '--report'])
    return report.includes('the computer goes to sleep') && report.includes('was asleep: the queue runs again')
  }, 'the engine to hear of it')
  // The system waits until what is under way is committed.
  expect(sendStoppable(powerMonitor, 'shutdown', {})).toBe(true)
  expect(await hasEnded).toBe(0)
  expect(asked(application)).toEqual([])
  expect(existsSync(join(home.data, 'holder.json'))).toBe(false)
})
test('Windows is asked to wait until what is under way is committed, and nobody else is asked anything', async () => {
  const { home, application } = await started()
  expect(application.electron.sendStoppable(application.windows[0]!, 'query-session-end', {})).toBe(true)
  expect(await application.electron.hasEnded).toBe(0)
  expect(asked(application)).toEqual([])
  expect(existsSync(join(home.data, 'holder.json'))).toBe(false)
})
test('the command line reaches the engine of the desktop, and ui brings its window', async () => {
  const { home, application } = await started({}, {}, '--hidden')
  expect(application.windows).toEqual([])
  expect(await command(home, ['ui'])).toContain('in front')
  expect(application.windows).toHaveLength(1)
  const one = await Application.start(['--cli', 'status', '--data', home.data])
  expect(await one.electron.hasEnded).toBe(0)
  expect(one.electron.calls.map(({ what }) => what)).toEqual(['app.exit'])
})
test('with --cli it is the command line alone, with its exit status, before Electron is ready', async () => {
  const home = new ShellHome()
  onTestFinished(() => home.remove())
  const odd = await Application.start(['--cli', 'no-such-command', '--data', home.data])
  expect(await odd.electron.hasEnded).toBe(64)
  expect(odd.electron.calls.map(({ what }) => what)).toEqual(['app.exit'])
  expect(existsSync(home.data)).toBe(false)
})
test('a window opens where the last of its kind was, though its screen may be another one now', async () => {
  const { home, application } = await started()
  application.windows[0]!.bounds = { x: 1900, y: 300, width: 900, height: 700 }
  await application.quit()
  const again = await Application.start(home.argv, {
    prepare: (world) => (world.displays = [{ x: 0, y: 0, width: 1280, height: 720 }]),
  })
  onTestFinished(() => again.quit().then(() => undefined))
  const { x, width, height } = (await eventually(() => again.windows[0], 'a window')).options
  expect({ x, width, height }).toEqual({ x: undefined, width: 900, height: 700 })
})
test('an engine that cannot start says why, and the application ends', async () => {
  const { home } = await started()
  const second = await Application.start(home.argv)
  expect(await second.electron.hasEnded).toBe(1)
  expect(second.electron.lastOf('dialog.showMessageBoxSync')).toMatchObject([
    {
      message: 'Posthorn has to stop',
      detail: expect.stringContaining('is using it'),
      buttons: ['Quit', 'Start again'],
    },
  ])
  expect(second.electron.lastOf('app.relaunch')).toBeUndefined()
})
async function startedWithThreads() {
  const workers: Worker[] = []
  const collect = (worker: Worker) => void workers.push(worker)
  process.on('worker', collect)
  try {
    return { ...(await started()), workers }
  } finally {
    process.off('worker', collect)
  }
}
test.each([
  ['starts it again by itself, whoever is there, and keeps a note', 0],
  ['asks its person when that happens again and again', 3],
])('a thread of the store that dies %s', async (_name, times) => {
  const { home, application, workers } = await startedWithThreads()
  for (let n = 1; n <= times; n++) noteCrash(home.data, 'engine', new Error('it ended'), Date.now() - n * 60_000)
  await workers[0]?.terminate()
  expect(await application.electron.hasEnded).toBe(1)
  expect(crashNotes(home.data)[0]).toMatchObject({ what: 'engine', reason: expect.stringContaining('thread: it died') })
  const { lastOf } = application.electron
  expect(lastOf('dialog.showMessageBoxSync') === undefined).toBe(times === 0)
  if (times === 0) expect(lastOf('app.relaunch')).toEqual([{ args: ['/clone', ...home.argv] }])
})
test('where no note of its death can be kept it is not started again and again: its person is asked', async () => {
  const { home, application, workers } = await startedWithThreads()
  writeFileSync(join(home.data, 'crashes'), 'no folder')
  await workers[0]?.terminate()
  expect(await application.electron.hasEnded).toBe(1)
  expect(application.electron.lastOf('dialog.showMessageBoxSync')).toBeDefined()
  expect(application.electron.lastOf('app.relaunch')).toBeUndefined()
})
test('what dies while it ends is not started again', async () => {
  const { application, workers } = await startedWithThreads()
  application.electron.sendStoppable(application.windows[0]!, 'query-session-end', {})
  await workers[0]?.terminate()
  await application.electron.hasEnded
  expect(application.electron.lastOf('dialog.showMessageBoxSync')).toBeUndefined()
  expect(application.electron.lastOf('app.relaunch')).toBeUndefined()
})
