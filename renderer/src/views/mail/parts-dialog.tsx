import type { PartView } from '../../../../core/rpc/message-facts-contract.ts'
import { api } from '../../bridge/client.ts'
import { size } from '../../format/size.ts'
import { visible } from '../../format/wire-text.ts'
import { IconButton } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { saveBytes } from '../../state/actions.ts'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'

/** The parts a message is made of, each of which can be saved. */
export function PartsDialog({ id, onClose }: { readonly id: number; readonly onClose: () => void }) {
  const live = useLive(`parts ${id}`, () => api.mail.tree({ id }))
  const save = (path: string) =>
    void act(t('Saving the part'), async () => {
      const { handle, filename } = await api.mail.part({ id, path })
      saveBytes(handle, filename)
    })
  return (
    <Dialog title={t('Parts of the message')} isOpen wide onClose={onClose}>
      <Load live={live} what={t('the parts')} again={live.again}>
        {(tree) => (
          <div className="dialog-body">
            <ul className="part-tree">
              <Part part={tree} onSave={save} />
            </ul>
          </div>
        )}
      </Load>
    </Dialog>
  )
}

function Part({ part, onSave }: { readonly part: PartView; readonly onSave: (path: string) => void }) {
  const facts = [
    part.charset,
    part.encoding,
    part.disposition,
    part.contentId === null ? null : `<${part.contentId}>`,
    size(part.sizeBytes),
  ].filter((fact) => fact !== null)
  const name = part.filename ?? part.type
  return (
    <li>
      <div className="part">
        <Icon name={part.children.length > 0 ? 'folder' : /^image\//i.test(part.type) ? 'image' : 'file'} />
        <span className="mono num path">{part.path}</span>
        <span className="grow">
          <bdi className="mono">{visible(part.type)}</bdi>
          {part.filename === null ? null : (
            <>
              {' '}
              <bdi>{visible(part.filename)}</bdi>
            </>
          )}
          <span className="quiet facts">{visible(facts.join(' · '))}</span>
        </span>
        <IconButton
          icon="download"
          label={
            part.path === ''
              ? t('Save the whole message')
              : t('Save part {path}, {name}', { path: part.path, name: visible(name) })
          }
          onClick={() => onSave(part.path)}
        />
      </div>
      {part.children.length === 0 ? null : (
        <ul>
          {part.children.map((child) => (
            <Part key={child.path} part={child} onSave={onSave} />
          ))}
        </ul>
      )}
    </li>
  )
}
