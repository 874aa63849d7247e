import { Fault } from '../base/fault.ts'
import { formatMailbox, parseMailbox } from '../model/address.ts'
import type { VcardPerson } from '../model/vcard.ts'
import { describeContact, findContact, fold, saveContact, type Contact } from './contact.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** Contacts under a name of their own. */
export interface ContactGroup {
  readonly id: number
  readonly name: string
  readonly members: number
}

/** What became of an import. */
export interface ImportedContacts {
  readonly added: number
  readonly changed: number
  /** Were here, with all that the file knows of them. */
  readonly same: number
  /** What is no address, as the file has it. */
  readonly invalid: readonly string[]
  readonly ids: readonly number[]
}

const MOST_GROUPS = 500

const COLUMNS = 'g.id, g.name, (SELECT count(*) FROM contact_member m WHERE m.group_id = g.id) AS members'
const LIST = `SELECT ${COLUMNS} FROM contact_group g ORDER BY g.name_key`
const GET = `SELECT ${COLUMNS} FROM contact_group g WHERE g.id = ?`
const BY_KEY = `SELECT ${COLUMNS} FROM contact_group g WHERE g.name_key = ?`
const COUNT = 'SELECT count(*) AS n FROM contact_group'
const INSERT = 'INSERT INTO contact_group (name, name_key) VALUES (?, ?)'
const RENAME = 'UPDATE contact_group SET name = ?, name_key = ? WHERE id = ?'
const REMOVE = 'DELETE FROM contact_group WHERE id = ?'
const JOIN = 'INSERT OR IGNORE INTO contact_member (group_id, contact_id) SELECT ?, id FROM contact WHERE id = ?'
const LEAVE = 'DELETE FROM contact_member WHERE group_id = ? AND contact_id = ?'

/** All groups by name. */
export function listContactGroups(db: ReadDb): ContactGroup[] {
  return prepared<[], ContactGroup>(db, LIST).all()
}

const countGroups = (db: ReadDb) => prepared<[], { n: number }>(db, COUNT).get()?.n ?? 0

function get(db: ReadDb, id: number): ContactGroup {
  const found = prepared<[number], ContactGroup>(db, GET).get(id)
  if (found === undefined)
    throw new Fault('not-found', `find group ${id} of contacts: there is none`, { what: 'group', id: String(id) })
  return found
}

/** Makes a group, or renames the one of that id. Throws `conflict` for a name that is taken, past 500 groups, and `not-found`. */
export function saveContactGroup(
  db: WriteDb,
  args: { readonly id?: number | undefined; readonly name: string },
): ContactGroup {
  const name = args.name.trim()
  const other = prepared<[string], ContactGroup>(db, BY_KEY).get(fold(name))
  if (other !== undefined && other.id !== args.id)
    throw new Fault('conflict', `save the group "${name}": there is one called ${other.name}`, {
      what: 'group',
      reason: 'its name is taken',
    })
  if (args.id !== undefined) {
    get(db, args.id)
    prepared(db, RENAME).run(name, fold(name), args.id)
    return get(db, args.id)
  }
  if (countGroups(db) >= MOST_GROUPS)
    throw new Fault('conflict', `save the group "${name}": there are ${MOST_GROUPS}`, {
      what: 'group',
      reason: 'there are too many',
    })
  return get(db, Number(prepared(db, INSERT).run(name, fold(name)).lastInsertRowid))
}

/** Removes a group; its contacts stay. Throws `not-found`. */
export function removeContactGroup(db: WriteDb, { id }: { readonly id: number }): void {
  get(db, id)
  prepared(db, REMOVE).run(id)
}

/** Puts contacts into a group, or takes them out. Throws `not-found` for a group that is gone. */
export function setContactGroup(
  db: WriteDb,
  args: { readonly groupId: number; readonly ids: readonly number[]; readonly member: boolean },
): void {
  get(db, args.groupId)
  for (const id of args.ids) prepared(db, args.member ? JOIN : LEAVE).run(args.groupId, id)
}

/**
 * Takes people of an address book in. What somebody wrote down here stays; only what is not known yet is filled in. Twice the
 * same file changes nothing the second time.
 */
export function importContacts(db: WriteDb, { people }: { readonly people: readonly VcardPerson[] }): ImportedContacts {
  const counts = { added: 0, changed: 0, same: 0 }
  const invalid: string[] = []
  const ids: number[] = []
  for (const person of people)
    for (const text of person.addresses) {
      const mailbox = parseMailbox(text)
      if (mailbox === undefined) {
        invalid.push(text)
        continue
      }
      const address = formatMailbox(mailbox)
      const before = findContact(db, address)
      const id = before?.id ?? saveContact(db, { name: person.name, address }).id
      if (before !== undefined) fill(db, before, person)
      else describeContact(db, id, person)
      const groups = person.groups.map((name) => ensureGroup(db, name)).filter((group) => group !== undefined)
      for (const group of groups) prepared(db, JOIN).run(group.id, id)
      const now = findContact(db, address)
      counts[before === undefined ? 'added' : JSON.stringify(now) === JSON.stringify(before) ? 'same' : 'changed'] += 1
      ids.push(id)
    }
  return { ...counts, invalid, ids }
}

function fill(db: WriteDb, before: Contact, person: VcardPerson): void {
  const name = before.kept && before.name !== '' ? before.name : person.name || before.name
  if (name !== before.name || !before.kept) saveContact(db, { id: before.id, name, address: before.address })
  describeContact(db, before.id, {
    organisation: before.organisation || person.organisation,
    phone: before.phone || person.phone,
    note: before.note || person.note,
  })
}

/** The group of that name; undefined where it has none to speak of, or there are too many. */
function ensureGroup(db: WriteDb, name: string): ContactGroup | undefined {
  const key = fold(name.trim())
  if (key === '') return undefined
  const found = prepared<[string], ContactGroup>(db, BY_KEY).get(key)
  if (found !== undefined) return found
  return countGroups(db) >= MOST_GROUPS ? undefined : saveContactGroup(db, { name })
}

export const contactGroupOperations = {
  'contact.group.save': saveContactGroup,
  'contact.group.remove': removeContactGroup,
  'contact.group.set': setContactGroup,
  'contact.import': importContacts,
} satisfies Record<string, Operation<never, unknown>>
