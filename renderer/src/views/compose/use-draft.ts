import type { Editor } from '@tiptap/core'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { IdentityView } from '../../../../core/rpc/views.ts'
import { api, wordsOf } from '../../bridge/client.ts'
import { checkAddresses } from './addressee-field.tsx'
import { draftsTouched, keepsWith, type Start } from './composer.ts'
import { parsePart } from './part-handle.ts'
import { addAddressees } from './recipients.ts'
import { isPlain, twinOf } from './twin.ts'
import { upload } from './upload.ts'
import { noteWriting } from './use-recovery.ts'
import {
  contentOf,
  formatOf,
  isBlank,
  LINES,
  toContent,
  toWritten,
  type Attached,
  type Body,
  type Format,
  type Line,
  type Saved,
  type Written,
} from './written.ts'

/** The editor that holds a rich text, and how to have it as HTML of a message. */
export interface RichHandle {
  readonly editor: Editor
  readonly html: () => string
}

/** Time without typing after which the draft is kept, and the longest that typing may put it off. */
const SAVE_AFTER_MS = 1000
const SAVE_WITHIN_MS = 2500

/** A message being written: its parts, its checks, its attachments on their way, and the draft that keeps it. */
export function useDraft(
  start: Start,
  firstIdentity: IdentityView | undefined,
  usual: Format,
  onDraft: (draftId: number) => void,
) {
  const [format] = useState(() => formatOf(start, usual))
  const [first] = useState(() => contentOf(start, firstIdentity, format))
  const [written, setWritten] = useState(() => toWritten(first, format, firstIdentity?.id ?? null))
  const [saved, setSaved] = useState<Saved>({ at: 'no' })
  const now = useRef(written)
  now.current = written
  const checks = useRef<Promise<unknown>>(Promise.resolve())
  const draftId = useRef<number | null>(start.kind === 'draft' ? start.draftId : null)
  const saving = useRef<Promise<unknown>>(Promise.resolve())
  const kept = useRef('')
  /** Somebody has written something since it was opened. */
  const touched = useRef(false)
  /** Sent or thrown away: nothing is kept any more. */
  const isOver = useRef(false)
  const unsavedSince = useRef<number | null>(null)
  const [edits, setEdits] = useState(0)
  const uploads = useRef(new AbortController())
  const lastKey = useRef(0)
  const editor = useRef<RichHandle | null>(null)
  const told = useRef(onDraft)
  told.current = onDraft
  const rich = useRef<Body>({ text: first.text, html: first.html ?? null })

  const body = useCallback((): Body => {
    if (now.current.format === 'plain') return { text: now.current.text, html: null }
    if (editor.current !== null)
      rich.current = { text: twinOf(editor.current.editor.getJSON()), html: editor.current.html() }
    return rich.current
  }, [])
  const content = useCallback(() => toContent(now.current, first, body()), [first, body])

  const patch = useCallback((some: Partial<Written>) => {
    // The ref first: what is sent a moment later must not wait for a render.
    now.current = { ...now.current, ...some }
    setWritten(now.current)
  }, [])
  const touch = useCallback(() => {
    touched.current = true
    unsavedSince.current ??= Date.now()
    setEdits((n) => n + 1)
  }, [])
  const change = useCallback(
    (some: Partial<Written>) => {
      patch(some)
      touch()
    },
    [patch, touch],
  )
  const patchLine = useCallback(
    (name: Line, some: Partial<Written['lines'][Line]>) =>
      patch({ lines: { ...now.current.lines, [name]: { ...now.current.lines[name], ...some } } }),
    [patch],
  )

  /** Turns typed addresses into chips. Resolves when the engine has read them. */
  const read = useCallback(
    (name: Line, typed: string) => {
      patchLine(name, { typed: '' })
      const check = checks.current.then(async () => {
        try {
          patchLine(name, { list: addAddressees(now.current.lines[name].list, await checkAddresses(typed)) })
        } catch {
          // The engine is away: the words stay where they were typed.
          patchLine(name, { typed: [now.current.lines[name].typed, typed].filter((one) => one !== '').join(', ') })
        }
      })
      checks.current = check
      return check
    },
    [patchLine],
  )
  const commit = useCallback(
    (name: Line, typed: string) => {
      touch()
      return read(name, typed)
    },
    [read, touch],
  )

  /** Takes files along: beside the text or, named, in it. */
  const attach = useCallback(
    (files: readonly { readonly file: File; readonly contentId?: string }[]) => {
      for (const { file, contentId } of files) {
        lastKey.current += 1
        const key = lastKey.current
        const patchOne = (some: Partial<Attached>) =>
          change({ attached: now.current.attached.map((one) => (one.key === key ? { ...one, ...some } : one)) })
        const one = {
          key,
          filename: file.name,
          contentType: file.type || 'application/octet-stream',
          sizeBytes: file.size,
          ...(contentId === undefined ? {} : { contentId }),
        }
        change({ attached: [...now.current.attached, { ...one, progress: 0, handle: null, problem: null }] })
        upload(file, (progress) => patchOne({ progress }), uploads.current.signal).then(
          (handle) => patchOne({ handle, progress: 1 }),
          (error: unknown) => patchOne({ problem: wordsOf(error) }),
        )
      }
    },
    [change],
  )
  const detach = useCallback(
    (key: number) => {
      const gone = now.current.attached.find((one) => one.key === key)
      change({ attached: now.current.attached.filter((one) => one.key !== key) })
      if (gone?.handle && parsePart(gone.handle) === undefined)
        void api.compose.upload.drop({ handle: gone.handle }).catch(() => undefined)
    },
    [change],
  )
  const rename = useCallback(
    (key: number, filename: string) =>
      change({ attached: now.current.attached.map((one) => (one.key === key ? { ...one, filename } : one)) }),
    [change],
  )

  /** Keeps the draft as it is now, unless it is kept already or holds nothing. `isClosing`: nobody writes it any more. */
  const keep = useCallback(
    (isClosing = false) => {
      unsavedSince.current = null
      const run = async () => {
        const isNew = draftId.current === null
        if (isOver.current || (isNew && !touched.current)) return
        const written = content()
        const json = JSON.stringify(written)
        if ((json === kept.current && !isClosing) || (isNew && isBlank(written))) return
        if (!touched.current && !isClosing) return
        setSaved({ at: 'saving' })
        try {
          draftId.current = (await api.compose.saveDraft({ id: draftId.current, content: written, isClosing })).id
          kept.current = json
          setNoted(draftId.current)
          if (isNew) told.current(draftId.current)
          draftsTouched.set((n) => n + 1)
          setSaved({ at: 'yes', ms: Date.now() })
        } catch (error) {
          setSaved({ at: 'failed', message: wordsOf(error) })
        }
      }
      const next = saving.current.then(run)
      saving.current = next
      return next
    },
    [content],
  )

  useEffect(() => {
    for (const name of LINES) {
      const typed = first[name] ?? ''
      if (typed.trim() !== '') void read(name, typed)
    }
    // Once, when the composer opens.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [])
  useEffect(() => {
    if (edits === 0) return
    const waited = Date.now() - (unsavedSince.current ?? Date.now())
    const timer = setTimeout(() => void keep(), Math.max(0, Math.min(SAVE_AFTER_MS, SAVE_WITHIN_MS - waited)))
    return () => clearTimeout(timer)
  }, [edits, keep])

  // For a window that is about to end.
  useEffect(() => keepsWith(() => keep(true)), [keep])

  /** Keeps it, whatever it holds, for another window to go on with. Returns the draft's id. */
  const keepForAnother = useCallback(async (): Promise<number> => {
    await checks.current
    await saving.current
    const { id } = await api.compose.saveDraft({ id: draftId.current, content: content() })
    draftId.current = id
    draftsTouched.set((n) => n + 1)
    return id
  }, [content])

  // While it is open, and the window does not end in a crash.
  const [noted, setNoted] = useState(draftId.current)
  useEffect(() => (noted === null ? undefined : noteWriting(noted)), [noted])

  /** Forgets the draft: it was sent, or nobody wants it. */
  const forget = useCallback(async () => {
    isOver.current = true
    uploads.current.abort()
    await saving.current
    if (draftId.current !== null) await api.compose.dropDraft({ id: draftId.current }).catch(() => undefined)
    draftsTouched.set((n) => n + 1)
  }, [])

  const setEditor = useCallback(
    (next: RichHandle | null) => {
      // What it held stays, also when it is gone.
      if (next === null) body()
      editor.current = next
    },
    [body],
  )
  return {
    written,
    first,
    saved,
    /** It goes on from a draft. */
    isKept: start.kind === 'draft',
    draftId: () => draftId.current,
    patch,
    change,
    touch,
    changeLine: (name: Line, some: Partial<Written['lines'][Line]>) => {
      patchLine(name, some)
      touch()
    },
    commit,
    attach,
    detach,
    rename,
    keep,
    keepForAnother,
    /** Another window goes on with it. */
    handOver() {
      isOver.current = true
    },
    forget,
    body,
    setEditor,
    /** What the editor begins with, before it is there. */
    beginWith(html: string) {
      rich.current = { text: rich.current.text, html }
    },
    /** Goes on as rich text. */
    toRich(html: string) {
      rich.current = { text: now.current.text, html }
      change({ format: 'rich' })
    },
    editor: () => editor.current?.editor ?? null,
    /** What would be sent now, when every address has been read. What needs no looks goes without. */
    content: async () => {
      for (const name of LINES) {
        const { typed } = now.current.lines[name]
        if (typed.trim() !== '') void read(name, typed)
      }
      await checks.current
      const all = content()
      // An editor that has not come yet may still hold looks.
      const isBare = all.html === null || (editor.current !== null && isPlain(editor.current.editor.getJSON()))
      return { written: now.current, content: isBare ? { ...all, html: null } : all }
    },
    /** What it holds as it stands, such as for a template. */
    contentNow: content,
    hasContent: () => draftId.current !== null || (touched.current && !isBlank(content())),
  }
}
export type DraftState = ReturnType<typeof useDraft>
