import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findProfiles, listProfileAccounts } from './import-thunderbird.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'posthorn-home-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function write(name: string, text: string): void {
  mkdirSync(join(home, name, '..'), { recursive: true })
  writeFileSync(join(home, name), text)
}
const profile = (n: number, name: string, more = '') =>
  `[Profile${n}]\nName=${name}\nIsRelative=1\nPath=Profiles/${name}\n${more}\n`

test('profiles are found where Thunderbird keeps them, the one it uses first', () => {
  write(
    '.thunderbird/profiles.ini',
    `[General]\nVersion=2\n\n${profile(0, 'old', 'Default=1\n')}${profile(1, 'used')}[Install4]\nDefault=Profiles/used\nLocked=1\n`,
  )
  write('.thunderbird/Profiles/old/prefs.js', '')
  write('.thunderbird/Profiles/used/prefs.js', '')
  expect(findProfiles({}, home)).toEqual([
    { name: 'used', path: join(home, '.thunderbird/Profiles/used') },
    { name: 'old', path: join(home, '.thunderbird/Profiles/old') },
  ])
})

test('a profile that is named and not there is left out, and one elsewhere is taken by its path', () => {
  const elsewhere = join(home, 'elsewhere')
  mkdirSync(elsewhere)
  write(
    'AppData/Thunderbird/profiles.ini',
    `${profile(0, 'gone')}[Profile1]\nName=far\nIsRelative=0\nPath=${elsewhere}\n`,
  )
  expect(findProfiles({ APPDATA: join(home, 'AppData') }, home)).toEqual([{ name: 'far', path: elsewhere }])
  expect(findProfiles({}, join(home, 'nobody'))).toEqual([])
})

test("accounts have the names a person gave them, and mail no setting speaks of its folder's", () => {
  write('p/Mail/pop.example/Inbox', '')
  write('p/Mail/Local Folders/Inbox', '')
  write('p/Mail/Feeds/Inbox', '')
  write('p/ImapMail/imap.example/INBOX', '')
  write(
    'p/prefs.js',
    [
      'user_pref("mail.server.server1.directory-rel", "[ProfD]Mail/pop.example");',
      'user_pref("mail.server.server1.name", "Ada\\"s \\u00fcbung");',
      'user_pref("mail.server.server2.directory", "/no/such/place");',
      'user_pref("mail.server.server3.port", 993);',
      'user_pref("mail.server.server4.directory-rel", "[ProfD]Mail/Feeds");',
      'user_pref("mail.server.server4.type", "rss");',
    ].join('\n'),
  )
  expect(listProfileAccounts(join(home, 'p'))).toEqual([
    { name: 'Ada"s übung', path: join(home, 'p/Mail/pop.example') },
    { name: 'Local Folders', path: join(home, 'p/Mail/Local Folders') },
    { name: 'imap.example', path: join(home, 'p/ImapMail/imap.example') },
  ])
})
