import { useId, useRef, useState, type ClipboardEvent, type KeyboardEvent, type ReactNode, type Ref } from 'react'
import { api } from '../../bridge/client.ts'
import { formatAddress } from '../../format/names.ts'
import { visible } from '../../format/wire-text.ts'
import { act } from '../../state/act.ts'
import { Icon } from '../../parts/icon.tsx'
import { membersOf } from './group-members.ts'
import { useCompletion, type Offer } from './use-completion.ts'
import { isFinished, type Addressee } from './recipients.ts'
import { t, told } from '../../words/words.ts'

interface Props {
  readonly label: string
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
  const people = useCompletion(typed)
  const [active, setActive] = useState<number | null>(null)
  const [isShut, setIsShut] = useState(false)
  const isOpen = people.length > 0 && !isShut
  // Whoever has typed a whole address means that one, whatever else begins so.
  const isWhole = /@[^\s@]+\.[^\s@]+$/.test(typed.trim())
  const marked = Math.min(active ?? (isWhole ? -1 : 0), people.length - 1)
  const problems = value.filter((one) => one.problem !== null || one.warning !== null)

  const commit = () => {
    if (typed.trim() !== '') onCommit(typed)
  }
  const choose = (offer: Offer) => {
    setActive(null)
    if (offer.kind === 'person') onCommit(formatAddress(offer.person))
    else
      void act(t('Reading the group'), async () => {
        const members = await membersOf(offer.group.id, (page) => api.contact.list(page))
        onCommit(members.map(formatAddress).join(', '))
      })
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const chosen = people[marked]
    if (isOpen) {
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        event.preventDefault()
        const step = event.key === 'ArrowDown' ? 1 : -1
        setActive(marked < 0 && step < 0 ? people.length - 1 : (marked + step + people.length) % people.length)
        return
      }
      const isPlain = !event.shiftKey && !event.ctrlKey && !event.metaKey
      if (chosen !== undefined && isPlain && (event.key === 'Enter' || event.key === 'Tab')) {
        event.preventDefault()
        choose(chosen)
        return
      }
      if (event.key === 'Escape') {
        // It shuts the list, and not the composer.
        event.stopPropagation()
        setIsShut(true)
        return
      }
    }
    if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      event.preventDefault()
      commit()
    } else if (event.key === 'Backspace' && typed === '' && value.length > 0) {
      onRemove(value.length - 1)
      setHint(t('{text} removed', { text: value.at(-1)?.text ?? '' }))
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
              <button
                type="button"
                aria-label={t('Remove {text}', { text: visible(one.text) })}
                onClick={() => onRemove(at)}
              >
                <Icon name="x" />
              </button>
            </span>
          ))}
          <input
            id={id}
            ref={inputRef}
            value={typed}
            role="combobox"
            aria-expanded={isOpen}
            aria-controls={`${id}-people`}
            aria-autocomplete="list"
            aria-activedescendant={isOpen && marked >= 0 ? `${id}-${marked}` : undefined}
            autoComplete="off"
            spellCheck={false}
            inputMode="email"
            aria-describedby={problems.length > 0 ? `${id}-checks` : undefined}
            onChange={(event) => {
              setIsShut(false)
              setActive(null)
              if (isFinished(event.target.value)) onCommit(event.target.value)
              else onTyped(event.target.value)
            }}
            onKeyDown={onKeyDown}
            onPaste={onPaste}
            onBlur={commit}
          />
        </div>
        <div
          id={`${id}-people`}
          role="listbox"
          aria-label={t('People for {label}', { label })}
          className="people"
          hidden={!isOpen}
        >
          {people.map((offer, at) => (
            // The keys are handled by the line that is typed in.
            // eslint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={offer.kind === 'person' ? `${offer.person.id}` : `group ${offer.group.id}`}
              className="person-row"
              tabIndex={-1}
              id={`${id}-${at}`}
              role="option"
              aria-selected={at === marked}
              // The line that is typed in keeps the focus: losing it would commit what is half typed.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => choose(offer)}
            >
              <OfferWords offer={offer} />
            </div>
          ))}
        </div>
        {problems.length === 0 ? null : (
          <ul className="checks" id={`${id}-checks`}>
            {problems.map((one, at) => (
              <li key={at}>
                <Icon name="alert" className="warn" />
                <span>
                  <b>{visible(one.text)}</b>: {told(one.problem ?? one.warning ?? '')}
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

function OfferWords({ offer }: { readonly offer: Offer }) {
  if (offer.kind === 'group')
    return (
      <>
        <bdi className="clip">{visible(offer.group.name)}</bdi>
        <span className="quiet clip">
          {t('{count, plural, one {group of # person} other {group of # people}}', { count: offer.group.members })}
        </span>
      </>
    )
  const { name, address } = offer.person
  return (
    <>
      <bdi className="clip">{visible(name || address)}</bdi>
      {name === '' ? null : <bdi className="quiet clip">{visible(address)}</bdi>}
    </>
  )
}
