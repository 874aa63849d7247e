import { useEffect, useId, useRef, useState, type KeyboardEvent, type RefObject } from 'react'
import { visible } from '../../format/wire-text.ts'
import { keyOf } from '../../commands/bindings.ts'
import { Icon } from '../../parts/icon.tsx'
import { useEngine } from '../../state/engine.tsx'
import { go, INBOX } from '../../state/route.ts'
import { searchFor } from '../../state/search-for.ts'
import { useCompletion } from '../compose/use-completion.ts'
import { completionsOf, typedValue } from './complete-search.ts'
import { focusView } from './view-focus.ts'
import { t, told } from '../../words/words.ts'

/** Typing is searched after so long a rest; Enter searches at once. */
const REST_MS = 180

interface Props {
  /** What is searched for now; '' while no search shows. */
  readonly asked: string
  readonly input: RefObject<HTMLInputElement | null>
}

/** The one search box. It searches while one types, offers fields and values, and keeps what was typed. */
export function SearchField({ asked, input }: Props) {
  const id = useId()
  const { folders, tags } = useEngine()
  const [text, setText] = useState(asked)
  const [isShut, setIsShut] = useState(true)
  const [active, setActive] = useState(-1)
  const sent = useRef(asked)
  const key = keyOf('search')
  // Somebody went elsewhere, or opened a search that was kept.
  useEffect(() => {
    if (asked === sent.current) return
    sent.current = asked
    setText(asked)
  }, [asked])

  const typed = typedValue(text)
  const isPerson = typed !== undefined && ['from', 'to', 'cc'].includes(typed.field)
  const people = useCompletion(isPerson ? typed.value : '').flatMap((offer) =>
    offer.kind === 'person' ? [offer.person] : [],
  )
  const offered = completionsOf(text, {
    folders: folders.at === 'ready' ? folders.value.map(({ name }) => name) : [],
    tags: tags.map(({ name }) => name),
    people,
  })
  const isOpen = !isShut && offered.length > 0

  const search = (wanted: string, typing: boolean) => {
    sent.current = wanted
    if (wanted === '') {
      if (asked !== '') go(INBOX, 'quietly')
    } else go({ view: 'search', text: wanted, typing, messageId: null }, asked === '' ? 'push' : 'quietly')
  }
  const rest = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(rest.current), [])
  const type = (next: string) => {
    setText(next)
    setIsShut(false)
    setActive(-1)
    clearTimeout(rest.current)
    rest.current = setTimeout(() => search(next.trim(), true), REST_MS)
  }
  const asking = searchFor.use()
  const latest = useRef(type)
  latest.current = type
  useEffect(() => {
    if (asking === '') return
    searchFor.set('')
    latest.current(asking)
    input.current?.focus()
  }, [asking, input])
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    const chosen = offered[active] ?? (event.key === 'Tab' && !event.shiftKey ? offered[0] : undefined)
    if (isOpen && step !== 0) {
      event.preventDefault()
      setActive((active + step + offered.length + (active < 0 && step < 0 ? 1 : 0)) % offered.length)
    } else if (isOpen && chosen !== undefined && (event.key === 'Enter' || event.key === 'Tab')) {
      event.preventDefault()
      type(chosen.text)
    } else if (event.key === 'Escape' && isOpen) {
      event.preventDefault() // A field for searching would empty itself.
      setIsShut(true)
    } else if (event.key === 'Escape') {
      clearTimeout(rest.current)
      setText('')
      search('', false)
      // Letters are commands again.
      focusView()
    }
  }

  return (
    <form
      role="search"
      className="field"
      data-kind="search"
      onSubmit={(event) => {
        event.preventDefault()
        clearTimeout(rest.current)
        setIsShut(true)
        search(text.trim(), false)
      }}
    >
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        aria-label={t('Search all mail')}
        placeholder={t('Search all mail')}
        aria-controls={`${id}-ways`}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && active >= 0 ? `${id}-${active}` : undefined}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => type(event.target.value)}
        onKeyDown={onKeyDown}
        onBlur={() => setIsShut(true)}
      />
      {key === undefined ? null : <kbd>{key}</kbd>}
      <div id={`${id}-ways`} role="listbox" aria-label={t('Ways to go on')} className="search-ways" hidden={!isOpen}>
        {offered.map((one, at) => (
          // The keys are handled by the field that is typed in, which keeps the focus.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events
          <div
            key={one.word}
            id={`${id}-${at}`}
            role="option"
            tabIndex={-1}
            aria-selected={at === active}
            className="menu-item"
            data-focused={at === active || undefined}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => type(one.text)}
          >
            <bdi className="mono">{visible(one.word)}</bdi>
            <bdi className="quiet clip grow">{told(visible(one.about))}</bdi>
          </div>
        ))}
      </div>
    </form>
  )
}
