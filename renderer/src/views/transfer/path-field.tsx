import { shell } from '../../bridge/shell.ts'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import { act } from '../../state/act.ts'
import { choosePath } from '../../state/use-desktop.ts'
import { t } from '../../words/words.ts'

/** What can be chosen in the system's own dialog; the last of them names a file that need not be there yet. */
export type Choice = 'folder' | 'file' | 'new-file'

interface Props {
  readonly label: string
  readonly value: string
  readonly placeholder: string
  readonly hint: string
  readonly choices: readonly Choice[]
  /** What a file that is not there yet would be called. */
  readonly name?: string
  readonly onChange: (path: string) => void
}

/** A place on this computer: typed, and on the desktop chosen in the system's own dialog. */
export function PathField({ choices, name, onChange, ...field }: Props) {
  const choose = async (kind: Choice) => {
    const path = await act(t('Choosing a place'), () => choosePath(kind, name))
    if (path !== undefined) onChange(path)
  }
  const words: Readonly<Record<Choice, string>> = {
    'folder': t('Choose a folder…'),
    'file': t('Choose a file…'),
    'new-file': t('Choose where…'),
  }
  return (
    <div className="path-field">
      <Field {...field} spellCheck={false} autoComplete="off" dir="ltr" onChange={onChange} />
      {shell === undefined ? null : (
        <div className="ways">
          {choices.map((kind) => (
            <Button key={kind} icon="folder" onClick={() => void choose(kind)}>
              {words[kind]}
            </Button>
          ))}
        </div>
      )}
    </div>
  )
}
