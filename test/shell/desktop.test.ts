import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { callEngine } from '../../core/host/local-socket.ts'
import { heardIo } from '../support/heard-io.ts'
import { eventually } from '../support/posthorn.ts'
import { Application, press, ShellHome } from './application.ts'

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

/** A command of this person's, as the command line sends it to the engine of the desktop. */
async function command(home: ShellHome, argv: readonly string[], stdin = ''): Promise<string> {
  const heard = heardIo('/', stdin)
  const status = await eventually(() => callEngine(home.data, argv, heard.io), 'the engine to answer')
  if (status !== 0) throw new Error(`posthorn ${argv.join(' ')} ended with ${status}: ${heard.stderr()}`)
  return heard.stdout().toString()
}
const asked = ({ electron }: Application) => electron.calls.filter(({ what }) => what === 'dialog.showMessageBox')
const tray = async ({ electron }: Application) =>
  eventually(() => (electron.Tray.all[0]?.menu === undefined ? undefined : electron.Tray.all[0]), 'the tray')

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
  press((await tray(seen.application)).menu!, 'open')
  expect(seen.application.windows).toHaveLength(1)
  const unseen = await started({}, { prepare: (world) => (world.trayIsSeen = false) }, '--hidden')
  expect(unseen.application.windows).toHaveLength(1)
  expect(unseen.application.electron.Tray.all).toEqual([])
})
test('what closing the last window means is asked once where there is a tray, and then known', async () => {
  const { home, application } = await started()
  await tray(application)
  application.electron.world.answers.push(0)
  application.windows[0]?.close()
  await eventually(() => application.windows.length === 0, 'the window to close')
  expect(asked(application)).toHaveLength(1)
  expect(asked(application)[0]?.args[0]).toMatchObject({ message: 'Keep Posthorn running?' })
  expect(application.electron.lastOf('app.quit')).toBeUndefined()
  expect(await command(home, ['setting', 'list', '--json'])).toMatch(/"desktop.closing"[^}]*"value":"tray"/)
  press((await tray(application)).menu!, 'open')
  application.windows[0]?.close()
  await eventually(() => application.windows.length === 0, 'the window to close again')
  expect(asked(application)).toHaveLength(1)
  press((await tray(application)).menu!, 'quit')
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
test('the tray pauses sending and says so', async () => {
  const { home, application } = await started()
  press((await tray(application)).menu!, 'pause')
  await eventually(
    () => application.electron.Tray.all[0]?.menu?.items.some(({ label }) => label === 'Go on sending'),
    'the tray to tell of it',
  )
  expect(await command(home, ['status', '--json'])).toContain('"queuePaused":true')
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
test('a network that is there again is looked at by the engine, where the system says so, too', async () => {
  const { home, application } = await started()
  const { shell } = application.line()
  application.electron.world.online = false
  await shell.network({ online: true })
  application.electron.world.online = true
  const told = async () => (await command(home, ['diagnostics', '--report'])).includes('another network')
  expect(await told()).toBe(false)
  await shell.network({ online: true })
  await eventually(told, 'the engine to hear of it')
})
test('the shell does for a window what it asks by contract, and nothing that is not in it', async () => {
  const { application } = await started()
  const { shell } = application.line()
  expect(await shell.about()).toMatchObject({ platform: process.platform, hasTray: true, writesMail: null })
  application.electron.world.paths.push(['/home/ada/mail'])
  expect(await shell.choose({ kind: 'folder' })).toEqual({ paths: ['/home/ada/mail'] })
  expect(await shell.choose({ kind: 'file' })).toEqual({ paths: [] })
  await shell.open({ kind: 'message', id: 12 })
  await shell.open({ kind: 'log', sessionId: null })
  await shell.open({ kind: 'compose', draftId: 3 })
  // What has a window already is brought to the front.
  application.windows[0]!.focus()
  await shell.open({ kind: 'compose', draftId: 3 })
  expect(application.windows[3]?.isFocused()).toBe(true)
  await shell.open({ kind: 'message', id: 12 })
  expect(application.windows[1]?.isFocused()).toBe(true)
  const addresses = application.windows.map(({ webContents }) => webContents.mainFrame.url)
  expect(addresses.slice(1)).toEqual([
    'app://posthorn/?window=message&id=12',
    'app://posthorn/?window=log#/log/',
    'app://posthorn/?window=compose&id=3',
  ])
  const [first, ...others] = application.windows.map(({ options }) => options.webPreferences)
  for (const one of others) expect(one).toEqual(first)
  for (const odd of [{ kind: 'message', id: -1 }, { kind: 'page', id: 1 }, { kind: 'message', id: '1&x' }, null])
    await expect(shell.open(odd as never)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  expect(application.windows).toHaveLength(4)
})
test('spelling is checked in the languages of the settings, and a window may ask for fewer while it is in front', async () => {
  const { home, application } = await started()
  const languages = () => application.electron.lastOf('session.setSpellCheckerLanguages')?.[0]
  const isOn = () => application.electron.lastOf('session.setSpellCheckerEnabled')?.[0]
  expect(isOn()).toBe(false)
  await command(home, ['setting', 'set', 'desktop.spellLanguages', '["en-GB","de","tlh"]'])
  await eventually(() => isOn() === true, 'spelling to be checked')
  expect(languages()).toEqual(['en-GB', 'de'])
  const { shell } = application.line()
  await shell.open({ kind: 'compose', draftId: null })
  const written = application.line(1).shell
  await written.spelling({ languages: ['de', 'fr'] })
  expect(languages()).toEqual(['de']) // no dictionary is fetched that the settings do not name
  application.windows[0]!.focus()
  expect(languages()).toEqual(['en-GB', 'de'])
  application.windows[1]!.focus()
  expect(languages()).toEqual(['de'])
  await written.spelling({ languages: [] })
  expect(isOn()).toBe(false)
  await written.spelling({ languages: null })
  expect([isOn(), languages()]).toEqual([true, ['en-GB', 'de']])
})
test('a window that ends has its page keep what is written first, and waits for no page that does not answer', async () => {
  const { application } = await started()
  const { shell } = application.line()
  await shell.open({ kind: 'compose', draftId: null })
  await shell.open({ kind: 'compose', draftId: 3 })
  const [, first, second] = application.windows
  const asks = await application.line(1).shell.asks()
  const heard = asks.next()
  await eventually(() => first !== undefined, 'the window')
  await shell.about() // the first window's page listens by now
  second?.close() // nobody listens there
  expect(application.windows).toHaveLength(2)
  first?.close()
  expect((await heard).value).toEqual({ what: 'keep' })
  first?.close() // once more, while its page is at it
  expect(application.windows).toHaveLength(2)
  await application.line(1).shell.kept()
  await eventually(() => application.windows.length === 1, 'the window to go')
})
test('starting at login is the system’s matter, written where it looks', async () => {
  const before = process.env['XDG_CONFIG_HOME']
  const { home, application } = await started()
  process.env['XDG_CONFIG_HOME'] = join(home.root, 'config')
  onTestFinished(() => {
    if (before === undefined) delete process.env['XDG_CONFIG_HOME']
    else process.env['XDG_CONFIG_HOME'] = before
  })
  const entry = join(home.root, 'config/autostart/org.posthorn.Posthorn.desktop')
  await command(home, ['setting', 'set', 'desktop.startAtLogin', 'true'])
  if (process.platform === 'linux') {
    await eventually(() => existsSync(entry), 'the entry')
    expect(readFileSync(entry, 'utf8')).toMatch(/^Exec=".+" ".+" "--hidden"$/m)
  } else await eventually(() => application.electron.lastOf('app.setLoginItemSettings') !== undefined, 'the login item')
  await command(home, ['setting', 'set', 'desktop.startAtLogin', 'false'])
  await eventually(() => !existsSync(entry), 'the entry to go')
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
test('what a window shows is saved as a PDF where its person says, under a name that leads nowhere else', async () => {
  const { home, application } = await started()
  const file = join(home.root, 'chosen.pdf')
  application.electron.world.paths.push([file])
  application.choose('pdf')
  await eventually(() => existsSync(file), 'the file')
  expect(readFileSync(file, 'utf8')).toBe('%PDF-1.7 of a test')
  const [options] = application.electron.lastOf('dialog.showSaveDialog') as [{ defaultPath: string }]
  expect(options.defaultPath).toMatch(/Mail – Posthorn\.pdf$/)
  application.choose('print-window')
  expect(application.electron.lastOf('webContents.print')).toBeDefined()
})
test('the second button opens a menu of what can be done there, and none where nothing can', async () => {
  const { application } = await started()
  const { lastOf } = application.electron
  const contents = application.windows[0]!.webContents
  const nothing = {
    x: 1,
    y: 2,
    isEditable: false,
    selectionText: '',
    linkURL: '',
    misspelledWord: '',
    dictionarySuggestions: [],
    mediaType: 'none',
    editFlags: {},
  }
  contents.emit('context-menu', {}, nothing)
  expect(lastOf('menu.popup')).toBeUndefined()
  contents.emit('context-menu', {}, { ...nothing, linkURL: 'https://one.example/a' })
  const [items] = lastOf('menu.popup') as [readonly { label: string; click: () => void }[]]
  items.find(({ label }) => label === 'Copy the address')?.click()
  expect(lastOf('clipboard.writeText')).toEqual(['https://one.example/a'])
})
test('menus speak the language of the window', async () => {
  const { home, application } = await started()
  const labels = () =>
    (application.electron.lastOf('Menu.setApplicationMenu') as [{ items: readonly { label?: string }[] }])[0].items.map(
      ({ label }) => label,
    )
  expect(labels()).toContain('File')
  await command(home, ['setting', 'set', 'look.language', 'en-XA'])
  await eventually(() => !labels().includes('File'), 'the menu to speak it')
  expect(labels()).toContain('Ƒíĺé')
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
