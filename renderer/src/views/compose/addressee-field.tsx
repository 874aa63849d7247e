import { useId, useRef, useState, type ClipboardEvent, type KeyboardEvent, type ReactNode, type Ref } from 'react'
import { api } from '../../bridge/client.ts'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import { isFinished, type Addressee } from './recipients.ts'

interface Props {
  readonly label: 'To' | 'Cc' | 'Bcc'
  readonly value: readonly Addressee[]
  readonly typed: string
  readonly onTyped: (typed: string) => void
  /** What was typed is whole: it becomes chips. */
  readonly onCommit: (typed: string) => void
  readonly onRemove: (at: number) => void
  readonly end?: ReactNode
  readonly inputRef?: Ref<HTMLInputElement>
}

/** How each address reads, and what is wrong with it. */
export async function checkAddresses(addresses: string): Promise<Addressee[]> {
  return addresses.trim() === '' ? [] : await api.compose.check({ addresses })
}

/** To, Cc or Bcc: chips for what is whole, a line to type the next one. */
export function AddresseeField({ label, value, typed, onTyped, onCommit, onRemove, end, inputRef }: Props) {
  const id = useId()
  const chips = useRef<HTMLDivElement>(null)
  const [hint, setHint] = useState('')
  const problems = value.filter((one) => one.problem !== null || one.warning !== null)

  const commit = () => {
    if (typed.trim() !== '') onCommit(typed)
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      event.preventDefault()
      commit()
    } else if (event.key === 'Backspace' && typed === '' && value.length > 0) {
      onRemove(value.length - 1)
      setHint(`${value.at(-1)?.text ?? ''} removed`)
    }
  }
  const onPaste = (event: ClipboardEvent<HTMLInputElement>) => {
    const text = event.clipboardData.getData('text').replace(/[\r\n]+/g, ', ')
    if (typed === '' && text.includes('@')) {
      event.preventDefault()
      onCommit(text)
    }
  }
  return (
    <div className="row">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <div>
        <div className="chips" ref={chips}>
          {value.map((one, at) => (
            <span
              key={`${at} ${one.text}`}
              className={one.problem === null && one.warning === null ? 'person' : 'person warn'}
              title={visible(one.address ?? one.text)}
            >
              {one.problem === null && one.warning === null ? null : <Icon name="alert" />}
              <bdi className="clip">{visible(one.name || one.address || one.text)}</bdi>
              <button type="button" aria-label={`Remove ${visible(one.text)}`} onClick={() => onRemove(at)}>
                <Icon name="x" />
              </button>
            </span>
          ))}
          <input
            id={id}
            ref={inputRef}
            value={typed}
            autoComplete="off"
            spellCheck={false}
            inputMode="email"
            aria-describedby={problems.length > 0 ? `${id}-checks` : undefined}
            onChange={(event) => {
              if (isFinished(event.target.value)) onCommit(event.target.value)
              else onTyped(event.target.value)
            }}
            onKeyDown={onKeyDown}
            onPaste={onPaste}
            onBlur={commit}
          />
        </div>
        {problems.length === 0 ? null : (
          <ul className="checks" id={`${id}-checks`}>
            {problems.map((one, at) => (
              <li key={at}>
                <Icon name="alert" className="warn" />
                <span>
                  <b>{visible(one.text)}</b>: {one.problem ?? one.warning}
                </span>
              </li>
            ))}
          </ul>
        )}
        <span className="sr" role="status">
          {hint}
        </span>
      </div>
      <div className="end">{end}</div>
    </div>
  )
}
