import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import { Marked } from './marked.tsx'
import { Mistake } from './search-view.tsx'

const marks = (html: string) => [...html.matchAll(/<mark>(.*?)<\/mark>/g)].map(([, found]) => found)
const textOf = (html: string) => html.replace(/<!-- -->|<[^>]+>/g, '')

test('what was looked for is marked, and no letter is lost or doubled', () => {
  const html = renderToString(
    <Marked
      text="Zürich and Zug"
      marks={[
        [0, 6],
        [11, 14],
      ]}
    />,
  )
  expect(marks(html)).toEqual(['Zürich', 'Zug'])
  expect(textOf(html)).toBe('Zürich and Zug')
})

test('what marks a text cannot make it anything but text', () => {
  const html = renderToString(<Marked text="<b>x</b>" marks={[[0, 3]]} />)
  expect(marks(html)).toEqual(['&lt;b&gt;'])
})

test('a query that does not parse shows the place, also where it is the end', () => {
  const at = (query: string, offset: number, length: number) =>
    renderToString(<Mistake query={query} problem={{ text: 'A quote is not closed.', offset, length }} />)
  expect(marks(at('from:ada "open', 9, 5))).toEqual(['&quot;open'])
  expect(marks(at('(a OR', 5, 0))).toEqual(['…'])
  expect(textOf(at('from:ada "open', 9, 5))).toContain('from:ada &quot;open A quote is not closed.')
})
