import { Fault } from '../base/fault.ts'
import { formatMailbox, parseMailbox } from '../model/address.ts'
import { findIdentity } from './identity.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** Somebody the person writes to. */
export interface Contact {
  readonly id: number
  readonly name: string
  readonly address: string
  /** Written down by the person; false for one that was only learnt. */
  readonly kept: boolean
  readonly uses: number
  readonly lastUsedMs: number | null
  readonly organisation: string
  readonly phone: string
  readonly note: string
  /** Ids of the groups it belongs to. */
  readonly groups: number[]
}
interface Row extends Omit<Contact, 'kept' | 'groups'> {
  /** Ids with commas between; NULL for none. */
  readonly groupIds: string | null
  readonly kept: number
  readonly rankMs: number
}
/** Somebody a message was written to. */
export interface Addressed {
  readonly name: string
  readonly address: string
}

/** A use counts half as much each month. */
const HALF_LIFE_MS = 30 * 86_400_000
/** Of a message to more people nobody is learnt: it is a circular, not a conversation. */
const MOST_LEARNT = 50
const LONGEST_NAME = 200
const MOST_WORDS = 12
const LONGEST_WORD = 100
/** Matches of a prefix that are ordered among themselves. Of more, the likeliest contacts of all are asked whether they match. */
const MOST_MATCHES = 500
const MOST_ASKED = 2000
/** Addresses no person reads. */
const ROBOT =
  /^(?:no-?_?reply|do-?not-?reply|mailer-daemon|postmaster|bounces?|unsubscribe|(?:un)?subscribe|.*-(?:bounces|unsubscribe|request|owner))(?:[+=].*)?$/i

const COLUMNS = `c.id, c.name, c.address, c.is_kept AS kept, c.uses, c.last_used_ms AS lastUsedMs, c.rank_ms AS rankMs,
  c.organisation, c.phone, c.note,
  (SELECT group_concat(m.group_id) FROM contact_member m WHERE m.contact_id = c.id) AS groupIds`
const GET = `SELECT ${COLUMNS} FROM contact c WHERE c.id = ?`
const BY_ADDRESS = `SELECT ${COLUMNS} FROM contact c WHERE c.address_key = ?`
const MATCHES = 'SELECT DISTINCT contact_id AS id FROM contact_word WHERE word >= ? AND word < ? LIMIT ?' // its primary key
const HAS_WORD = 'SELECT 1 FROM contact_word WHERE contact_id = ? AND word >= ? AND word < ? LIMIT 1' // index contact_word_contact
const LIKELIEST = `SELECT ${COLUMNS} FROM contact c ORDER BY c.rank_ms DESC, c.id DESC LIMIT ?` // index contact_rank
const LIKELIEST_IDS = 'SELECT id FROM contact ORDER BY rank_ms DESC, id DESC LIMIT ?' // covered by contact_rank
const PAGE = `
  SELECT ${COLUMNS} FROM contact c WHERE (c.sort_key, c.id) > (?, ?) ORDER BY c.sort_key, c.id LIMIT ?` // index contact_sort
const GROUP_PAGE = `
  SELECT ${COLUMNS} FROM contact_member g JOIN contact c ON c.id = g.contact_id
  WHERE g.group_id = ? AND (c.sort_key, c.id) > (?, ?) ORDER BY c.sort_key, c.id LIMIT ?`
