import { useRef, useState } from 'react'
import { vcardText } from '../../../../core/model/vcard.ts'
import type { ContactGroupView, ContactView } from '../../../../core/rpc/reading-contract.ts'
import { api } from '../../bridge/client.ts'
import { useOffers } from '../../commands/offers.ts'
import { formatAddress } from '../../format/names.ts'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { MenuButton } from '../../parts/menu.tsx'
import { VirtualListbox, type Picked } from '../../parts/virtual-listbox.tsx'
import { saveText } from '../../state/actions.ts'
import { act } from '../../state/act.ts'
import { useDensity } from '../../state/look.ts'
import { go, type Route } from '../../state/route.ts'
import { toast } from '../../state/toasts.ts'
import { t } from '../../words/words.ts'
import { compose } from '../compose/composer.ts'
import { Groups } from './groups.tsx'
import { ImportReport, type Imported } from './import-report.tsx'
import { PersonDialog } from './person-dialog.tsx'
import { PersonPane } from './person-pane.tsx'
import { usePeople } from './use-people.ts'

const ROW_PX = 44

/** Whom one writes to: learnt from mail that was sent, or written down. */
export function PeopleView({ route }: { readonly route: Extract<Route, { view: 'people' }> }) {
  const { people, groups, typed, setTyped, isSearch } = usePeople(route.groupId)
  const list = people.at === 'ready' ? people.value : []
  const groupList = groups.at === 'ready' ? groups.value : []
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set())
  const [editing, setEditing] = useState<ContactView | 'new' | null>(null)
  const [report, setReport] = useState<Imported | null>(null)
  const file = useRef<HTMLInputElement>(null)
  const density = useDensity()
  const picked: Picked = { active: route.contactId, selected }
  const chosen = list.filter(({ id }) => selected.has(id))
  const group = groupList.find(({ id }) => id === route.groupId)

  const write = (to: readonly ContactView[]) => compose({ kind: 'new', to: to.map(formatAddress).join(', ') })
  const take = async (from: File) => {
    const text = vcardText(new Uint8Array(await from.arrayBuffer()))
    const done = await act(t('Reading the cards'), () => api.contact.import({ text }))
    if (done !== undefined) setReport(done)
  }
  const save = async (groupId: number | null) => {
    const done = await act(t('Saving the cards'), () => api.contact.export({ groupId, withLearnt: false }))
    if (done === undefined) return
    if (done.count === 0) toast(t('Nobody is written down here yet.'), { icon: 'info' })
    else saveText(done.vcard, 'posthorn-people.vcf')
  }
  useOffers(chosen.length > 0 ? { reply: () => write(chosen) } : {})

  return (
    <main className="page people" aria-label={t('People')}>
      <header className="page-head">
        <h1>{t('People')}</h1>
        <div className="field search">
          <Icon name="search" />
          <input
            type="search"
            aria-label={t('Find people')}
            placeholder={t('Name, address or domain')}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </div>
        <Button icon="plus" onClick={() => setEditing('new')}>
          {t('Add a person')}
        </Button>
        <MenuButton
          label={t('More about people')}
          icon="more"
          entries={[
            { id: 'import', label: t('Import cards (.vcf)…'), icon: 'download', run: () => file.current?.click() },
            { id: 'export', label: t('Save everybody as cards'), icon: 'file', run: () => void save(null) },
            ...(group === undefined
              ? []
              : [
                  {
                    id: 'group',
                    label: t('Save {group} as cards', { group: group.name }),
                    icon: 'file' as const,
                    run: () => void save(group.id),
                  },
                ]),
          ]}
        />
        <input
          ref={file}
          type="file"
          accept=".vcf,.vcard,text/vcard"
          hidden
          aria-label={t('File of cards')}
          onChange={(event) => {
            const [from] = event.target.files ?? []
            event.target.value = ''
            if (from !== undefined) void take(from)
          }}
        />
      </header>
      <div className="split">
        <Groups
          groups={groupList}
          current={route.groupId}
          onWrite={(of: ContactGroupView) => void membersOf(of.id).then(write)}
        />
        <section className="left" aria-label={t('List of people')}>
          <Load live={people} what={t('the people')} again={people.again}>
            {(all) =>
              all.length === 0 ? (
                <Nobody isSearch={isSearch} typed={typed} isGroup={group !== undefined} />
              ) : (
                <VirtualListbox
                  label={group?.name ?? t('All people')}
                  items={all.map((value) => ({ kind: 'option' as const, key: value.id, value }))}
                  total={all.length}
                  rowPx={Math.round(ROW_PX * density)}
                  multiple
                  picked={picked}
                  onPick={(next) => {
                    setSelected(next.selected)
                    go({ view: 'people', groupId: route.groupId, contactId: next.active }, 'quietly')
                  }}
                  onOpen={(one) => write([one])}
                >
                  {(one) => <Row one={one} />}
                </VirtualListbox>
              )
            }
          </Load>
        </section>
        <PersonPane
          chosen={chosen.length > 0 ? chosen : list.filter(({ id }) => id === route.contactId)}
          groups={groupList}
          onWrite={write}
          onEdit={setEditing}
        />
      </div>
      {editing === null ? null : (
        <PersonDialog
          first={editing === 'new' ? undefined : editing}
          onSaved={(id) => {
            setSelected(new Set([id]))
            go({ view: 'people', groupId: route.groupId, contactId: id }, 'quietly')
          }}
          onClose={() => setEditing(null)}
        />
      )}
      {report === null ? null : <ImportReport done={report} onClose={() => setReport(null)} />}
    </main>
  )
}

/** All of a group, to be written to together. */
async function membersOf(groupId: number): Promise<readonly ContactView[]> {
  return (await act(t('Reading the group'), () => api.contact.list({ after: null, limit: 200, groupId }))) ?? []
}

function Row({ one }: { readonly one: ContactView }) {
  return (
    <div className="people-row">
      <b className="clip" dir="auto">
        {one.name || one.address}
      </b>
      <span className="quiet clip">{one.name === '' ? '' : one.address}</span>
      {one.kept ? null : <span className="badge">{t('learnt')}</span>}
    </div>
  )
}

function Nobody({ isSearch, typed, isGroup }: { isSearch: boolean; typed: string; isGroup: boolean }) {
  if (isSearch) return <Empty icon="users" title={t('Nobody is known by “{typed}”', { typed })} />
  if (isGroup)
    return (
      <Empty icon="users" title={t('Nobody in this group yet')}>
        {t('Choose people in the list of everybody, and put them into it on the right.')}
      </Empty>
    )
  return (
    <Empty icon="users" title={t('Nobody yet')}>
      {t('Whoever you write to is remembered here. Cards of another address book (.vcf) can be imported.')}
    </Empty>
  )
}
