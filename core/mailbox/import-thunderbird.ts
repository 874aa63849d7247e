import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve, sep } from 'node:path'
import { oneLine } from '../message/one-line.ts'
import { readStart } from './import-file.ts'

/** A profile of Thunderbird. */
export interface Profile {
  readonly name: string
  readonly path: string
}
/** Where a profile keeps the mail of one account. */
export interface ProfileAccount {
  readonly name: string
  readonly path: string
}

const LONGEST_FILE = 4 * 1024 * 1024

/** Where Thunderbird keeps profiles.ini on this computer. */
function homesOfProfiles(env: NodeJS.ProcessEnv, home: string): string[] {
  return [
    join(home, '.thunderbird'),
    join(home, '.mozilla-thunderbird'),
    join(home, 'snap', 'thunderbird', 'common', '.thunderbird'),
    join(home, '.var', 'app', 'org.mozilla.Thunderbird', '.thunderbird'),
    join(home, 'Library', 'Thunderbird'),
    ...(env['APPDATA'] === undefined ? [] : [join(env['APPDATA'], 'Thunderbird')]),
  ]
}

/** Profiles that a profiles.ini names, the one that is used first. */
export function readProfilesIni(folder: string): Profile[] {
  const sections = readStart(join(folder, 'profiles.ini'), LONGEST_FILE)
    .split(/^(?=\[)/m)
    .map((section) => ({
      title: /^\[(.*)\]/.exec(section)?.[1] ?? '',
      value: (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(section)?.[1]?.trim(),
    }))
  // An installation remembers which one it uses; older ones mark it among the profiles.
  const used = sections.filter(({ title }) => title.startsWith('Install')).map(({ value }) => value('Default'))
  const found = sections.flatMap(({ title, value }) => {
    const path = value('Path')
    if (!title.startsWith('Profile') || path === undefined || path === '') return []
    const isUsed = used.includes(path) || (used.length === 0 && value('Default') === '1')
    const whole = value('IsRelative') === '0' || isAbsolute(path) ? path : join(folder, ...path.split('/'))
    return [{ name: oneLine(value('Name') ?? path, 100), path: whole, isUsed }]
  })
  return found
    .sort((a, b) => Number(b.isUsed) - Number(a.isUsed))
    .filter(({ path }) => existsSync(path))
    .map(({ name, path }) => ({ name, path }))
}

/** Thunderbird's profiles on this computer, the one it uses first. */
export function findProfiles(env: NodeJS.ProcessEnv = process.env, home: string = homedir()): Profile[] {
  return homesOfProfiles(env, home).flatMap(readProfilesIni)
}

/** Whether names beside each other in a folder make it a profile. */
export function isProfile(names: ReadonlySet<string>): boolean {
  return names.has('prefs.js') && (names.has('Mail') || names.has('ImapMail'))
}

/** The text settings of mail servers in a prefs.js, by server. */
function serverPrefs(text: string): Map<string, Map<string, string>> {
  const servers = new Map<string, Map<string, string>>()
  for (const [, server = '', key = '', quoted = ''] of text.matchAll(
    /^user_pref\("mail\.server\.(server\d{1,4})\.([\w.-]{1,60})",\s*("(?:[^"\\]|\\.){0,2000}")\);/gm,
  )) {
    let value: unknown
    try {
      value = JSON.parse(quoted)
    } catch {
      continue
    }
    const prefs = servers.get(server) ?? new Map<string, string>()
    if (typeof value === 'string') prefs.set(key, value)
    servers.set(server, prefs)
  }
  return servers
}

/** The accounts of a profile by the names a person gave them; of mail no setting speaks of, by its folder's name. */
export function listProfileAccounts(profile: string): ProfileAccount[] {
  const found = new Map<string, string>()
  for (const prefs of serverPrefs(readStart(join(profile, 'prefs.js'), LONGEST_FILE)).values()) {
    const relative = prefs.get('directory-rel')
    const path = relative?.startsWith('[ProfD]')
      ? join(profile, ...relative.slice('[ProfD]'.length).split('/'))
      : prefs.get('directory')
    if (path === undefined || !isAbsolute(path) || prefs.get('type') === 'nntp' || prefs.get('type') === 'rss') continue
    const name = prefs.get('name') ?? prefs.get('userName') ?? prefs.get('hostname') ?? ''
    if (existsSync(path)) found.set(resolve(path), oneLine(name, 100))
  }
  for (const tree of ['Mail', 'ImapMail'])
    for (const folder of subfolders(join(profile, tree))) {
      const path = resolve(profile, tree, folder)
      const isKnown = [...found.keys()].some((known) => known === path || known.startsWith(path + sep))
      if (!isKnown && !/^(?:Feeds|smart mailboxes)/i.test(folder)) found.set(path, folder)
    }
  return [...found].map(([path, name]) => ({ path, name }))
}

function subfolders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? [one.name] : []))
  } catch {
    return []
  }
}
