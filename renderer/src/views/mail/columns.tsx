import { useRef, useState } from 'react'
import type { SortBy } from '../../../../core/rpc/mail-list-contract.ts'
import { look } from '../../state/look.ts'
import { Icon } from '../../parts/icon.tsx'
import { setLook, turned, type Sorting } from './sorting.ts'
import { t } from '../../words/words.ts'

/** The columns of the table that have a width of their own; the subject has the rest. */
type Sized = 'from' | 'date' | 'size'
export type Widths = Readonly<Record<Sized, number>>
const USUAL: Widths = { from: 180, date: 110, size: 76 }
const LEAST = 48
const MOST = 600
const STEP = 16

/** The widths by the setting `look.columns`. */
export function widthsOf(lines: readonly string[]): Widths {
  const found = { ...USUAL }
  for (const line of lines) {
    const [, name, px] = /^(from|date|size)=(\d{2,3})$/.exec(line) ?? []
    if (name !== undefined) found[name as Sized] = between(Number(px))
  }
  return found
}
const between = (px: number) => Math.min(MOST, Math.max(LEAST, Math.round(px)))

/** The widths now, as somebody draws at an edge or as they are kept. */
export function useWidths(): readonly [Widths, (name: Sized, px: number) => void, () => void] {
  const kept = widthsOf(look.use().columns)
  const [drawn, setDrawn] = useState<Partial<Widths>>({})
  // As they are when the mouse lets go, not as they were when it began.
  const latest = useRef<Widths>(kept)
  const widths = { ...kept, ...drawn }
  const draw = (name: Sized, px: number) => {
    latest.current = { ...widths, [name]: between(px) }
    setDrawn((before) => ({ ...before, [name]: between(px) }))
  }
  const keep = () => {
    const names = Object.keys(USUAL) as Sized[]
    const now = latest.current
    if (names.every((name) => now[name] === kept[name])) return
    setLook(
      'look.columns',
      names.filter((name) => now[name] !== USUAL[name]).map((name) => `${name}=${now[name]}`),
    )
  }
  return [widths, draw, keep]
}

const NAMES: Readonly<Record<SortBy, () => string>> = {
  from: () => t('From'),
  subject: () => t('Subject'),
  date: () => t('Date'),
  size: () => t('Size'),
}
const ORDER: readonly SortBy[] = ['from', 'subject', 'date', 'size']

interface Props {
  /** Null where the order is not of the person's choosing, as in a search. */
  readonly sorting: Sorting | null
  readonly onSort: (sorting: Sorting) => void
  readonly widths: Widths
  readonly onWidth: (name: Sized, px: number) => void
  readonly onKeep: () => void
  readonly showAddressees: boolean
}

/** Pure: the heads of the table. Each sorts; the edges between them can be drawn. */
export function ColumnHeads({ sorting, onSort, widths, onWidth, onKeep, showAddressees }: Props) {
  return (
    <div className="columns" role="group" aria-label={t('Columns')}>
      {ORDER.map((by) => {
        const name = by === 'from' && showAddressees ? t('To') : NAMES[by]()
        const isIt = sorting?.by === by
        return (
          <div key={by} className={`column ${by}`}>
            {sorting === null ? (
              <span className="clip">{name}</span>
            ) : (
              <button
                type="button"
                className="clip"
                aria-pressed={isIt}
                title={t('Sort by {name}', { name })}
                onClick={() => onSort(turned(sorting, by))}
              >
                <span className="clip">{name}</span>
                {isIt ? (
                  <Icon name={sorting.isUp ? 'up' : 'down'} label={sorting.isUp ? t('upwards') : t('downwards')} />
                ) : null}
              </button>
            )}
            {by === 'subject' ? null : (
              <Edge
                name={name}
                column={by}
                px={widths[by]}
                onWidth={onWidth}
                onKeep={onKeep}
                isBefore={by !== 'from'}
              />
            )}
          </div>
        )
      })}
    </div>
  )
}

interface EdgeProps extends Pick<Props, 'onWidth' | 'onKeep'> {
  readonly name: string
  readonly column: Sized
  readonly px: number
  /** At the column's beginning: it widens towards there. */
  readonly isBefore: boolean
}

/** The edge of a column: drawn with the mouse, or moved with the arrow keys. */
function Edge({ name, column, px, onWidth, onKeep, isBefore }: EdgeProps) {
  const onPointerDown = (event: React.PointerEvent<HTMLDivElement>) => {
    const edge = event.currentTarget
    const isRtl = getComputedStyle(edge).direction === 'rtl'
    const sign = (isBefore ? -1 : 1) * (isRtl ? -1 : 1)
    const from = event.clientX
    edge.setPointerCapture(event.pointerId)
    const onMove = (moved: PointerEvent) => onWidth(column, px + sign * (moved.clientX - from))
    edge.addEventListener('pointermove', onMove)
    edge.addEventListener(
      'lostpointercapture',
      () => {
        edge.removeEventListener('pointermove', onMove)
        onKeep()
      },
      { once: true },
    )
  }
  return (
    <div
      className={isBefore ? 'edge before' : 'edge'}
      role="separator"
      aria-orientation="vertical"
      aria-label={t('Width of {name}', { name })}
      aria-valuenow={px}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onKeyDown={(event) => {
        const wider = isBefore ? 'ArrowLeft' : 'ArrowRight'
        const narrower = isBefore ? 'ArrowRight' : 'ArrowLeft'
        if (event.key !== wider && event.key !== narrower) return
        event.preventDefault()
        onWidth(column, px + (event.key === wider ? STEP : -STEP))
      }}
      onBlur={onKeep}
    />
  )
}
