import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import type { AttachmentView } from '../../../../core/rpc/views.ts'
import { api, host } from '../../bridge/client.ts'
import { visible } from '../../format/wire-text.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Empty, Skeleton } from '../../parts/empty.tsx'
import { Field } from '../../parts/field.tsx'
import { MOST_PAGES, openPdf, PdfError, type OpenPdf, type PdfTrouble } from './pdf.ts'
import { PdfPage } from './pdf-page.tsx'
import { t } from '../../words/words.ts'

interface Props {
  readonly messageId: number
  readonly part: AttachmentView
  readonly onLink: (link: { href: string; text: string }) => void
}

interface Shown {
  readonly file: OpenPdf
  readonly first: { readonly width: number; readonly height: number }
}

type State = { readonly at: 'loading' } | ({ readonly at: 'open' } & Shown) | { readonly at: PdfTrouble }

/** How large a page is, beside the width it has room for. */
const ZOOMS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4]
const FITS = ZOOMS.indexOf(1)
/** Wider than this a page of text is not read more easily. */
const WIDEST_PX = 1000

/** A PDF attachment, page by page. */
export function PdfPreview({ messageId, part, onLink }: Props) {
  const [state, setState] = useState<State>({ at: 'loading' })
  const [password, setPassword] = useState<string>()
  useEffect(() => {
    const stop = new AbortController()
    let opened: OpenPdf | undefined
    const open = async () => {
      const { handle } = await api.mail.attachment({ id: messageId, index: part.index })
      const answer = await fetch(host.bytesUrl(handle), { signal: stop.signal })
      if (!answer.ok) throw new PdfError('damaged')
      opened = await openPdf(new Uint8Array(await answer.arrayBuffer()), password, stop.signal)
      const first = await opened.size(1)
      if (!stop.signal.aborted) setState({ at: 'open', file: opened, first })
    }
    open()
      .catch((error: unknown) => {
        if (!stop.signal.aborted) setState({ at: error instanceof PdfError ? error.trouble : 'damaged' })
      })
      .finally(() => (stop.signal.aborted ? opened?.close() : undefined))
    return () => {
      stop.abort()
      opened?.close()
    }
  }, [messageId, part.index, password])

  switch (state.at) {
    case 'loading':
      return <Skeleton label={t('Reading {what}', { what: visible(part.filename) })} />
    case 'open':
      return (
        <Pages
          {...state}
          name={visible(part.filename)}
          onLink={onLink}
          onTrouble={(trouble) => setState({ at: trouble })}
        />
      )
    case 'locked':
    case 'wrong-password':
      return <Locked isWrong={state.at === 'wrong-password'} onPassword={setPassword} />
    case 'slow':
      return (
        <Empty icon="clock" tone="danger" role="alert" title={t('This file takes too long to draw')}>
          {t('It may be very large, or made to hold up who opens it. It can be saved and opened elsewhere.')}
        </Empty>
      )
    case 'damaged':
      return (
        <Empty icon="alert" tone="danger" role="alert" title={t('This file cannot be shown')}>
          {t('It is damaged, or no PDF. It can be saved as it is.')}
        </Empty>
      )
  }
}

function Locked({ isWrong, onPassword }: { readonly isWrong: boolean; readonly onPassword: (word: string) => void }) {
  const [word, setWord] = useState('')
  return (
    <form
      className="pdf-locked"
      onSubmit={(event) => {
        event.preventDefault()
        if (word !== '') onPassword(word)
      }}
    >
      <p>{t('This file is locked with a password. It is only used to show it, and kept nowhere.')}</p>
      <Field
        label={t('Password of the file')}
        type="password"
        value={word}
        autoComplete="off"
        problem={isWrong ? t('That is not its password.') : undefined}
        onChange={setWord}
      />
      <Button submit>{t('Show')}</Button>
    </form>
  )
}

interface PagesProps extends Shown {
  readonly name: string
  readonly onLink: Props['onLink']
  readonly onTrouble: (trouble: PdfTrouble) => void
}

function Pages({ file, first, name, onLink, onTrouble }: PagesProps) {
  const list = useRef<HTMLDivElement>(null)
  const [room, setRoom] = useState(0)
  const [zoom, setZoom] = useState(FITS)
  const [page, setPage] = useState(1)
  const count = Math.min(file.pages, MOST_PAGES)
  useEffect(() => {
    const element = list.current
    if (element === null) return
    const watch = new ResizeObserver(() => setRoom(element.clientWidth))
    watch.observe(element)
    return () => watch.disconnect()
  }, [])

  const goTo = (wanted: number) => {
    const target = Math.max(1, Math.min(count, wanted))
    list.current?.querySelector(`[data-page="${target}"]`)?.scrollIntoView({ block: 'start' })
    setPage(target)
  }
  const onScroll = () => {
    const element = list.current
    if (element === null) return
    const middle = element.scrollTop + element.clientHeight / 3
    const pages = [...element.querySelectorAll<HTMLElement>('[data-page]')]
    const at = pages.findLast((one) => one.offsetTop <= middle)
    if (at !== undefined) setPage(Number(at.dataset['page']))
  }
  const toZoom = (next: number) => setZoom(Math.max(0, Math.min(ZOOMS.length - 1, next)))
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === '+') toZoom(zoom + 1)
    else if (event.key === '-') toZoom(zoom - 1)
    else if (event.key === '0') toZoom(FITS)
    else if (event.key === 'n') goTo(page + 1)
    else if (event.key === 'p') goTo(page - 1)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const widthPx = Math.floor(Math.min(WIDEST_PX, Math.max(120, room - 32)) * (ZOOMS[zoom] ?? 1))
  return (
    // Its keys go to whatever in it has the focus.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div className="pdf-view" onKeyDown={onKeyDown}>
      <div className="pdf-tools">
        <IconButton icon="up" label={t('Page before')} keys="P" disabled={page <= 1} onClick={() => goTo(page - 1)} />
        <IconButton
          icon="down"
          label={t('Next page')}
          keys="N"
          disabled={page >= count}
          onClick={() => goTo(page + 1)}
        />
        <span className="num" role="status">
          {t('Page {page, number} of {pages, number}', { page, pages: file.pages })}
        </span>
        <span className="grow" />
        <IconButton
          icon="minimise"
          label={t('Smaller')}
          keys="-"
          disabled={zoom === 0}
          onClick={() => toZoom(zoom - 1)}
        />
        <Button kind="plain" className="num" title={t('Fit the width (0)')} onClick={() => toZoom(FITS)}>
          {t('{share, number, percent}', { share: ZOOMS[zoom] ?? 1 })}
        </Button>
        <IconButton
          icon="plus"
          label={t('Larger')}
          keys="+"
          disabled={zoom === ZOOMS.length - 1}
          onClick={() => toZoom(zoom + 1)}
        />
      </div>
      {/* Focusable, so that the keyboard can scroll it. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div ref={list} className="pdf-pages" role="region" tabIndex={0} aria-label={name} onScroll={onScroll}>
        {room === 0
          ? null
          : Array.from({ length: count }, (_, n) => (
              <PdfPage
                key={n}
                file={file}
                page={n + 1}
                pages={file.pages}
                widthPx={widthPx}
                usual={first}
                onLink={onLink}
                onPage={goTo}
                onTrouble={onTrouble}
              />
            ))}
        {file.pages > count ? (
          <p className="quiet">
            {t('Only the first {count, number} pages are shown; the file holds all of them.', { count })}
          </p>
        ) : null}
      </div>
    </div>
  )
}
