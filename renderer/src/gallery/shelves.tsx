import { useState } from 'react'
import { Banner } from '../parts/banner.tsx'
import { Button, IconButton } from '../parts/button.tsx'
import { Choice } from '../parts/choice.tsx'
import { Confirm, Dialog } from '../parts/dialog.tsx'
import { Empty, Skeleton } from '../parts/empty.tsx'
import { Check, Field, Select } from '../parts/field.tsx'
import { Load } from '../parts/load.tsx'
import { MenuButton } from '../parts/menu.tsx'
import { PickList } from '../parts/pick-list.tsx'
import { TagChip } from '../parts/tag-chip.tsx'
import { VirtualListbox, type Picked } from '../parts/virtual-listbox.tsx'
import { toast } from '../state/toasts.ts'

/** Buttons in all their kinds. */
export function Buttons() {
  return (
    <div className="shelf">
      <Button kind="primary" icon="draft">
        Primary
      </Button>
      <Button icon="refresh">Usual</Button>
      <Button kind="plain">Plain</Button>
      <Button kind="danger" icon="trash">
        Dangerous
      </Button>
      <Button disabled>Not now</Button>
      <Button kind="primary" disabled>
        Not now, primary
      </Button>
      <IconButton icon="archive" label="Archive" keys="A" />
      <IconButton icon="star" label="Star" aria-pressed />
      <IconButton icon="trash" label="Delete" disabled />
      <MenuButton
        label="More"
        icon="more"
        entries={[
          { id: 'one', label: 'Save as a file', icon: 'download', keys: 'Ctrl S', run: () => undefined },
          { id: 'two', label: 'Move to Trash', icon: 'trash', run: () => undefined },
        ]}
      />
      <TagChip tag={{ name: 'Harbour', colour: '#1a6a45' }} />
    </div>
  )
}

/** Everything one types into or chooses with. */
export function Fields() {
  const [text, setText] = useState('ada@harbour.test')
  const [one, setOne] = useState('starttls')
  const [on, setOn] = useState(true)
  const [way, setWay] = useState('direct')
  return (
    <div className="fields" style={{ maxInlineSize: '640px' }}>
      <Field label="Filled" value={text} onChange={setText} hint="With a sentence below." />
      <Field label="Empty" value="" placeholder="name@example.org" onChange={() => undefined} />
      <Field label="Wrong" value="ada@" problem="An address has one @ and a domain." onChange={() => undefined} />
      <Field label="Not now" value="fixed" disabled onChange={() => undefined} />
      <Select
        label="One of a few"
        value={one}
        options={[
          { value: 'starttls', label: 'STARTTLS' },
          { value: 'none', label: 'None' },
        ]}
        onChange={setOne}
      />
      <Check label="Yes or no" hint="What follows from it." checked={on} onChange={setOn} />
      <div className="all">
        <Choice
          name="way"
          on={way === 'direct'}
          title="Straight to the recipient’s server"
          text="No provider between."
          onPick={() => setWay('direct')}
        />
        <Choice
          name="way"
          on={way === 'smarthost'}
          title="Through a smarthost"
          text="With a login of your own."
          onPick={() => setWay('smarthost')}
        />
      </div>
    </div>
  )
}

const ROWS = Array.from({ length: 1000 }, (_, key) => ({ kind: 'option' as const, key, value: `Row ${key + 1}` }))

/** Lists to choose from. */
export function Lists() {
  const [picked, setPicked] = useState<Picked>({ active: 1, selected: new Set([1, 2]) })
  return (
    <div className="shelf">
      <div className="frame tall">
        <VirtualListbox
          label="A long list"
          items={ROWS}
          total={ROWS.length}
          rowPx={28}
          multiple
          picked={picked}
          onPick={setPicked}
        >
          {(value) => <span>{value}</span>}
        </VirtualListbox>
      </div>
      <div className="frame tall">
        <PickList
          label="A list found by typing"
          placeholder="A part of its name"
          find={(typed) => ROWS.slice(0, 40).filter(({ value }) => value.toLowerCase().includes(typed.toLowerCase()))}
          keyOf={({ key }) => `${key}`}
          nothing="Nothing has these words."
          onPick={() => undefined}
        >
          {({ value }) => <span className="grow">{value}</span>}
        </PickList>
      </div>
    </div>
  )
}

const failed = { at: 'failed', message: 'read the folder: the disk did not answer' } as const

/** What a pane shows when it has no rows: nothing yet, waiting, a failure; and the lines above it. */
export function Standing() {
  return (
    <div>
      <Banner level="plain" icon="info">
        A plain line.
      </Banner>
      <Banner level="warn" icon="alert" actions={<Button>Let mail leave</Button>}>
        Something to look at.
      </Banner>
      <Banner level="danger" icon="fail">
        Something that keeps mail from leaving.
      </Banner>
      <div className="shelf">
        <div className="frame">
          <Empty icon="inbox" title="Nothing here" actions={<Button>Get mail</Button>}>
            Why it is empty, in a sentence.
          </Empty>
        </div>
        <div className="frame">
          <Skeleton label="Reading the folder" />
        </div>
        <div className="frame">
          <Load live={failed} what="the folder" again={() => undefined}>
            {() => null}
          </Load>
        </div>
      </div>
    </div>
  )
}

/** Dialogs and toasts, each behind the button that opens it. */
export function Overlays() {
  const [open, setOpen] = useState<'dialog' | 'confirm' | null>(null)
  return (
    <div className="shelf">
      <Button onClick={() => setOpen('dialog')}>Open a dialog</Button>
      <Button onClick={() => setOpen('confirm')}>Ask before</Button>
      <Button
        onClick={() => toast('3 messages moved to Archive.', { action: { label: 'Undo', run: () => undefined } })}
      >
        Toast
      </Button>
      <Button onClick={() => toast('The server did not answer.', { level: 'danger', icon: 'alert' })}>
        Toast of a failure
      </Button>
      <Dialog title="A dialog" isOpen={open === 'dialog'} onClose={() => setOpen(null)}>
        <div className="dialog-body">
          <p>What it is about.</p>
        </div>
        <footer>
          <Button kind="primary" onClick={() => setOpen(null)}>
            Done
          </Button>
        </footer>
      </Dialog>
      <Confirm
        title="Delete 3 messages for good?"
        isOpen={open === 'confirm'}
        action="Delete"
        danger
        onConfirm={() => undefined}
        onClose={() => setOpen(null)}
      >
        <p>They can’t be brought back.</p>
      </Confirm>
    </div>
  )
}
