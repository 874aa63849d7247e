import { useEffect, useId, useState } from 'react'
import type { SessionView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { wireText } from '../../format/wire-text.ts'
import { act } from '../../state/act.ts'
import { t } from '../../words/words.ts'

const MOST_EVENTS = 1000

/** A line of a stored session that can be said again. */
export interface StoredLine {
  readonly seq: number
  readonly text: string
}
/** A session of the log with what its client said; undefined before it is read, and where there is none. */
export interface Stored {
  readonly session: SessionView
  readonly lines: readonly StoredLine[]
}

/** Reads a session of the log once: what is stored does not change. */
export function useStored(sessionId: number | null): Stored | undefined {
  const [stored, setStored] = useState<Stored>()
  useEffect(() => {
    if (sessionId === null) return
    let isGone = false
    const read = async () => {
      const { session } = await api.log.session({ id: sessionId })
      const events = await api.log.events({ id: sessionId, fromSeq: 0, limit: MOST_EVENTS })
      const lines = events.flatMap((event) => {
        if (event.kind !== 'line' || event.from !== 'C') return []
        const text = event.spans.map((span) => (typeof span === 'string' ? wireText(span) : '•••')).join('')
        return [{ seq: event.seq, text }]
      })
      if (!isGone) setStored({ session, lines })
    }
    void act(t('Reading the session'), read)
    return () => void (isGone = true)
  }, [sessionId])
  return stored
}

/** How far a session is said again where nobody says: not to its goodbye, for somebody wants to go on. */
export function lastLine(lines: readonly StoredLine[]): StoredLine | undefined {
  return lines.findLast(({ text }) => !/^quit\s*$/i.test(text)) ?? lines.at(-1)
}

interface Props {
  readonly lines: readonly StoredLine[]
  /** The event it goes up to; null for the last. */
  readonly upto: number | null
  readonly onUpto: (seq: number) => void
}

/** Up to which line a session is said again. */
export function ReplayFields({ lines, upto, onUpto }: Props) {
  const id = useId()
  // A link may have led to an answer: then the command before it is meant.
  const chosen = (upto === null ? lastLine(lines) : lines.findLast(({ seq }) => seq <= upto)) ?? lines[0]
  if (lines.length === 0) return <p className="quiet">{t('Nothing was said in it that could be said again.')}</p>
  return (
    <div className="labelled">
      <label className="label" htmlFor={id}>
        {t('Up to and with this line')}
      </label>
      <select
        id={id}
        className="select mono"
        value={chosen?.seq}
        onChange={(event) => onUpto(Number(event.target.value))}
      >
        {lines.map(({ seq, text }) => (
          <option key={seq} value={seq}>
            {`${seq + 1}  ${text.slice(0, 120)}`}
          </option>
        ))}
      </select>
    </div>
  )
}
