import type { ReactNode } from 'react'
import type { Live } from '../state/use-live.ts'
import { Button } from './button.tsx'
import { Empty, Skeleton } from './empty.tsx'
import { t } from '../words/words.ts'

interface Props<T> {
  readonly live: Live<T>
  /** What is read, for the words of waiting and failing: `the queue`. */
  readonly what: string
  readonly again?: () => void
  readonly children: (value: T) => ReactNode
}

/** Shows an answer, or in words that it is on its way or that it failed. */
export function Load<T>({ live, what, again, children }: Props<T>) {
  switch (live.at) {
    case 'loading':
      return <Skeleton label={t('Reading {what}', { what })} />
    case 'failed':
      return (
        <Empty
          icon="alert"
          tone="danger"
          role="alert"
          title={t('This could not be read: {what}', { what })}
          actions={
            again === undefined ? undefined : (
              <Button icon="refresh" onClick={again}>
                {t('Try again')}
              </Button>
            )
          }
        >
          {live.message}
        </Empty>
      )
    case 'ready':
      return children(live.value)
  }
}