const DETAILS = 'UPDATE contact SET organisation = ?, phone = ?, note = ? WHERE id = ?'
const SORT_KEY = 'SELECT sort_key AS sortKey FROM contact WHERE id = ?'
const INSERT = `
  INSERT INTO contact (address, address_key, name, sort_key, is_kept, uses, last_used_ms, rank_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
const CHANGE = 'UPDATE contact SET address = ?, address_key = ?, name = ?, sort_key = ?, is_kept = ? WHERE id = ?'
const USE =
  'UPDATE contact SET uses = uses + 1, last_used_ms = max(coalesce(last_used_ms, 0), ?), rank_ms = ? WHERE id = ?'
const FORGET_WORDS = 'DELETE FROM contact_word WHERE contact_id = ?'
const ADD_WORD = 'INSERT OR IGNORE INTO contact_word (word, contact_id) VALUES (?, ?)'
const REMOVE = 'DELETE FROM contact WHERE id = ?'

function toContact({ id, name, address, kept, uses, lastUsedMs, organisation, phone, note, groupIds }: Row): Contact {
  const groups = (groupIds ?? '').split(',').filter(Boolean).map(Number)
  const details = { organisation, phone, note, groups: groups.toSorted((a, b) => a - b) }
  return { id, name, address, kept: kept === 1, uses, lastUsedMs, ...details }
}

/** Text as it is compared: case and accents do not matter. */
export function fold(text: string): string {
  return text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase().normalize('NFC')
}

/** What a contact is found by: its address, the domain, the words of its name, and the name as it stands. */
function wordsOf(name: string, address: string): Set<string> {
  const key = fold(address)
  const whole = fold(name).trim()
  const words = whole.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')
  const all = [key, key.slice(key.lastIndexOf('@') + 1), whole, ...words.slice(0, MOST_WORDS)]
  return new Set(all.map((word) => word.slice(0, LONGEST_WORD)).filter((word) => word !== ''))
}

/** The end of all words that begin so. */
const after = (prefix: string) => `${prefix}\u{10ffff}`

/** The contact of that id, or undefined. */
export function getContact(db: ReadDb, id: number): Contact | undefined {
  const row = prepared<[number], Row>(db, GET).get(id)
  return row && toContact(row)
}

/** Whether there is a contact of that address, whatever its case; for rules. */
export function isContact(db: ReadDb, address: string): boolean {
  return prepared<[string], Row>(db, BY_ADDRESS).get(fold(address)) !== undefined
}

/** Contacts a word of which begins with `prefix`, the likeliest first; '' asks for the likeliest of all. */
export function completeContacts(
  db: ReadDb,
  { prefix, limit }: { readonly prefix: string; readonly limit: number },
): Contact[] {
  const from = fold(prefix.trim()).slice(0, LONGEST_WORD)
  if (from === '') return prepared<[number], Row>(db, LIKELIEST).all(limit).map(toContact)
  const to = after(from)
  const matches = prepared<[string, string, number], { id: number }>(db, MATCHES).all(from, to, MOST_MATCHES)
  const ids = new Set<number>()
  if (matches.length === MOST_MATCHES) {
    // Too many to be ordered: the likeliest of all are asked whether they match, until there are enough.
    const has = prepared<[number, string, string], unknown>(db, HAS_WORD)
    for (const { id } of prepared<[number], { id: number }>(db, LIKELIEST_IDS).all(MOST_ASKED)) {
      if (has.get(id, from, to) !== undefined) ids.add(id)
      if (ids.size === limit) break
    }
  }
  if (ids.size < limit) for (const { id } of matches) ids.add(id)
  const get = prepared<[number], Row>(db, GET)
  return [...ids]
    .map((id) => get.get(id))
    .filter((row) => row !== undefined)
    .sort((a, b) => b.rankMs - a.rankMs || b.id - a.id)
    .slice(0, limit)
    .map(toContact)
}

/** A page of all contacts, or of those of a group, by name, then address. `after`: the last one of the page before. */
export function listContacts(
  db: ReadDb,
  args: { readonly after: number | null; readonly limit: number; readonly groupId?: number | null | undefined },
): Contact[] {
  const last = args.after === null ? undefined : prepared<[number], { sortKey: string }>(db, SORT_KEY).get(args.after)
  const from = [last?.sortKey ?? '', last === undefined ? 0 : (args.after ?? 0), args.limit] as const
  const rows =
    args.groupId === undefined || args.groupId === null
      ? prepared<[string, number, number], Row>(db, PAGE).all(...from)
      : prepared<[number, string, number, number], Row>(db, GROUP_PAGE).all(args.groupId, ...from)
  return rows.map(toContact)
}

function insert(db: WriteDb, one: Addressed, kept: boolean, uses: number, usedMs: number | null): number {
  const { name, address } = one
  const sortKey = fold(name === '' ? address : name)
  const values = [address, fold(address), name, sortKey, kept ? 1 : 0, uses, usedMs, usedMs ?? 0]
  const id = Number(prepared(db, INSERT).run(...values).lastInsertRowid)
  index(db, id, one)
  return id
}

function change(db: WriteDb, id: number, one: Addressed, kept: boolean): void {
  const { name, address } = one
  prepared(db, CHANGE).run(address, fold(address), name, fold(name === '' ? address : name), kept ? 1 : 0, id)
  prepared(db, FORGET_WORDS).run(id)
  index(db, id, one)
}

function index(db: WriteDb, id: number, { name, address }: Addressed): void {
  for (const word of wordsOf(name, address)) prepared(db, ADD_WORD).run(word, id)
}

/**
 * One number that orders contacts by use and recency whenever it is asked: what the uses so far are worth at the time of the new
 * one, and one more, as the time at which a single use would be worth as much.
 */
function rankAfter(rankMs: number, usedMs: number): number {
  const [late, early] = rankMs > usedMs ? [rankMs, usedMs] : [usedMs, rankMs]
  return Math.round(late + HALF_LIFE_MS * Math.log2(1 + 2 ** ((early - late) / HALF_LIFE_MS)))
}

/**
 * Learns whom a message of the person's was written to. Robots, own addresses and what is no address are passed over, and so is a
 * message to very many. Returns the contacts' ids.
 */
export function learnContacts(
  db: WriteDb,
  args: { readonly people: readonly Addressed[]; readonly atMs: number },
  nowMs: number,
): number[] {
  if (args.people.length > MOST_LEARNT) return []
  const usedMs = Math.min(Math.max(args.atMs, 0), nowMs)
  const learnt = new Set<number>()
  for (const person of args.people) {
    const mailbox = parseMailbox(person.address)
    if (mailbox === undefined || ROBOT.test(mailbox.local) || findIdentity(db, mailbox) !== undefined) continue
    const address = formatMailbox(mailbox)
    const name = nameOf(person, address)
    const known = prepared<[string], Row>(db, BY_ADDRESS).get(fold(address))
    if (known === undefined) {
      learnt.add(insert(db, { name, address }, false, 1, usedMs))
      continue
    }
    if (learnt.has(known.id)) continue // named twice in one message
    learnt.add(known.id)
    // A name the person wrote down stays; of the others the last one that was used is best.
    if (name !== '' && name !== known.name && known.kept === 0 && usedMs >= (known.lastUsedMs ?? 0))
      change(db, known.id, { name, address }, false)
    prepared(db, USE).run(usedMs, rankAfter(known.rankMs, usedMs), known.id)
  }
  return [...learnt]
}

/** A name that only repeats the address is none. */
function nameOf({ name }: Addressed, address: string): string {
  const clean = name.replaceAll(/^['"\s]+|['"\s]+$/g, '').slice(0, LONGEST_NAME)
  return fold(clean) === fold(address) ? '' : clean
}

/** What is known of a contact beside name and address. */
export interface ContactDetails {
  readonly organisation: string
  readonly phone: string
  readonly note: string
}

/** Notes down what is known of a contact. */
export function describeContact(db: WriteDb, id: number, { organisation, phone, note }: ContactDetails): void {
  prepared(db, DETAILS).run(organisation.trim(), phone.trim(), note.trim(), id)
}

/** The contact of that address, whatever its case. */
export function findContact(db: ReadDb, address: string): Contact | undefined {
  const row = prepared<[string], Row>(db, BY_ADDRESS).get(fold(address))
  return row && toContact(row)
}

/** Makes a contact, or changes the one of that id. Throws `address.invalid`, `conflict` and `not-found`. */
export function saveContact(
  db: WriteDb,
  args: Addressed & { readonly id?: number | undefined; readonly details?: ContactDetails | undefined },
): Contact {
  const mailbox = parseMailbox(args.address.trim())
  if (mailbox === undefined)
    throw new Fault('address.invalid', `save the contact: "${args.address}" is no address`, {
      value: args.address,
      reason: 'grammar',
    })
  const one = { name: args.name.trim().slice(0, LONGEST_NAME), address: formatMailbox(mailbox) }
  const other = prepared<[string], Row>(db, BY_ADDRESS).get(fold(one.address))
  if (other !== undefined && other.id !== args.id && (args.id !== undefined || other.kept === 1))
    throw new Fault('conflict', `save the contact: ${one.address} is in your contacts as ${other.name || 'it is'}`, {
      what: 'contact',
      reason: 'its address is taken',
    })
  // One that was learnt becomes one that was written down.
  const id = args.id ?? other?.id
  if (id !== undefined && getContact(db, id) === undefined) throw noContact(id)
  if (id !== undefined) change(db, id, one, true)
  const savedId = id ?? insert(db, one, true, 0, null)
  if (args.details !== undefined) describeContact(db, savedId, args.details)
  const saved = getContact(db, savedId)
  if (saved === undefined) throw noContact(savedId)
  return saved
}

/** Forgets a contact. Throws `not-found`. */
export function removeContact(db: WriteDb, { id }: { readonly id: number }): void {
  if (prepared(db, REMOVE).run(id).changes !== 1) throw noContact(id)
}

const noContact = (id: number) =>
  new Fault('not-found', `find contact ${id}: there is none`, { what: 'contact', id: String(id) })

export const contactOperations = {
  'contact.learn': learnContacts,
  'contact.save': saveContact,
  'contact.remove': removeContact,
} satisfies Record<string, Operation<never, unknown>>
