import { useEffect, useRef, useState, type RefObject } from 'react'
import { IconButton } from '../../parts/button.tsx'
import { findIn, MOST_FOUND, paint, topOf, type Found } from './find.ts'
import { t } from '../../words/words.ts'

interface Props {
  readonly page: RefObject<HTMLDivElement | null>
  /** What is open: another one is looked through anew. */
  readonly of: unknown
  readonly onClose: () => void
}

const documentsIn = (page: HTMLElement) =>
  [...page.querySelectorAll('iframe')].flatMap((frame) => frame.contentDocument ?? [])

/** The words looked for in an open message, with how many there are and the way from one to the next. */
export function FindBar({ page, of, onClose }: Props) {
  const [words, setWords] = useState('')
  const [found, setFound] = useState<readonly Found[]>([])
  const [at, setAt] = useState(0)
  const field = useRef<HTMLInputElement>(null)
  // Who looked for words goes on where he was, in the list or the reader.
  const cameFrom = useRef<Element | null>(null)
  useEffect(() => {
    const { activeElement } = document
    if (activeElement !== document.body && activeElement !== field.current) cameFrom.current ??= activeElement
    field.current?.focus()
  }, [])
  useEffect(() => {
    const root = page.current
    if (root === null) return
    // In the order of the page: a frame's texts stand where the frame stands.
    const roots = [...root.querySelectorAll<HTMLElement>('h2, .plain, iframe.mail-frame')]
    const all = roots.flatMap((one) => {
      const inner = one instanceof HTMLIFrameElement ? one.contentDocument?.body : one
      return inner ? findIn(inner, words) : []
    })
    // oxlint-disable-next-line react/set-state-in-effect -- where words stand is known only once they are drawn
    setFound(all.slice(0, MOST_FOUND))
    setAt(0)
  }, [page, words, of])
  useEffect(() => {
    const root = page.current
    if (root === null) return undefined
    const documents = [document, ...documentsIn(root)]
    const now = found[at]
    paint(found, now, documents)
    if (now !== undefined) {
      const above = topOf(now) - root.getBoundingClientRect().top
      if (above < 40 || above > root.clientHeight - 60) root.scrollBy({ top: above - root.clientHeight / 3 })
    }
    return () => paint([], undefined, documents)
  }, [page, found, at])
  const step = (by: 1 | -1) => {
    if (found.length > 0) setAt((before) => (before + by + found.length) % found.length)
  }
  const close = () => {
    onClose()
    const before = cameFrom.current
    if (before instanceof HTMLElement && before.isConnected) before.focus()
    else page.current?.closest<HTMLElement>('.reader')?.querySelector<HTMLElement>('button')?.focus()
  }
  const count = found.length
  return (
    <div className="find-bar" role="search" aria-label={t('Find in this message')}>
      <input
        ref={field}
        type="text"
        value={words}
        aria-label={t('Words to find')}
        placeholder={t('Find in this message')}
        autoComplete="off"
        onChange={(event) => setWords(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') step(event.shiftKey ? -1 : 1)
          else if (event.key === 'Escape') close()
          else return
          event.preventDefault()
        }}
      />
      <span className="quiet num" role="status">
        {words.trim() === ''
          ? ''
          : count === 0
            ? t('Not found')
            : count === MOST_FOUND
              ? t('{at, number} of more than {count, number}', { at: at + 1, count })
              : t('{at, number} of {count, number}', { at: at + 1, count })}
      </span>
      <IconButton icon="up" label={t('Previous match')} disabled={count === 0} onClick={() => step(-1)} />
      <IconButton icon="down" label={t('Next match')} disabled={count === 0} onClick={() => step(1)} />
      <IconButton icon="x" label={t('Close')} onClick={close} />
    </div>
  )
}
