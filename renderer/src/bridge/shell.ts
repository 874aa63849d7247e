import type { ShellApi } from '../../../core/rpc/shell-contract.ts'
import { api, host } from './client.ts'

/** What the desktop shell does for its window; undefined in a browser, where none of it is there. */
export const shell: ShellApi | undefined =
  host.kind === 'desktop' ? (api as unknown as { readonly shell: ShellApi }).shell : undefined

/** What a window of its own shows; undefined in the main window. */
export type Lone =
  | { readonly kind: 'message'; readonly id: number }
  | { readonly kind: 'compose'; readonly draftId: number | null }
  | { readonly kind: 'log' }

/** Reads what the shell wrote behind the page's address. */
export function loneOf(search: string): Lone | undefined {
  const asked = new URLSearchParams(search)
  const id = /^\d{1,16}$/.test(asked.get('id') ?? '') ? Number(asked.get('id')) : null
  switch (asked.get('window')) {
    case 'message':
      return id === null ? undefined : { kind: 'message', id }
    case 'compose':
      return { kind: 'compose', draftId: id }
    case 'log':
      return { kind: 'log' }
    default:
      return undefined
  }
}

/** What this window shows, where it is one of its own. */
export const lone = typeof location === 'undefined' ? undefined : loneOf(location.search)
