import { useEffect, useRef, useState, type ReactNode } from 'react'

interface Props {
  readonly id: number
  /** One of so many that only those near what is seen are drawn. */
  readonly isOneOfMany: boolean
  readonly children: () => ReactNode
}

/** As tall as a message is that has not been drawn yet. */
const GUESS_PX = 200

/** For each page that scrolls, who wants to know when a box of it comes near what is seen. */
const watches = new WeakMap<
  Element,
  { observer: IntersectionObserver; tell: Map<Element, (isNear: boolean) => void> }
>()

function watchOf(page: Element) {
  const known = watches.get(page)
  if (known !== undefined) return known
  const tell = new Map<Element, (isNear: boolean) => void>()
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) tell.get(target)?.(isIntersecting)
    },
    { root: page, rootMargin: '100% 0px' },
  )
  const made = { observer, tell }
  watches.set(page, made)
  return made
}

/** An unfolded message of a conversation. Of very many each far from what is seen is a box of its height, for each is a page of its own. */
export function Nearby({ id, isOneOfMany, children }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const [isNear, setNear] = useState(!isOneOfMany)
  const [heightPx, setHeightPx] = useState(GUESS_PX)
  useEffect(() => {
    const own = box.current
    const page = own?.closest('.article')
    if (!isOneOfMany || own === null || !page) return
    const { observer, tell } = watchOf(page)
    tell.set(own, (is) => {
      if (!is && own.dataset['drawn'] !== undefined) setHeightPx(own.getBoundingClientRect().height)
      setNear(is)
    })
    observer.observe(own)
    return () => {
      observer.unobserve(own)
      tell.delete(own)
    }
  }, [isOneOfMany])
  const isDrawn = !isOneOfMany || isNear
  return (
    <div ref={box} data-of={id} data-drawn={isDrawn || undefined} style={isDrawn ? undefined : { height: heightPx }}>
      {isDrawn ? children() : null}
    </div>
  )
}
