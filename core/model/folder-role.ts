/** What a folder is for, where programs agree on that. */
export type KnownRole = 'inbox' | 'sent' | 'drafts' | 'archive' | 'trash' | 'junk'

const NAMES: Readonly<Record<KnownRole, readonly string[]>> = {
  inbox: ['inbox'],
  sent: ['sent', 'sent items', 'sent mail', 'sent messages', 'sent-mail', 'outbox.sent'],
  drafts: ['drafts', 'draft'],
  archive: ['archive', 'archives'],
  trash: ['trash', 'deleted items', 'deleted messages', 'deleted', 'bin'],
  junk: ['junk', 'spam', 'bulk mail', 'junk e-mail', 'junk email'],
}

/** What a folder of that name is for in the programs people come from; null for any other. */
export function roleOfName(name: string): KnownRole | null {
  const wanted = name.trim().toLowerCase()
  const found = Object.entries(NAMES).find(([, names]) => names.includes(wanted))
  return found === undefined ? null : (found[0] as KnownRole)
}
