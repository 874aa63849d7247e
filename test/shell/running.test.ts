import { existsSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../support/posthorn.ts'
import { Application, command, press, ShellHome, trayOf } from './application.ts'

/* What the desktop does while it runs: one application for all of these, as nobody starts it anew for each. */
const home = new ShellHome()
let application: Application
beforeAll(async () => {
  application = await Application.start(home.argv)
  await eventually(() => existsSync(join(home.data, 'control.token')), 'the engine to take commands')
})
afterEach(async () => {
  // Each test finds one window.
  for (const window of application.windows.slice(1)) window.close()
  await eventually(() => application.windows.length === 1, 'the other windows to close')
})
afterAll(async () => {
  await application?.quit()
  home.remove()
})

test('a network that is there again is looked at by the engine, where the system says so, too', async () => {
  const { shell } = application.line()
  application.electron.world.online = false
  await shell.network({ online: true })
  application.electron.world.online = true
  const told = async () => (await command(home, ['diagnostics', '--report'])).includes('another network')
  expect(await told()).toBe(false)
  await shell.network({ online: true })
  await eventually(told, 'the engine to hear of it')
})
test('the second button opens a menu of what can be done there, and none where nothing can', async () => {
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
test('what a window shows is saved as a PDF where its person says, under a name that leads nowhere else', async () => {
  const file = join(home.root, 'chosen.pdf')
  application.electron.world.paths.push([file])
  application.windows[0]!.title = '../../.config/autostart/a: Mail – Posthorn'
  application.choose('pdf')
  await eventually(() => existsSync(file), 'the file')
  expect(readFileSync(file, 'utf8')).toBe('%PDF-1.7 of a test')
  const [options] = application.electron.lastOf('dialog.showSaveDialog') as [{ defaultPath: string }]
  expect(options.defaultPath).toBe(join(tmpdir(), 'config autostart a Mail – Posthorn.pdf'))
  application.choose('print-window')
  expect(application.electron.lastOf('webContents.print')).toBeDefined()
})
test('the tray pauses sending and says so', async () => {
  press((await trayOf(application)).menu!, 'pause')
  await eventually(
    () => application.electron.Tray.all[0]?.menu?.items.some(({ label }) => label === 'Go on sending'),
    'the tray to tell of it',
  )
  expect(await command(home, ['status', '--json'])).toContain('"queuePaused":true')
})
test('menus speak the language of the window', async () => {
  const german = JSON.parse(
    readFileSync(new URL('../../resources/words/de.json', import.meta.url), 'utf8'),
  ) as Readonly<Record<string, string>>
  const labelsOf = (items: readonly Electron.MenuItemConstructorOptions[]): string[] =>
    items.flatMap(({ label, submenu }) => [label ?? '', ...(Array.isArray(submenu) ? labelsOf(submenu) : [])])
  const labels = () => labelsOf((application.electron.lastOf('Menu.setApplicationMenu') as [{ items: [] }])[0].items)
  const english = labels()
  expect(english).toContain('File')
  await command(home, ['setting', 'set', 'look.language', 'de'])
  await eventually(() => !labels().includes('File'), 'the menu to speak it')
  // The catalogue that is packed holds all that stands in menus.
  expect(labels()).toEqual(english.map((label) => german[label] ?? label))
  expect(labels().filter((label, n) => label !== english[n]).length).toBeGreaterThan(60)
  await command(home, ['setting', 'set', 'look.language', 'en'])
  await eventually(() => labels().includes('File'), 'the menu to speak English again')
})
test('starting at login is the system’s matter, written where it looks', async () => {
  const before = process.env['XDG_CONFIG_HOME']
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
test('the shell does for a window what it asks by contract, and nothing that is not in it', async () => {
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
test('a window that ends has its page keep what is written first, and waits for no page that does not answer', async () => {
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
test('spelling is checked in the languages of the settings, and a window may ask for fewer while it is in front', async () => {
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
