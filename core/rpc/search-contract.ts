import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { Id, MessageRow } from './views.ts'

const done = z.object({ ok: z.literal(true) })

/** Parts of a text that were looked for: `[from, to)` in UTF-16 code units, in order, none over another. */
export const Marks = z.array(z.tuple([z.number().int(), z.number().int()]))

/** Words of a message around what was looked for. */
export const SnippetView = z.object({
  id: Id,
  text: z.string(),
  marks: Marks,
})
export type SnippetView = z.infer<typeof SnippetView>

/** A message that was found. Its snippet is of the preview; one of the body may follow. */
export const SearchHit = MessageRow.extend({
  snippet: SnippetView.omit({ id: true }),
  subjectMarks: Marks,
  authorMarks: Marks,
})
export type SearchHit = z.infer<typeof SearchHit>

/** How far the index is where it is made anew: what was not reached yet is not found. Newest messages come first. */
export const IndexingView = z.object({ done: z.number().int(), total: z.number().int() })
export type IndexingView = z.infer<typeof IndexingView>

/** One event of a search. */
export const SearchPage = z.object({
  /** What was found since the event before, newest first; it goes on where that one ended. */
  hits: z.array(SearchHit),
  /** Better words for hits that came before: from the text of the message. */
  snippets: z.array(SnippetView),
  /** No more hits come; snippets may. */
  ended: z.boolean(),
  /** Where `ended`: the limit was reached and there may be more, to be had with `before` the last hit's id. */
  more: z.boolean(),
  indexing: IndexingView.nullable(),
})
export type SearchPage = z.infer<typeof SearchPage>

/**
 * Messages a query finds, newest arrival first, as they are found; the language is core/model/search-query.ts. Ends when the caller
 * lets go. Fails with `search.invalid`, which says where, for a query that doesn't parse.
 */
export const searchCall = oc
  .input(
    z.object({
      text: z.string().max(1000),
      limit: z.number().int().min(1).max(1000),
      /** Only messages older than that hit. */
      before: Id.optional(),
      /** Somebody is typing: the last word may be the beginning of one. */
      typing: z.boolean().optional(),
    }),
  )
  .output(eventIterator(SearchPage))

export const SavedSearchView = z.object({ id: Id, name: z.string(), text: z.string() })
export type SavedSearchView = z.infer<typeof SavedSearchView>

/** Searches that are kept, and the index they are answered from. */
export const searchContract = {
  saved: {
    /** By name. */
    list: oc.output(z.array(SavedSearchView)),
    /**
     * Keeps a search, or changes the one of that id. Fails with `search.invalid`, and with `conflict` for a name that is taken or
     * when there are too many.
     */
    save: oc
      .input(
        z.object({
          id: Id.optional(),
          name: z.string().trim().min(1).max(100),
          text: z.string().trim().min(1).max(1000),
        }),
      )
      .output(SavedSearchView),
    /** Fails with `not-found`. */
    remove: oc.input(z.object({ id: Id })).output(done),
  },
  /** Null where the index is whole. */
  indexing: oc.output(IndexingView.nullable()),
  /** Makes the index anew from the messages, or follows where that is under way; says how far it is, and ends when it is whole. */
  reindex: oc.output(eventIterator(IndexingView)),
  /** Saved searches changed, or how far the index is. */
  changes: oc.output(eventIterator(z.object({ what: z.array(z.enum(['saved', 'index'])) }))),
}
