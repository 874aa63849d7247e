import type { FolderRole } from '../store/folder.ts'
import type { ListedFolder } from '../store/imap-folder.ts'
import type { ImapSession } from './imap-client.ts'

const MOST_FOLDERS = 5000

const ROLES: Readonly<Record<string, FolderRole>> = {
  '\\Inbox': 'inbox',
  '\\Sent': 'sent',
  '\\Drafts': 'drafts',
  '\\Archive': 'archive',
  '\\Trash': 'trash',
  '\\Junk': 'junk',
}
/** Views over other folders: each of their messages is in one of these, too, and would be here twice (RFC 6154 §2). */
const VIEWS = new Set(['\\all', '\\flagged', '\\important'])

/** What is mirrored of a server's folders. */
export interface Listed {
  readonly folders: readonly ListedFolder[]
  /** The path of the folder that holds all mail, of which only what is in no other folder is mirrored; undefined where none is. */
  readonly rest: string | undefined
}

/** What of Gmail's All Mail is in none of its other folders: mail that was archived without a label. */
export const REST = 'has:nouserlabels -in:inbox -in:sent -in:drafts -in:chats'

/** Asks for a server's folders. Names are shown with `/` between levels, whatever the server has there. */
export async function listFolders(session: ImapSession): Promise<Listed> {
  const listed = await session.list()
  // The library knows the uses of RFC 6154, and \Important (RFC 8457) is not among them.
  const isView = ({ flags, specialUse = '' }: (typeof listed)[number]) =>
    [...flags, specialUse].some((flag) => VIEWS.has(flag.toLowerCase()))
  const can = ({ flags }: (typeof listed)[number]) => !flags.has('\\Noselect') && !flags.has('\\NonExistent')
  // At Gmail labels are folders, and to archive is to take a message's labels off: then it is in All Mail alone.
  const isGmail = session.can('X-GM-EXT-1') && !listed.some(({ specialUse }) => specialUse === '\\Archive')
  const rest = isGmail ? listed.find((one) => one.specialUse === '\\All' && can(one))?.path : undefined
  const roles = new Set<FolderRole>()
  const folders = listed
    .filter((one) => can(one) && (one.path === rest || !isView(one)))
    .slice(0, MOST_FOLDERS)
    .map(({ path, specialUse, delimiter }) => {
      const wanted = path === rest ? 'archive' : (ROLES[specialUse ?? ''] ?? 'other')
      const role = roles.has(wanted) ? 'other' : wanted
      if (role !== 'other') roles.add(role)
      const name = path === 'INBOX' ? 'Inbox' : delimiter === '' ? path : path.split(delimiter).join('/')
      return { path, name: name.slice(0, 500), role }
    })
  return { folders, rest }
}
