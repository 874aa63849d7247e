import { useEffect } from 'react'
import { api } from '../bridge/client.ts'
import { paneWidths, wearWidths } from './pane-widths.ts'
import { shared } from './store.ts'
import { chooseLanguage } from '../words/language.ts'
import { useLive } from './use-live.ts'

/** How the window looks, as somebody has set it. */
export interface Look {
  readonly theme: 'system' | 'light' | 'dark'
  readonly language: string
  readonly density: 'compact' | 'normal' | 'roomy'
  readonly unifiedInbox: boolean
  /** The messages of a conversation are one row, and read as one. */
  readonly conversations: boolean
  readonly newestFirst: boolean
  readonly list: 'cards' | 'table'
  readonly readingPane: 'right' | 'below' | 'off'
  /** Widths of the table's columns: `from=220`. */
  readonly columns: readonly string[]
  /** Widths of folders and list: `folders=240`. */
  readonly panes: readonly string[]
  /** What folders are sorted by: `7=subject-down`. */
  readonly sorting: readonly string[]
  /** Whose mail loads pictures of the web at once: addresses, and domains with an @ before them. */
  readonly imagesFrom: readonly string[]
}

/** How high rows are beside what the look says; the style sheet has the same numbers. */
const DENSITY: Readonly<Record<Look['density'], number>> = { compact: 0.86, normal: 1, roomy: 1.2 }

/** The look now. */
export const look = shared<Look>({
  theme: 'system',
  language: 'system',
  density: 'normal',
  unifiedInbox: true,
  conversations: true,
  newestFirst: false,
  list: 'cards',
  readingPane: 'right',
  columns: [],
  panes: [],
  sorting: [],
  imagesFrom: [],
})

/** What a row's height is multiplied by. */
export function useDensity(): number {
  return DENSITY[look.use().density]
}

const changes = { changes: api.app.changes }
const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : [])
const one = <V extends string>(value: unknown, allowed: readonly V[], otherwise: V): V =>
  allowed.find((each) => each === value) ?? otherwise

/** Keeps the look as the settings have it. */
export function useLook(): void {
  const settings = useLive('look', () => api.app.settings(), changes)
  const list = settings.at === 'ready' ? settings.value : undefined
  useEffect(() => {
    if (list === undefined) return
    const of = (key: string) => list.find((setting) => setting.key === key)?.value
    const next: Look = {
      theme: one(of('look.theme'), ['system', 'light', 'dark'], 'system'),
      language: String(of('look.language') ?? 'system'),
      density: one(of('look.density'), ['compact', 'normal', 'roomy'], 'normal'),
      unifiedInbox: of('look.unifiedInbox') !== false,
      conversations: of('look.conversations') !== false,
      newestFirst: of('look.newestFirst') === true,
      list: one(of('look.list'), ['cards', 'table'], 'cards'),
      readingPane: one(of('look.readingPane'), ['right', 'below', 'off'], 'right'),
      columns: texts(of('look.columns')),
      panes: texts(of('look.panes')),
      sorting: texts(of('look.sorting')),
      imagesFrom: texts(of('privacy.remoteImagesFrom')),
    }
    const { dataset } = document.documentElement
    if (next.theme === 'system') delete dataset['theme']
    else dataset['theme'] = next.theme
    dataset['density'] = next.density
    dataset['reading'] = next.readingPane
    wearWidths(paneWidths(next.panes))
    look.set(next)
    void chooseLanguage(next.language)
  }, [list])
}
