import { shell } from '../../bridge/shell.ts'
import { SETTINGS_PAGES, type SettingsPage } from '../../state/route.ts'
import type { IconName } from '../../parts/icons.ts'
import { said, told } from '../../words/words.ts'

/** The pages of settings: what each is called. */
export const PAGE: Readonly<Record<SettingsPage, { readonly title: string; readonly icon: IconName }>> = {
  accounts: { title: said('Accounts'), icon: 'inbox' },
  identities: { title: said('Identities'), icon: 'user' },
  routes: { title: said('Routes'), icon: 'route' },
  signing: { title: said('Signing'), icon: 'shield' },
  destinations: { title: said('Destinations'), icon: 'globe' },
  programs: { title: said('Other programs'), icon: 'plug' },
  local: { title: said('Local mail'), icon: 'local' },
  rules: { title: said('Rules'), icon: 'filter' },
  tags: { title: said('Tags'), icon: 'tag' },
  transfer: { title: said('Import and export'), icon: 'download' },
  log: { title: said('Log'), icon: 'wire' },
  privacy: { title: said('Privacy'), icon: 'eye' },
  protection: { title: said('Protection'), icon: 'key' },
  appearance: { title: said('Appearance'), icon: 'moon' },
  keys: { title: said('Keys'), icon: 'bolt' },
  desktop: { title: said('Desktop'), icon: 'window' },
  settings: { title: said('All settings'), icon: 'settings' },
  diagnostics: { title: said('Diagnostics'), icon: 'pulse' },
  about: { title: said('About'), icon: 'info' },
}

/** The pages there are here: a browser has no desktop of ours. */
export const PAGES = SETTINGS_PAGES.filter((page) => page !== 'desktop' || shell !== undefined)

/** What else a page of settings is looked for by: the words of what can be set there. */
const ABOUT: Readonly<Partial<Record<SettingsPage, string>>> = {
  accounts: said('POP3 IMAP server password fetch mail add account'),
  identities: said('name address signature reply-to sender'),
  routes: said('smarthost relay provider login send through'),
  signing: said('DKIM key DNS record domain'),
  destinations: said('pace limit TLS MTA-STS refused addresses'),
  programs: said('Thunderbird Outlook Apple Mail app password SMTP certificate'),
  local: said('domain alias catch-all user mailbox quota'),
  rules: said('filter sort forward reply automatically'),
  tags: said('label colour'),
  transfer: said('mbox Maildir backup Thunderbird profile'),
  log: said('protocol record keep days size'),
  privacy: said('remote images tracking discovery updates'),
  protection: said('passphrase keychain key file lock encryption'),
  appearance: said('language theme dark light density'),
  keys: said('shortcut keyboard Gmail Thunderbird'),
  desktop: said('tray notifications start at login quiet hours badge'),
  diagnostics: said('memory crash report threads version'),
  about: said('version fingerprint data folder'),
}

/** True when the title of a page, or what it is about, holds every word that was typed, in the language shown or in English. */
export function pageFits(typed: string, page: SettingsPage): boolean {
  const about = ABOUT[page] ?? ''
  const { title } = PAGE[page]
  const words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  const text = [title, told(title), about, told(about)].join(' ').toLocaleLowerCase()
  return words.length > 0 && words.every((word) => text.includes(word))
}
