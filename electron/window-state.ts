/** A place on the screens, in their common coordinates. */
export interface Bounds {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}
/** What is kept of a window. */
export interface WindowState extends Bounds {
  readonly maximized: boolean
}
/** The windows there are; each kind opens where the last of it was. */
export const WINDOW_KINDS = ['main', 'compose', 'message', 'log'] as const
export type WindowKind = (typeof WINDOW_KINDS)[number]
export type WindowStates = Partial<Readonly<Record<WindowKind, WindowState>>>

interface Size {
  readonly width: number
  readonly height: number
}
/** Size at first, and the least there may be. */
export const SIZES: Readonly<Record<WindowKind, { readonly first: Size; readonly least: Size }>> = {
  main: { first: { width: 1280, height: 820 }, least: { width: 720, height: 480 } },
  compose: { first: { width: 760, height: 640 }, least: { width: 480, height: 400 } },
  message: { first: { width: 820, height: 760 }, least: { width: 480, height: 400 } },
  log: { first: { width: 1180, height: 760 }, least: { width: 640, height: 400 } },
}

/** So much of a title bar must be in sight for a window to be moved with the pointer. */
const GRIP = { width: 120, height: 32 }
/** A second window of a kind stands beside the first. */
const STEP = 28

/** Where a window opens; without `x` and `y` in the middle of the first screen. */
export interface Placed extends Size {
  readonly x?: number
  readonly y?: number
  readonly maximized: boolean
}

/**
 * Where a window of that kind opens, by what was kept of the last one: never larger than its screen, never where no screen is any
 * more. `screens` are their work areas, the first one first; `others` is how many of the kind are open.
 */
export function placeOf(
  kind: WindowKind,
  saved: WindowState | undefined,
  screens: readonly Bounds[],
  others = 0,
): Placed {
  const { first, least } = SIZES[kind]
  const main = screens[0]
  const { x, y, ...wanted } = saved ?? { ...first, x: undefined, y: undefined }
  const maximized = saved?.maximized ?? false
  const fit = ({ width, height }: Size, screen: Bounds | undefined): Size => ({
    width: clamp(width, least.width, screen?.width ?? first.width),
    height: clamp(height, least.height, screen?.height ?? first.height),
  })
  if (x === undefined || y === undefined) return { ...fit(wanted, main), maximized }
  const bounds = { x: x + others * STEP, y: y + others * STEP, width: wanted.width, height: wanted.height }
  const screen = screens.find((one) => isInReach(bounds, one))
  if (screen === undefined) return { ...fit(wanted, main), maximized }
  const size = fit(wanted, screen)
  return {
    ...size,
    x: clamp(bounds.x, screen.x, screen.x + screen.width - size.width),
    y: clamp(bounds.y, screen.y, screen.y + screen.height - size.height),
    maximized,
  }
}

/** Whether a window's title bar could be taken hold of on a screen. */
function isInReach(window: Bounds, screen: Bounds): boolean {
  const across = Math.min(window.x + window.width, screen.x + screen.width) - Math.max(window.x, screen.x)
  const down = Math.min(window.y + GRIP.height, screen.y + screen.height) - Math.max(window.y, screen.y)
  return across >= GRIP.width && down >= GRIP.height / 2
}

/** At least `least` where both can't be. */
const clamp = (value: number, least: number, most: number) => Math.max(least, Math.min(value, most))

/** What was kept, as far as it can be understood: it is a file anybody may have edited. */
export function parseStates(json: string): WindowStates {
  let found: unknown
  try {
    found = JSON.parse(json)
  } catch {
    return {}
  }
  if (typeof found !== 'object' || found === null) return {}
  const states: Partial<Record<WindowKind, WindowState>> = {}
  for (const kind of WINDOW_KINDS) {
    const state = toState((found as Readonly<Record<string, unknown>>)[kind])
    if (state !== undefined) states[kind] = state
  }
  return states
}

function toState(value: unknown): WindowState | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { x, y, width, height, maximized } = value as Readonly<Record<string, unknown>>
  if (![x, y, width, height].every((one) => Number.isInteger(one) && Math.abs(Number(one)) < 100_000)) return undefined
  if (Number(width) < 1 || Number(height) < 1) return undefined
  return {
    x: Number(x),
    y: Number(y),
    width: Number(width),
    height: Number(height),
    maximized: maximized === true,
  }
}
