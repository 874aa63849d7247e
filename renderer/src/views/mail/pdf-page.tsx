import { useEffect, useRef, useState } from 'react'
import { visible } from '../../format/wire-text.ts'
import { targetOf } from './link.ts'
import { PdfError, type OpenPdf, type PdfLink, type PdfTrouble } from './pdf.ts'
import { t } from '../../words/words.ts'

interface Props {
  readonly file: OpenPdf
  readonly page: number
  readonly pages: number
  /** Width of the page on the screen, in CSS pixels. */
  readonly widthPx: number
  /** Points of the file's first page, until this one's are known. */
  readonly usual: { readonly width: number; readonly height: number }
  readonly onLink: (link: { href: string; text: string }) => void
  readonly onPage: (page: number) => void
  readonly onTrouble: (trouble: PdfTrouble) => void
}

/** No page is taller than so many times its width: what is beyond is left out. */
const TALLEST = 20

/** A page of a PDF. It is drawn when it is near to what is looked at, and forgotten when it is far away. */
export function PdfPage({ file, page, pages, widthPx, usual, onLink, onPage, onTrouble }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const text = useRef<HTMLDivElement>(null)
  const [isNear, setNear] = useState(false)
  const [size, setSize] = useState(usual)
  const [links, setLinks] = useState<readonly PdfLink[]>([])
  const [isBroken, setBroken] = useState(false)
  const latest = useRef(onTrouble)
  latest.current = onTrouble

  useEffect(() => {
    const element = box.current
    if (element === null) return
    const watch = new IntersectionObserver(([seen]) => setNear(seen?.isIntersecting === true), {
      root: element.closest('.pdf-pages'),
      rootMargin: '100% 0px',
    })
    watch.observe(element)
    return () => watch.disconnect()
  }, [])

  useEffect(() => {
    const [to, layer] = [canvas.current, text.current]
    if (!isNear || to === null || layer === null) return
    const stop = new AbortController()
    const show = async () => {
      const real = await file.size(page)
      if (stop.signal.aborted) return
      setSize(real)
      const scale = widthPx / Math.max(1, real.width)
      await file.draw(page, scale * devicePixelRatio, to, stop.signal)
      await file.write(page, scale, layer, stop.signal)
      const found = await file.links(page)
      if (!stop.signal.aborted) setLinks(found)
    }
    show().catch((error: unknown) => {
      if (stop.signal.aborted) return
      if (error instanceof PdfError) latest.current(error.trouble)
      else setBroken(true)
    })
    return () => {
      stop.abort()
      layer.replaceChildren()
      // Frees its memory at once, not when the collector comes by.
      to.width = 0
      to.height = 0
    }
  }, [file, page, isNear, widthPx])

  const heightPx = Math.min(widthPx * TALLEST, (widthPx * size.height) / Math.max(1, size.width))
  return (
    <div
      ref={box}
      className="pdf-page"
      role="group"
      aria-label={t('Page {page, number} of {pages, number}', { page, pages })}
      data-page={page}
      style={{ width: widthPx, height: heightPx }}
    >
      {isBroken ? <p className="quiet">{t('This page cannot be shown; it may be damaged.')}</p> : null}
      <canvas ref={canvas} aria-hidden />
      <div ref={text} className="pdf-text" />
      {links.map((link, n) => {
        const { to } = link
        const place = {
          insetInlineStart: `${link.left * 100}%`,
          top: `${link.top * 100}%`,
          width: `${link.width * 100}%`,
          height: `${link.height * 100}%`,
        }
        return 'page' in to ? (
          <button
            key={n}
            type="button"
            className="pdf-link"
            style={place}
            aria-label={t('To page {page, number}', { page: to.page })}
            onClick={() => onPage(to.page)}
          />
        ) : (
          <button
            key={n}
            type="button"
            className="pdf-link"
            style={place}
            title={visible(to.href.slice(0, 500))}
            aria-label={t('Link to {target}', {
              target: visible(targetOf(to.href, '')?.hostname || to.href.slice(0, 100)),
            })}
            onClick={() => onLink(to)}
          />
        )
      })}
    </div>
  )
}
