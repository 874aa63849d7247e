import type { RuleSource } from '../model/rule.ts'
import type { RuleNames } from '../model/rule-words.ts'
import { formatMailbox } from '../model/address.ts'
import { listAccounts } from '../store/account.ts'
import { listFolders, type OwnedFolder } from '../store/folder.ts'
import { listUsers } from '../store/local-user.ts'
import { findTag, getTag } from '../store/tag.ts'
import type { ReadDb } from '../store/types.ts'

/** The person's own mailbox on this computer. */
const HERE = 'here'

const same = (a: string, b: string) => a.trim().toLowerCase() === b.trim().toLowerCase()
const folderText = ({ name, ownerName }: OwnedFolder) => (ownerName === null ? name : `${ownerName}: ${name}`)

/** Names of tags, folders, accounts and local users as they stand now. A folder of an account is `ACCOUNT: FOLDER`. */
export function ruleNames(read: ReadDb): RuleNames {
  // Asked once a question: a list of rules names many.
  let folders: readonly OwnedFolder[] | undefined
  const allFolders = () => (folders ??= listFolders(read))
  let accounts: ReturnType<typeof listAccounts> | undefined
  const allAccounts = () => (accounts ??= listAccounts(read))
  let users: ReturnType<typeof listUsers> | undefined
  const allUsers = () => (users ??= listUsers(read))
  return {
    tagId: (name) => findTag(read, name)?.id,
    tagName: (id) => getTag(read, id)?.name,
    folderId(name) {
      const exact = allFolders().find((folder) => same(folderText(folder), name))
      if (exact !== undefined) return exact.id
      // The name alone, where only one has it.
      const [only, ...others] = allFolders().filter((folder) => same(folder.name, name))
      return others.length === 0 ? only?.id : undefined
    },
    folderName(id) {
      const folder = allFolders().find((one) => one.id === id)
      return folder && folderText(folder)
    },
    source(name): RuleSource | undefined {
      if (same(name, HERE)) return { kind: 'person' }
      const account = allAccounts().find((one) => same(one.name, name) || same(one.user, name))
      if (account !== undefined) return { kind: 'account', accountId: account.id }
      const user = allUsers().find(({ mailbox }) => same(formatMailbox(mailbox), name))
      return user && { kind: 'user', userId: user.id }
    },
    sourceName(source) {
      if (source.kind === 'person') return HERE
      if (source.kind === 'account') return allAccounts().find(({ id }) => id === source.accountId)?.name
      const user = allUsers().find(({ id }) => id === source.userId)
      return user && formatMailbox(user.mailbox)
    },
  }
}
