import { useCallback, useEffect, useRef, useState } from 'react'
import type { DraftContent } from '../../../../core/rpc/views.ts'
import { api, wordsOf } from '../../bridge/client.ts'
import { checkAddresses } from './addressee-field.tsx'
import { draftsTouched, emptyDraft, type Start } from './composer.ts'
import { parsePart } from './part-handle.ts'
import { addAddressees, joinAddressees, type Addressee } from './recipients.ts'
import { upload } from './upload.ts'

/** Time without typing after which the draft is kept. */
const SAVE_AFTER_MS = 1200

export type Line = 'to' | 'cc' | 'bcc'
export interface Attached {
  readonly key: number
  readonly filename: string
  readonly contentType: string
  readonly sizeBytes: number
  /** 0 to 1 while it goes; then the handle is there. */
  readonly progress: number
  readonly handle: string | null
  readonly problem: string | null
}
export interface Written {
  readonly identityId: number | null
  readonly lines: Readonly<Record<Line, { readonly list: readonly Addressee[]; readonly typed: string }>>
  readonly subject: string
  readonly text: string
  readonly attached: readonly Attached[]
}
export type Saved =
  | { readonly at: 'no' }
  | { readonly at: 'saving' }
  | { readonly at: 'yes'; readonly ms: number }
  | { readonly at: 'failed'; readonly message: string }

const contentOf = (start: Start): DraftContent => (start.kind === 'new' ? emptyDraft(start.to) : start.content)

/** What is written as the engine takes it. An attachment that has not arrived whole is left out. */
export function toContent(written: Written, first: DraftContent): DraftContent {
  const line = (name: Line) => {
    const { list, typed } = written.lines[name]
    return [joinAddressees(list), typed.trim()].filter((part) => part !== '').join(', ')
  }
  return {
    identityId: written.identityId,
    to: line('to'),
    cc: line('cc'),
    bcc: line('bcc'),
    subject: written.subject,
    text: written.text,
    inReplyTo: first.inReplyTo,
    references: first.references,
    ...(first.about === undefined ? {} : { about: first.about }),
    attachments: written.attached.flatMap(({ handle, filename, contentType, sizeBytes }) =>
      handle === null ? [] : [{ handle, filename, contentType, sizeBytes }],
    ),
  }
}

const isBlank = (content: DraftContent) =>
  [content.to, content.cc, content.bcc, content.subject, content.text].every((one) => one.trim() === '') &&
  content.attachments.length === 0

/** A message being written: its parts, its checks, its attachments on their way, and the draft that keeps it. */
export function useDraft(start: Start, firstIdentity: number | null) {
  const [first] = useState(() => contentOf(start))
  const [written, setWritten] = useState<Written>(() => ({
    identityId: first.identityId ?? firstIdentity,
    lines: { to: { list: [], typed: '' }, cc: { list: [], typed: '' }, bcc: { list: [], typed: '' } },
    subject: first.subject,
    text: first.text,
    attached: first.attachments.map((one, key) => ({ ...one, key: -1 - key, progress: 1, problem: null })),
  }))
  const [saved, setSaved] = useState<Saved>({ at: 'no' })
  const now = useRef(written)
  now.current = written
  const checks = useRef<Promise<unknown>>(Promise.resolve())
  const draftId = useRef<number | null>(start.kind === 'draft' ? start.draftId : null)
  const saving = useRef<Promise<unknown>>(Promise.resolve())
  const kept = useRef(JSON.stringify(first))
  const uploads = useRef(new AbortController())
  const lastKey = useRef(0)

  const change = useCallback((patch: Partial<Written>) => {
    // The ref first: what is sent a moment later must not wait for a render.
    now.current = { ...now.current, ...patch }
    setWritten(now.current)
  }, [])
  const changeLine = useCallback(
    (name: Line, patch: Partial<Written['lines'][Line]>) =>
      change({ lines: { ...now.current.lines, [name]: { ...now.current.lines[name], ...patch } } }),
    [change],
  )

  /** Turns typed addresses into chips. Resolves when the engine has read them. */
  const commit = useCallback(
    (name: Line, typed: string) => {
      changeLine(name, { typed: '' })
      const check = checks.current.then(async () => {
        try {
          changeLine(name, { list: addAddressees(now.current.lines[name].list, await checkAddresses(typed)) })
        } catch {
          // The engine is away: the words stay where they were typed.
          changeLine(name, { typed: [now.current.lines[name].typed, typed].filter((one) => one !== '').join(', ') })
        }
      })
      checks.current = check
      return check
    },
    [changeLine],
  )

  const attach = useCallback(
    (files: readonly File[]) => {
      for (const file of files) {
        lastKey.current += 1
        const key = lastKey.current
        const patch = (some: Partial<Attached>) =>
          change({ attached: now.current.attached.map((one) => (one.key === key ? { ...one, ...some } : one)) })
        const one = { key, filename: file.name, contentType: file.type || 'application/octet-stream' }
        change({
          attached: [
            ...now.current.attached,
            { ...one, sizeBytes: file.size, progress: 0, handle: null, problem: null },
          ],
        })
        upload(file, (progress) => patch({ progress }), uploads.current.signal).then(
          (handle) => patch({ handle, progress: 1 }),
          (error: unknown) => patch({ problem: wordsOf(error) }),
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

  /** Keeps the draft as it is now, unless it is kept already or holds nothing. `isClosing`: nobody writes it any more. */
  const keep = useCallback(
    (isClosing = false) => {
      const run = async () => {
        const content = toContent(now.current, first)
        const json = JSON.stringify(content)
        const isKept = json === kept.current && (!isClosing || draftId.current === null)
        if (isKept || (isBlank(content) && draftId.current === null)) return
        setSaved({ at: 'saving' })
        try {
          draftId.current = (await api.compose.saveDraft({ id: draftId.current, content, isClosing })).id
          kept.current = json
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
    [first],
  )

  useEffect(() => {
    for (const name of ['to', 'cc', 'bcc'] as const) if (first[name].trim() !== '') void commit(name, first[name])
    // Once, when the composer opens.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [])
  useEffect(() => {
    const timer = setTimeout(() => void keep(), SAVE_AFTER_MS)
    return () => clearTimeout(timer)
  }, [written, keep])

  /** Forgets the draft: it was sent, or nobody wants it. */
  const forget = useCallback(async () => {
    uploads.current.abort()
    await saving.current
    // From here on nothing is kept any more.
    saving.current = new Promise(() => {})
    if (draftId.current !== null) await api.compose.dropDraft({ id: draftId.current }).catch(() => undefined)
    draftsTouched.set((n) => n + 1)
  }, [])

  return {
    written,
    first,
    saved,
    change,
    changeLine,
    commit,
    attach,
    detach,
    keep,
    forget,
    /** What would be sent now, when every address has been read. */
    content: async () => {
      for (const name of ['to', 'cc', 'bcc'] as const) {
        const { typed } = now.current.lines[name]
        if (typed.trim() !== '') void commit(name, typed)
      }
      await checks.current
      return { written: now.current, content: toContent(now.current, first) }
    },
    hasContent: () => !isBlank(toContent(now.current, first)),
  }
}
