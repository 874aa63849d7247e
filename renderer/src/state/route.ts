import { useSyncExternalStore } from 'react'

/** Which part of settings shows. */
export const SETTINGS_PAGES = [
  'accounts',
  'identities',
  'routes',
  'signing',
  'destinations',
  'programs',
  'local',
  'rules',
  'tags',
  'transfer',
  'log',
  'privacy',
  'protection',
  'appearance',
  'keys',
  'desktop',
  'settings',
  'diagnostics',
  'about',
] as const
export type SettingsPage = (typeof SETTINGS_PAGES)[number]

/** Where the window stands. It lives in the address's hash, so that a reload and the back button work. */
export type Route =
  | { readonly view: 'mail'; readonly folderId: number | null; readonly messageId: number | null }
  | { readonly view: 'snoozed'; readonly messageId: number | null }
  | { readonly view: 'drafts' }
  | { readonly view: 'people'; readonly groupId: number | null; readonly contactId: number | null }
  | {
      readonly view: 'search'
      readonly text: string
      /** Somebody is typing it: its last word may be the beginning of one. */
      readonly typing: boolean
      readonly messageId: number | null
    }
  | { readonly view: 'queue'; readonly entryId: number | null; readonly recipientId: number | null }
  | {
      readonly view: 'log'
      readonly sessionId: number | null
      readonly seq: number | null
      /** Only the sessions of one queue entry or one message. */
      readonly of: { readonly entryId: number } | { readonly messageId: number } | null
    }
  /** The way of a message: of one in the queue to a recipient, or of one in a folder. */
  | {
      readonly view: 'trace'
      readonly of: { readonly entryId: number; readonly recipientId: number | null } | { readonly messageId: number }
    }
  /** A session of the guided console; without one, where to go, perhaps from a session of the log and a line of it. */
  | {
      readonly view: 'console'
      readonly id: number | null
      readonly from: { readonly sessionId: number; readonly seq: number | null } | null
    }
  /** The rehearsal lab, with the rehearsal that is looked at. */
  | { readonly view: 'lab'; readonly entryId: number | null }
  | { readonly view: 'settings'; readonly page: SettingsPage }

export const INBOX: Route = { view: 'mail', folderId: null, messageId: null }

const numberIn = (part: string | undefined): number | null =>
  part !== undefined && /^\d{1,16}$/.test(part) ? Number(part) : null

/** The route a hash names; the unified inbox when it names none. */
export function parseRoute(hash: string): Route {
  const [, view, a, b, rest] = hash.replace(/^#/, '').split('/')
  switch (view) {
    case 'mail':
      return { view, folderId: numberIn(a), messageId: numberIn(b) }
    case 'snoozed':
      return { view, messageId: numberIn(a) }
    case 'drafts':
      return { view }
    case 'people':
      return { view, groupId: numberIn(a), contactId: numberIn(b) }
    case 'search':
      return { view, text: decode(a ?? ''), typing: rest === 'typing', messageId: numberIn(b) }
    case 'queue':
      return { view, entryId: numberIn(a), recipientId: numberIn(b) }
    case 'log': {
      const [, kind, id] = /^(entry|message)-(\d{1,16})$/.exec(a ?? '') ?? []
      const sessionId = kind === undefined ? numberIn(a) : numberIn(b)
      const of = kind === 'entry' ? { entryId: Number(id) } : kind === 'message' ? { messageId: Number(id) } : null
      return { view, sessionId, seq: kind === undefined ? numberIn(b) : null, of }
    }
    case 'trace': {
      const [, kind, id] = /^(entry|message)-(\d{1,16})$/.exec(a ?? '') ?? []
      if (kind === 'entry') return { view, of: { entryId: Number(id), recipientId: numberIn(b) } }
      return kind === 'message' ? { view, of: { messageId: Number(id) } } : INBOX
    }
    case 'console': {
      const [, sessionId] = /^from-(\d{1,16})$/.exec(a ?? '') ?? []
      const from = sessionId === undefined ? null : { sessionId: Number(sessionId), seq: numberIn(b) }
      return { view, id: from === null ? numberIn(a) : null, from }
    }
    case 'lab':
      return { view, entryId: numberIn(a) }
    case 'settings':
      return { view, page: SETTINGS_PAGES.find((page) => page === a) ?? 'accounts' }
    default:
      return INBOX
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** The hash that names a route. */
export function formatRoute(route: Route): string {
  const path = (...parts: (string | number | null)[]) =>
    `#/${parts.map((part) => part ?? '').join('/')}`.replace(/\/+$/, '')
  switch (route.view) {
    case 'mail':
      return path('mail', route.folderId ?? 'all', route.messageId)
    case 'snoozed':
      return path('snoozed', route.messageId)
    case 'drafts':
      return path('drafts')
    case 'people':
      return path('people', route.groupId ?? 'all', route.contactId)
    case 'search':
      return path(
        'search',
        encodeURIComponent(route.text),
        route.messageId ?? (route.typing ? '-' : null),
        route.typing ? 'typing' : null,
      )
    case 'queue':
      return path('queue', route.entryId, route.recipientId)
    case 'log':
      return route.of === null
        ? path('log', route.sessionId, route.seq)
        : path(
            'log',
            'entryId' in route.of ? `entry-${route.of.entryId}` : `message-${route.of.messageId}`,
            route.sessionId,
          )
    case 'trace':
      return 'messageId' in route.of
        ? path('trace', `message-${route.of.messageId}`)
        : path('trace', `entry-${route.of.entryId}`, route.of.recipientId)
    case 'console':
      return route.from === null
        ? path('console', route.id)
        : path('console', `from-${route.from.sessionId}`, route.from.seq)
    case 'lab':
      return path('lab', route.entryId)
    case 'settings':
      return path('settings', route.page)
  }
}

let hash = ''
let current: Route = INBOX
function now(): Route {
  // The same object for the same hash: React compares by identity.
  if (location.hash !== hash) {
    hash = location.hash
    current = parseRoute(hash)
  }
  return current
}

function watch(listener: () => void): () => void {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}

/** Goes to a route. `quietly` replaces the place in the history, for moving through a list. */
export function go(route: Route, how: 'push' | 'quietly' = 'push'): void {
  const next = formatRoute(route)
  if (next === location.hash) return
  if (how === 'push') location.hash = next
  else {
    history.replaceState(null, '', next)
    window.dispatchEvent(new HashChangeEvent('hashchange'))
  }
}

/** Where the window stands now. */
export function useRoute(): Route {
  return useSyncExternalStore(watch, now, () => INBOX)
}
