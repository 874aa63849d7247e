import { createContext, use, type ReactNode } from 'react'
import type { AccountView, FolderView, IdentityView, StatusView } from '../../../core/rpc/views.ts'
import type { TagView } from '../../../core/rpc/reading-contract.ts'
import { api } from '../bridge/client.ts'
import { useLive, type Live } from './use-live.ts'

/** What every part of the window looks at: asked once, asked again on change. */
export interface Engine {
  readonly status: StatusView
  readonly folders: Live<readonly FolderView[]>
  readonly identities: readonly IdentityView[]
  readonly accounts: readonly AccountView[]
  readonly tags: readonly TagView[]
}

const Context = createContext<Engine | undefined>(undefined)

/** The engine's state as the window knows it. */
export function useEngine(): Engine {
  const engine = use(Context)
  if (engine === undefined) throw new Error('a view is shown outside the engine')
  return engine
}

const statusChanges = { changes: api.app.changes }
const mailChanges = { changes: api.mail.changes }
const identityChanges = { changes: api.identity.changes }
const accountChanges = { changes: api.account.changes }
const tagChanges = { changes: api.tag.changes }

/** Asks for the status alone: all there is while the store is locked. */
export function useStatus() {
  return useLive('status', () => api.app.status(), statusChanges)
}

/** Keeps what every view shares. */
export function EngineProvider({ status, children }: { readonly status: StatusView; readonly children: ReactNode }) {
  const folders = useLive('folders', () => api.mail.folders(), mailChanges)
  const identities = useLive('identities', () => api.identity.list(), identityChanges)
  const accounts = useLive('accounts', () => api.account.list(), accountChanges)
  const tags = useLive('tags', () => api.tag.list(), tagChanges)
  return (
    <Context
      value={{
        status,
        folders,
        identities: identities.at === 'ready' ? identities.value : [],
        accounts: accounts.at === 'ready' ? accounts.value : [],
        tags: tags.at === 'ready' ? tags.value : [],
      }}
    >
      {children}
    </Context>
  )
}
