import { useEffect, useRef, useState, type RefObject } from 'react'
import { Icon } from '../../parts/icon.tsx'
import { go, INBOX } from '../../state/route.ts'

/** Typing is searched after so long a rest; Enter searches at once. */
const REST_MS = 180

interface Props {
  /** What is searched for now; '' while no search shows. */
  readonly asked: string
  readonly input: RefObject<HTMLInputElement | null>
}

/** The one search box. It searches while one types, and keeps what was typed. */
export function SearchField({ asked, input }: Props) {
  const [text, setText] = useState(asked)
  const sent = useRef(asked)
  // Somebody went elsewhere, or opened a search that was kept.
  useEffect(() => {
    if (asked === sent.current) return
    sent.current = asked
    setText(asked)
  }, [asked])

  const search = (wanted: string, typing: boolean) => {
    sent.current = wanted
    if (wanted === '') {
      if (asked !== '') go(INBOX, 'quietly')
    } else go({ view: 'search', text: wanted, typing, messageId: null }, asked === '' ? 'push' : 'quietly')
  }
  const rest = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(rest.current), [])

  return (
    <form
      role="search"
      className="field"
      data-kind="search"
      onSubmit={(event) => {
        event.preventDefault()
        clearTimeout(rest.current)
        search(text.trim(), false)
      }}
    >
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        aria-label="Search all mail"
        placeholder="Search all mail"
        value={text}
        onChange={(event) => {
          const typed = event.target.value
          setText(typed)
          clearTimeout(rest.current)
          rest.current = setTimeout(() => search(typed.trim(), true), REST_MS)
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          clearTimeout(rest.current)
          setText('')
          search('', false)
          // Letters are commands again.
          event.currentTarget.blur()
        }}
      />
      <kbd>Ctrl K</kbd>
    </form>
  )
}
