import { Fault } from '../base/fault.ts'
import { nextCounter } from './counter.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** A mark with a name and a colour. */
export interface Tag {
  readonly id: number
  readonly name: string
  /** `#rrggbb`. */
  readonly colour: string
  /** The key that sets it, 1 to 9. */
  readonly number: number | null
}
/** What a tag is made or changed with. */
export type TagChange = Omit<Tag, 'id'> & { readonly id?: number | undefined }

/** More tags nobody tells apart. */
export const MOST_TAGS = 100
/** Of a tag that was made with mail that had it. */
const MADE_COLOUR = '#6b7280'

const LIST = 'SELECT id, name, colour, number FROM tag ORDER BY number IS NULL, number, name_key LIMIT 200'
const GET = 'SELECT id, name, colour, number FROM tag WHERE id = ?'
const BY_NAME = 'SELECT id, name, colour, number FROM tag WHERE name_key = ?'
const CLASH = 'SELECT id, name, name_key = ? AS isName FROM tag WHERE (name_key = ? OR number = ?) AND id <> ? LIMIT 1'
const INSERT = 'INSERT INTO tag (name, name_key, colour, number) VALUES (?, ?, ?, ?)'
const UPDATE = 'UPDATE tag SET name = ?, name_key = ?, colour = ?, number = ? WHERE id = ?'
const COUNT = 'SELECT count(*) AS n FROM tag'
const REMOVE = 'DELETE FROM tag WHERE id = ?'
const OF_MESSAGE = `
  SELECT t.id FROM message_tag m JOIN tag t ON t.id = m.tag_id WHERE m.message_id = ?
  ORDER BY t.number IS NULL, t.number, t.name_key`
const OF_MESSAGES = `
  SELECT m.message_id AS messageId, t.id FROM json_each(?) CROSS JOIN message_tag m ON m.message_id = value
    JOIN tag t ON t.id = m.tag_id
  ORDER BY t.number IS NULL, t.number, t.name_key`
const PUT = 'INSERT OR IGNORE INTO message_tag (message_id, tag_id) VALUES (?, ?)'
const TAKE = 'DELETE FROM message_tag WHERE message_id = ? AND tag_id = ?'
const FOLDER = 'SELECT folder_id AS folderId FROM message WHERE id = ?'
const TOUCH = 'UPDATE message SET change = ? WHERE id = ?'

/** A name as it is compared: tags differ in more than case. */
const nameKey = (name: string) => name.normalize('NFKC').toLowerCase()

/** All tags: by number, then by name. */
export function listTags(db: ReadDb): Tag[] {
  return prepared<[], Tag>(db, LIST).all()
}

/** The tag of that id, or undefined. */
export function getTag(db: ReadDb, id: number): Tag | undefined {
  return prepared<[number], Tag>(db, GET).get(id)
}

/** The tag of that name, whatever its case, or undefined. */
export function findTag(db: ReadDb, name: string): Tag | undefined {
  return prepared<[string], Tag>(db, BY_NAME).get(nameKey(name.trim()))
}

/** Ids of a message's tags, in the order of the tags. */
export function tagsOf(db: ReadDb, messageId: number): number[] {
  return prepared<[number], { id: number }>(db, OF_MESSAGE)
    .all(messageId)
    .map(({ id }) => id)
}

/** The same for many messages, in one question; those without tags are left out. */
export function tagsOfAll(db: ReadDb, messageIds: readonly number[]): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>()
  const rows = prepared<[string], { messageId: number; id: number }>(db, OF_MESSAGES).all(JSON.stringify(messageIds))
  for (const { messageId, id } of rows) {
    const known = found.get(messageId)
    if (known === undefined) found.set(messageId, [id])
    else known.push(id)
  }
  return found
}

/** Makes or changes a tag. Throws `conflict` where another has its name or number, and `not-found` for an id that is gone. */
export function saveTag(db: WriteDb, { id, name, colour, number }: TagChange): Tag {
  const key = nameKey(name)
  const clash = prepared<[string, string, number | null, number], { name: string; isName: number }>(db, CLASH).get(
    key,
    key,
    number,
    id ?? 0,
  )
  if (clash !== undefined)
    throw conflict(clash.isName ? `there is a tag "${clash.name}"` : `the tag "${clash.name}" has number ${number}`)
  if (id === undefined) {
    if ((prepared<[], { n: number }>(db, COUNT).get()?.n ?? 0) >= MOST_TAGS)
      throw conflict(`there are ${MOST_TAGS} tags already`)
    return { id: Number(prepared(db, INSERT).run(name, key, colour, number).lastInsertRowid), name, colour, number }
  }
  if (prepared(db, UPDATE).run(name, key, colour, number, id).changes !== 1) throw noTag(id)
  return { id, name, colour, number }
}

/** The id of the tag of that name, which is made where it is missing; undefined where there are too many to make one. */
export function ensureTag(db: WriteDb, name: string): number | undefined {
  const known = findTag(db, name)
  if (known !== undefined) return known.id
  if ((prepared<[], { n: number }>(db, COUNT).get()?.n ?? 0) >= MOST_TAGS) return undefined
  return saveTag(db, { name: name.trim(), colour: MADE_COLOUR, number: null }).id
}

/** Removes a tag, also from all messages. Throws `not-found`. */
export function removeTag(db: WriteDb, { id }: { readonly id: number }): void {
  if (prepared(db, REMOVE).run(id).changes !== 1) throw noTag(id)
}

/**
 * Puts tags on messages and takes them off, for handlers and for rules. Returns the folders of what changed; ids of messages that
 * are gone are passed over. Throws `not-found` for a tag that is gone.
 */
export function setTags(
  db: WriteDb,
  args: { readonly ids: readonly number[]; readonly add: readonly number[]; readonly remove: readonly number[] },
): number[] {
  for (const id of args.add) if (getTag(db, id) === undefined) throw noTag(id)
  const touched = new Set<number>()
  for (const id of new Set(args.ids)) {
    const folder = prepared<[number], { folderId: number }>(db, FOLDER).get(id)
    if (folder === undefined) continue
    let changes = 0
    for (const tag of args.remove) changes += prepared(db, TAKE).run(id, tag).changes
    for (const tag of args.add) changes += prepared(db, PUT).run(id, tag).changes
    if (changes === 0) continue
    prepared(db, TOUCH).run(nextCounter(db, 'change'), id)
    touched.add(folder.folderId)
  }
  return [...touched]
}

const conflict = (reason: string) => new Fault('conflict', `save the tag: ${reason}`, { what: 'tag', reason })
const noTag = (id: number) => new Fault('not-found', `find tag ${id}: it is gone`, { what: 'tag', id: String(id) })

export const tagOperations = {
  'tag.save': saveTag,
  'tag.remove': removeTag,
  'message.tag': setTags,
} satisfies Record<string, Operation<never, unknown>>
