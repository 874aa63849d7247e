import { useRef, useState } from 'react'
import { look } from '../state/look.ts'
import { between, drawWidth, PANES, paneWidths, type Pane } from '../state/pane-widths.ts'
import { setLook } from '../views/mail/sorting.ts'
import { t } from '../words/words.ts'

const LABELS: Readonly<Record<Pane, () => string>> = {
  folders: () => t('Width of the folders'),
  list: () => t('Width of the list'),
}
const STEP = 16

/** The edge between a pane and the one behind it: drawn with the mouse, moved with the arrow keys, put back by a double click or Enter. */
export function PaneEdge({ pane }: { readonly pane: Pane }) {
  const edge = useRef<HTMLDivElement>(null)
  const [px, setPx] = useState<number>()
  const { panes } = look.use()
  const { least, most } = PANES[pane]
  const widthNow = () => edge.current?.parentElement?.getBoundingClientRect().width ?? least
  const draw = (next: number) => {
    setPx(between(pane, next))
    drawWidth(pane, between(pane, next))
    return between(pane, next)
  }
  const keep = (next: number | undefined) => {
    const others = panes.filter((line) => !line.startsWith(`${pane}=`))
    const wanted = next === undefined ? others : [...others, `${pane}=${next}`]
    if (wanted.join() !== panes.join()) setLook('look.panes', wanted)
  }
  const usual = () => {
    setPx(undefined)
    drawWidth(pane, undefined)
    keep(undefined)
  }
  const isRtl = () => edge.current !== null && getComputedStyle(edge.current).direction === 'rtl'
  const onPointerDown = (event: React.PointerEvent<HTMLDivElement>) => {
    const [box, begin, width] = [event.currentTarget, event.clientX, widthNow()]
    const sign = isRtl() ? -1 : 1
    let last: number | undefined
    box.setPointerCapture(event.pointerId)
    const onMove = (moved: PointerEvent) => {
      if (moved.clientX !== begin || last !== undefined) last = draw(width + sign * (moved.clientX - begin))
    }
    box.addEventListener('pointermove', onMove)
    const onEnd = () => {
      box.removeEventListener('pointermove', onMove)
      if (last !== undefined) keep(last)
    }
    box.addEventListener('lostpointercapture', onEnd, { once: true })
  }
  const onKeyDown = (event: React.KeyboardEvent) => {
    const [wider, narrower] = isRtl() ? ['ArrowLeft', 'ArrowRight'] : ['ArrowRight', 'ArrowLeft']
    if (event.key === wider || event.key === narrower) draw(widthNow() + (event.key === wider ? STEP : -STEP))
    else if (event.key === 'Home') draw(least)
    else if (event.key === 'End') draw(most)
    else if (event.key === 'Enter') usual()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div
      ref={edge}
      className={`pane-edge of-${pane}`}
      role="separator"
      aria-orientation="vertical"
      aria-label={LABELS[pane]()}
      aria-valuenow={px ?? paneWidths(panes)[pane] ?? between(pane, widthNow())}
      aria-valuemin={least}
      aria-valuemax={most}
      title={t('Draw it, or double-click for the usual width')}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onDoubleClick={usual}
      onKeyDown={onKeyDown}
      onBlur={() => (px === undefined ? undefined : keep(px))}
    />
  )
}
