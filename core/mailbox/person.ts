import { findFolder, PERSON } from '../store/folder.ts'
import type { Store } from '../store/types.ts'

const ROLES = ['inbox', 'drafts', 'sent', 'archive', 'trash'] as const

/** Makes the folders every mail program has, where they are missing. */
export async function ensurePersonFolders(store: Pick<Store, 'read' | 'write'>): Promise<void> {
  for (const role of ROLES)
    if (findFolder(store.read, PERSON, role) === undefined) await store.write('folder.ensure', { owner: PERSON, role })
}
