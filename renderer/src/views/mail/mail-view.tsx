import { useState } from 'react'
import { ago } from '../../format/time.ts'
import { useOffers } from '../../commands/offers.ts'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { fetching, getMail } from '../../state/actions.ts'
import { useEngine } from '../../state/engine.tsx'
import { look } from '../../state/look.ts'
import { useNow } from '../../state/now.ts'
import { searchFor } from '../../state/search-for.ts'
import { go, type Route } from '../../state/route.ts'
import { searchIn } from './folder-menu.tsx'
import { keepSorting, sortingOf } from './sorting.ts'
import { TwoPanes } from './two-panes.tsx'
import { useMessageList, type Unfolded } from './use-message-list.ts'
import { t } from '../../words/words.ts'
import { folderName } from '../../format/folder-name.ts'

type MailRoute = Extract<Route, { view: 'mail' }>

/** One folder, or every inbox in one: list and reader. */
export function MailView({ route }: { readonly route: MailRoute }) {
  const { folders } = useEngine()
  const { conversations, sorting: lines } = look.use()
  const { folderId } = route
  const sorting = sortingOf(lines, folderId)
  const [unfolded, setUnfolded] = useState<Unfolded>({ all: false, but: [] })
  const list = useMessageList(folderId, conversations, sorting, unfolded)
  const folder = folders.at === 'ready' ? folders.value.find((one) => one.id === folderId) : undefined
  const inboxes = folders.at === 'ready' ? folders.value.filter((one) => one.role === 'inbox') : []
  const unread = folder?.unread ?? inboxes.reduce((sum, one) => sum + one.unread, 0)
  const total = list.at === 'ready' ? list.value.total : 0
  const name = folderId === null ? t('Unified inbox') : folder === undefined ? t('Folder') : folderName(folder)
  useOffers({ 'filter-list': () => searchFor.set(searchIn(folder ?? null)) })
  return (
    <TwoPanes
      title={name}
      sum={
        list.at !== 'ready'
          ? ''
          : unread > 0
            ? t('{unread, number} unread of {total, number}', { unread, total })
            : t('{total, plural, one {# message} other {# messages}}', { total })
      }
      live={list}
      messageId={route.messageId}
      folderRole={folder?.role ?? 'inbox'}
      sorting={sorting}
      onSort={(next) => keepSorting(folderId, next)}
      unfolded={unfolded}
      onUnfolded={setUnfolded}
      onShow={(messageId) => go({ ...route, messageId }, 'quietly')}
      empty={<EmptyFolder isInbox={(folder?.role ?? 'inbox') === 'inbox'} name={name} />}
    />
  )
}

function EmptyFolder({ isInbox, name }: { isInbox: boolean; name: string }) {
  const { accounts } = useEngine()
  const nowMs = useNow()
  const busy = fetching.use()
  const last = accounts.reduce<number | null>(
    (latest, one) => Math.max(latest ?? 0, one.lastFetchMs ?? 0) || null,
    null,
  )
  if (!isInbox) return <Empty icon="folder" title={t('Nothing in {name}', { name })} />
  if (accounts.length === 0)
    return (
      <Empty
        icon="inbox"
        title={t('Nothing in the inbox')}
        actions={
          <Button icon="plus" onClick={() => go({ view: 'settings', page: 'accounts' })}>
            {t('Add an account')}
          </Button>
        }
      >
        {t('Mail to your local addresses arrives here by itself. To read mail kept by a provider, add its account.')}
      </Empty>
    )
  return (
    <Empty
      icon="inbox"
      title={t('Nothing in the inbox')}
      actions={
        <Button icon="refresh" disabled={busy} onClick={() => void getMail(true)}>
          {busy ? t('Getting mail') : t('Get mail')}
        </Button>
      }
    >
      {last === null ? t('Nothing has been fetched yet.') : t('Last fetch {last}.', { last: ago(last, nowMs) })}
    </Empty>
  )
}
