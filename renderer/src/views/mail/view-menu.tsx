import {
  Button as AriaButton,
  Header,
  Menu,
  MenuItem,
  MenuSection,
  MenuTrigger,
  Popover,
  type Selection,
} from 'react-aria-components'
import { SORTS, type SortBy } from '../../../../core/rpc/mail-list-contract.ts'
import { Icon } from '../../parts/icon.tsx'
import { look } from '../../state/look.ts'
import { setLook, type Sorting } from './sorting.ts'
import { t } from '../../words/words.ts'

interface Choice {
  readonly id: string
  readonly label: string
}

interface SectionProps {
  readonly title: string
  readonly choices: readonly Choice[]
  readonly chosen: readonly string[]
  readonly several?: boolean
  readonly onChoose: (ids: readonly string[]) => void
}

function Section({ title, choices, chosen, several = false, onChoose }: SectionProps) {
  return (
    <MenuSection
      selectionMode={several ? 'multiple' : 'single'}
      {...(several ? {} : { disallowEmptySelection: true })}
      selectedKeys={chosen}
      onSelectionChange={(keys: Selection) => {
        if (keys !== 'all') onChoose([...keys].map(String))
      }}
    >
      <Header className="menu-title">{title}</Header>
      {choices.map(({ id, label }) => (
        <MenuItem key={id} id={id} textValue={label} className="menu-item">
          {({ isSelected }) => (
            <>
              <Icon name="check" className={isSelected ? 'chosen' : 'not-chosen'} />
              <span className="grow">{label}</span>
            </>
          )}
        </MenuItem>
      ))}
    </MenuSection>
  )
}

const SORT_NAMES: Readonly<Record<SortBy, () => string>> = {
  date: () => t('Date'),
  from: () => t('Sender'),
  subject: () => t('Subject'),
  size: () => t('Size'),
}

interface Props {
  /** Null where the order is not of the person's choosing. */
  readonly sorting: Sorting | null
  readonly onSort: (sorting: Sorting) => void
}

/** How mail is listed and read: a menu at the head of the list. */
export function ViewMenu({ sorting, onSort }: Props) {
  const { conversations, newestFirst, list, readingPane } = look.use()
  return (
    <MenuTrigger>
      <AriaButton className="icon-button" aria-label={t('How mail is listed')}>
        <Icon name="sort" />
      </AriaButton>
      <Popover className="menu" placement="bottom end" offset={4}>
        <Menu aria-label={t('How mail is listed')} className="menu-list">
          {sorting === null ? null : (
            <Section
              title={t('Sort by')}
              choices={SORTS.map((id) => ({ id, label: SORT_NAMES[id]() }))}
              chosen={[sorting.by]}
              onChoose={([by]) => {
                const next = SORTS.find((one) => one === by)
                if (next !== undefined) onSort({ by: next, isUp: next === 'from' || next === 'subject' })
              }}
            />
          )}
          {sorting === null ? null : (
            <Section
              title={t('Order')}
              choices={[
                { id: 'down', label: sorting.by === 'date' ? t('Newest first') : t('Downwards') },
                { id: 'up', label: sorting.by === 'date' ? t('Oldest first') : t('Upwards') },
              ]}
              chosen={[sorting.isUp ? 'up' : 'down']}
              onChoose={([way]) => onSort({ ...sorting, isUp: way === 'up' })}
            />
          )}
          <Section
            title={t('Conversations')}
            several
            choices={[
              { id: 'conversations', label: t('As one') },
              { id: 'newestFirst', label: t('Read the newest first') },
            ]}
            chosen={[...(conversations ? ['conversations'] : []), ...(newestFirst ? ['newestFirst'] : [])]}
            onChoose={(ids) => {
              if (ids.includes('conversations') !== conversations) setLook('look.conversations', !conversations)
              if (ids.includes('newestFirst') !== newestFirst) setLook('look.newestFirst', !newestFirst)
            }}
          />
          <Section
            title={t('List')}
            choices={[
              { id: 'cards', label: t('Cards') },
              { id: 'table', label: t('Table') },
            ]}
            chosen={[list]}
            onChoose={([id]) => setLook('look.list', id)}
          />
          <Section
            title={t('Reading pane')}
            choices={[
              { id: 'right', label: t('Beside the list') },
              { id: 'below', label: t('Below the list') },
              { id: 'off', label: t('In place of the list') },
            ]}
            chosen={[readingPane]}
            onChoose={([id]) => setLook('look.readingPane', id)}
          />
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
