import { useState } from 'react'
import { Button, IconButton } from '../parts/button.tsx'
import { Field } from '../parts/field.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { Icon } from '../parts/icon.tsx'
import { PaneEdge } from '../parts/pane-edge.tsx'

/** What stands around a view: folders with an edge to draw, a toolbar, badges, and how far something is. */
export function Panes() {
  const [isOn, setOn] = useState(true)
  return (
    <div className="shelf stacked">
      <div className="gallery-panes">
        <nav className="folders" aria-label="Folders">
          <a className="folder" href="#panes" aria-current="page">
            <Icon name="inbox" /> <span className="grow clip">Inbox</span> <span className="num">3</span>
          </a>
          <a className="folder" href="#panes">
            <Icon name="archive" /> <span className="grow clip">A folder whose name is long</span>
          </a>
          <PaneEdge pane="folders" />
        </nav>
        <div role="toolbar" aria-label="Of a message" className="toolbar">
          <IconButton icon="reply" label="Reply" keys="R" />
          <IconButton icon="archive" label="Archive" keys="A" />
          <IconButton icon="trash" label="Delete" disabled />
          <Button icon="more">More</Button>
        </div>
      </div>
      <p>
        <span className="badge">Usual</span> <span className="badge ok">In order</span>{' '}
        <span className="badge warn">To be looked at</span> <span className="badge danger">Refused</span>
      </p>
      <progress className="wide" aria-label="How far it is" value={0.6} />
      <progress className="wide" aria-label="Nobody knows how far" />
      <label className="check">
        <input type="checkbox" className="switch" checked={isOn} onChange={(event) => setOn(event.target.checked)} />
        <span>{isOn ? 'On' : 'Off'}</span>
      </label>
    </div>
  )
}

/** A dialog to fill in, which stays open with the words of a failure until it works. */
export function Forms() {
  const [isOpen, setOpen] = useState(false)
  const [name, setName] = useState('')
  return (
    <div className="shelf">
      <Button onClick={() => setOpen(true)}>Open a form</Button>
      {isOpen ? (
        <FormDialog
          title="A new tag"
          action="Add"
          isReady={name !== ''}
          onSave={() => (name === 'Harbour' ? Promise.reject(new Error('there is one already')) : Promise.resolve())}
          onClose={() => setOpen(false)}
        >
          <Field label="Name" value={name} onChange={setName} />
        </FormDialog>
      ) : null}
    </div>
  )
}
