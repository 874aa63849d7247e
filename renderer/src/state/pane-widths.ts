/** Panes that are as wide as somebody draws them, and how wide they may be. */
export const PANES = {
  folders: { least: 140, most: 420 },
  list: { least: 220, most: 900 },
} as const
export type Pane = keyof typeof PANES

/** The widths by the setting `look.panes`, in pixels; a pane without one is as wide as the window makes it. */
export function paneWidths(lines: readonly string[]): Widths {
  const found: Widths = {}
  for (const line of lines) {
    const [, name, px] = /^(folders|list)=(\d{2,3})$/.exec(line) ?? []
    if (name === 'folders' || name === 'list') found[name] = between(name, Number(px))
  }
  return found
}

/** As wide as the pane may be. */
export const between = (pane: Pane, px: number) =>
  Math.min(PANES[pane].most, Math.max(PANES[pane].least, Math.round(px)))

type Widths = Partial<Record<Pane, number>>
/** What somebody draws just now, or has drawn and is not kept yet: it counts before what is kept. */
const drawn: Widths = {}
let kept: Widths = {}

/** The panes are as wide as they are kept. */
export function wearWidths(widths: Widths): void {
  kept = widths
  for (const pane of NAMES) if (drawn[pane] === widths[pane]) delete drawn[pane]
  wear()
}

/** A pane is as wide as somebody draws it; undefined: as the window makes it. */
export function drawWidth(pane: Pane, px: number | undefined): void {
  if (px === undefined) {
    delete drawn[pane]
    const { [pane]: _, ...others } = kept
    kept = others
  } else drawn[pane] = px
  wear()
}

const NAMES = Object.keys(PANES) as Pane[]
function wear(): void {
  const { style } = document.documentElement
  for (const pane of NAMES) {
    const px = drawn[pane] ?? kept[pane]
    if (px === undefined) style.removeProperty(`--own-${pane}`)
    else style.setProperty(`--own-${pane}`, `${px}px`)
  }
}
