import { generateKeyPairSync, sign } from 'node:crypto'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../support/posthorn.ts'
import { Application, ShellHome } from './application.ts'

/* Newer versions, as the built application looks for them: with electron-updater out of its bundle, and no network. */

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const key = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64')
const FEED = 'https://updates.example.org/posthorn/'

let home: ShellHome
let application: Application
afterEach(async () => {
  await application?.quit()
  home.remove()
  rmSync(join(tmpdir(), '.updaterId'), { force: true }) // electron-updater's number for staged rollouts, which nobody is told
})

/** Chooses the item of the menu until it does something: the engine starts beside the window. */
async function asked(): Promise<Electron.MessageBoxOptions> {
  return eventually(() => {
    if (application.electron.lastOf('Menu.setApplicationMenu') === undefined) return undefined
    application.choose('updates')
    return application.electron.lastOf('dialog.showMessageBox')?.[0] as Electron.MessageBoxOptions | undefined
  }, 'a dialog')
}

test('while no feed is set it says so, and asks nobody', async () => {
  home = new ShellHome()
  application = await Application.start(home.argv)
  expect((await asked()).message).toBe('Posthorn looks nowhere for newer versions')
  expect(application.electron.lastOf('session.fromPartition')).toBeUndefined()
})

test('a signed feed is believed, by a session that no window has, and its notes are shown', async () => {
  home = new ShellHome({ updates: { feed: FEED, key } })
  const sha512 = Buffer.alloc(64).toString('base64')
  const feed = `version: 9.9.9\nfiles:\n  - { url: Posthorn.AppImage, sha512: ${sha512}, size: 1 }\nreleaseNotes: Louder horns.\n`
  const wanted: string[] = []
  application = await Application.start(home.argv, {
    prepare: (world) => {
      world.web = async (address) => {
        wanted.push(address)
        if (!address.endsWith('.sig')) return new Response(feed)
        return new Response(sign(null, Buffer.from(feed), privateKey).toString('base64'))
      }
    },
  })
  const question = await asked()
  expect(question.message).toBe('Posthorn 9.9.9 is here')
  expect(question.detail).toContain('Louder horns.')
  expect(question.buttons?.at(-1)).toBe('Skip this version')
  expect(application.electron.lastOf('session.fromPartition')).toEqual(['updates'])
  expect(wanted.every((address) => address.startsWith(FEED))).toBe(true)
})

test('a feed without the right signature is not', async () => {
  home = new ShellHome({ updates: { feed: FEED, key } })
  application = await Application.start(home.argv, {
    prepare: (world) => (world.web = async () => new Response('version: 9.9.9\n')),
  })
  const question = await asked()
  expect(question.message).toBe('It is not known whether there is a newer version')
  expect(question.detail).toContain('it is not signed by the key of updates.key')
})
