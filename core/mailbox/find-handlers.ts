import { setImmediate as nextTurn } from 'node:timers/promises'
import { Fault } from '../base/fault.ts'
import type { MessageFields } from '../model/message-fields.ts'
import { marksIn, missingIn, snippetOf, wantedWords, type WantedWords } from '../model/search-marks.ts'
import { parseSearch, type SearchNode } from '../model/search-query.ts'
import { oneLine } from '../message/one-line.ts'
import type { SearchHit, SearchPage, SnippetView } from '../rpc/search-contract.ts'
import type { Message } from '../store/message-list.ts'
import { getRebuild } from '../store/search-index.ts'
import type { Store } from '../store/types.ts'
import { toRows } from './rows.ts'

/** What a search needs. */
export interface FindDeps {
  readonly store: Pick<Store, 'read' | 'query' | 'openBody'>
  /** What is known of a message by its bytes. */
  readonly describe: (raw: Uint8Array) => Promise<MessageFields>
  readonly nowMs: () => number
}
/** What is looked for, as the contract has it. */
export interface FindInput {
  readonly text: string
  readonly limit: number
  readonly before?: number | undefined
  readonly typing?: boolean | undefined
}

/** The first page is what a window shows at once. */
const FIRST_ROWS = 50
const ROWS = 200
/** Of so many hits the text is looked into for the words. */
const MOST_OPENED = 100
/** Of a message so much is read for that; its text is in front of what is attached. */
const OPENED_BYTES = 256 * 1024
const OPENED_CHARACTERS = 16_384
/** Snippets that are told at once. */
const SNIPPETS = 10

/** Parses a query. Throws `search.invalid`. */
export function parseQuery(text: string, isTyping = false): SearchNode | null {
  const { query, error } = parseSearch(text, { isTyping })
  if (error === null) return query
  const { offset, length, reason } = error
  const part = text.slice(offset, offset + Math.min(length, 60))
  throw new Fault('search.invalid', `search, at character ${offset + 1} ("${part}"): ${reason}`, {
    offset,
    length,
    reason,
  })
}

/**
 * Hits as they are found, newest arrival first, with snippets; better snippets of the first hits follow. Stops when `signal`
 * aborts. Throws `search.invalid`.
 */
export async function* find(
  deps: FindDeps,
  input: FindInput,
  signal?: AbortSignal,
): AsyncGenerator<SearchPage, void, void> {
  const { store } = deps
  const query = parseQuery(input.text, input.typing)
  const page = (part: Partial<SearchPage>): SearchPage => {
    const rebuild = getRebuild(store.read)
    const indexing = rebuild === null ? null : { done: rebuild.done, total: rebuild.total }
    return { hits: [], snippets: [], ended: false, more: false, indexing, ...part }
  }
  if (query === null) return yield page({ ended: true })
  const wanted = wantedWords(query)
  const nowMs = deps.nowMs()
  let before = input.before ?? null
  let left = input.limit
  let opened = 0
  for (let isFirst = true; ; isFirst = false) {
    const limit = Math.min(left, isFirst ? FIRST_ROWS : ROWS)
    const found = await store.query('message.search', { query, before, limit, nowMs }, signal)
    left -= found.rows.length
    before = found.before
    const ended = before === null || left === 0
    const state = { ended, more: before !== null && ended }
    const hits = toHits(store, found.rows, wanted)
    yield page({ hits, ...state })
    const poor = found.rows.filter((row) => lacks(row, wanted)).slice(0, MOST_OPENED - opened)
    opened += poor.length
    for (let from = 0; from < poor.length; from += SNIPPETS) {
      const snippets: SnippetView[] = []
      for (const row of poor.slice(from, from + SNIPPETS)) {
        signal?.throwIfAborted()
        const snippet = await inText(deps, row, wanted)
        if (snippet !== undefined) snippets.push(snippet)
      }
      if (snippets.length > 0) yield page({ snippets, ...state })
    }
    if (ended) return
  }
}

const of = (wanted: readonly WantedWords[], field: WantedWords['field']) =>
  wanted.filter((one) => one.field === null || one.field === field)

function toHits(store: FindDeps['store'], rows: readonly Message[], wanted: readonly WantedWords[]): SearchHit[] {
  const inBody = of(wanted, 'body')
  return toRows(store.read, rows).map((row) => ({
    ...row,
    snippet: { text: row.preview, marks: marksIn(row.preview, inBody) },
    subjectMarks: marksIn(row.subject, of(wanted, 'subject')),
    authorMarks: marksIn(row.authorName || row.authorAddress, of(wanted, 'from')),
  }))
}

/** Whether what a list shows of a message leaves out words that its text may have. */
function lacks({ subject, authorName, authorAddress, preview }: Message, wanted: readonly WantedWords[]): boolean {
  const anywhere = wanted.filter(({ field }) => field === null)
  const onlyBody = wanted.filter(({ field }) => field === 'body')
  return (
    missingIn([subject, authorName, authorAddress, preview], anywhere).length > 0 ||
    missingIn([preview], onlyBody).length > 0
  )
}

/** Words around what was looked for, of a message's text; undefined where that has none of it. */
async function inText(deps: FindDeps, row: Message, wanted: readonly WantedWords[]): Promise<SnippetView | undefined> {
  const chunks: Uint8Array[] = []
  let left = OPENED_BYTES
  try {
    for await (const chunk of deps.store.openBody(row.view)) {
      chunks.push(chunk.subarray(0, left))
      left -= chunk.length
      if (left <= 0) break
    }
  } catch {
    return undefined // damaged bytes are told where the message is opened
  }
  const { body } = await deps.describe(Buffer.concat(chunks))
  const line = oneLine(body.slice(0, OPENED_CHARACTERS * 4).replaceAll(/^[> ]+/gm, ''), OPENED_CHARACTERS)
  const snippet = snippetOf(line, of(wanted, 'body'))
  await nextTurn() // small messages are read on this thread
  return snippet.marks.length === 0 ? undefined : { id: row.id, ...snippet }
}
