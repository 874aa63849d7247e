import { memo, useState } from 'react'
import { size, whole } from '../../format/size.ts'
import { clockMillis, delta } from '../../format/time.ts'
import { visible, wireText } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import type { IconName } from '../../parts/icons.ts'
import { distrustWords } from '../../../../core/model/distrust-words.ts'
import { toneOf, type DialogueRow, type Rest } from './dialogue-rows.ts'
import { explainRefusal } from '../../../../core/model/explain-reply.ts'
import { lineText, tlsName, type LineEvent } from './exchange.ts'
import { hexRows } from './hex-view.ts'
import { t, tx } from '../../words/words.ts'

interface Props {
  readonly row: DialogueRow
  readonly protocol: 'smtp' | 'pop3' | 'imap'
  readonly isMarked: boolean
  /** Lines as their bytes. */
  readonly showsBytes?: boolean
  /** A word or a line of which somebody wants to know what it means. */
  readonly onExplain?: (text: string) => void
  readonly onToggle?: (id: string) => void
  readonly onMessage?: (messageId: number) => void
  readonly onEntry?: (entryId: number) => void
}

/** The gutter's character, for those who hear or copy it; on the screen it is drawn. */
const SPOKEN: Readonly<Record<string, string>> = { 'to': '→', 'from': '←', 'to-tls': '⇝', 'from-tls': '⇜' }

/** One row of the dialogue: number, wall time, wait, rail, mark, text. */
export const DialogueRowView = memo(function DialogueRowView(props: Props) {
  const { row, isMarked } = props
  if (row.kind === 'boundary') return <Boundary row={row} />
  const who = row.kind === 'note' ? 'n' : row.event.from === 'C' ? 'c' : 's'
  const isBad = row.kind === 'line' ? toneOf(row.event).isBad : row.kind === 'note' && row.isFault
  return (
    <>
      <div
        className={`ln ${who}${isBad ? ' bad' : ''}`}
        data-tls={row.tls || undefined}
        data-marked={isMarked || undefined}
      >
        <span className="no">{row.seq + 1}</span>
        <span className="at">{clockMillis(row.atMs)}</span>
        <span className={row.isSlow ? 'dt slow' : 'dt'}>{row.waitMs === null ? '' : delta(row.waitMs)}</span>
        <span className="rail" />
        <Gutter row={row} isBad={isBad} />
        <span className="tx">
          <Text {...props} />
        </span>
        <span className="by">{bytesWord(row)}</span>
      </div>
      {row.kind === 'line' && isBad && row.event.from === 'S' ? <Explained event={row.event} /> : null}
    </>
  )
})

function Gutter({ row, isBad }: { row: DialogueRow; isBad: boolean }) {
  if (row.kind === 'note') return <span className="gm">{isBad ? '!' : '='}</span>
  if (row.kind === 'boundary') return null
  if (isBad) return <span className="gm">!</span>
  const name = `${row.event.from === 'C' ? 'to' : 'from'}${row.tls ? '-tls' : ''}` as IconName
  return (
    <span className="gm">
      <Icon name={name} />
      <span className="sr">
        {row.event.from === 'C'
          ? t('{mark} client:', { mark: SPOKEN[name] ?? '' })
          : t('{mark} server:', { mark: SPOKEN[name] ?? '' })}{' '}
      </span>
    </span>
  )
}

function Text({ row, protocol, showsBytes = false, onExplain, onToggle, onMessage, onEntry }: Props) {
  if (row.kind === 'boundary') return null
  if (row.kind === 'note') return <bdi>{visible(row.text)}</bdi>
  if (row.kind === 'content') {
    const { ref, bytes } = row.event
    const words = `${size(bytes)}, ${protocol === 'smtp' ? t('the message') : ref.kind === 'kept' ? t('a listing') : t('a message')}`
    if (ref.kind === 'message' && onMessage !== undefined)
      return (
        <button type="button" className="fold" onClick={() => onMessage(ref.messageId)}>
          <Icon name="file" />
          {t('{words}: open it', { words })}
        </button>
      )
    if (ref.kind === 'entry' && onEntry !== undefined)
      return (
        <button type="button" className="fold" onClick={() => onEntry(ref.entryId)}>
          <Icon name="file" />
          {t('{words}: show in queue', { words })}
        </button>
      )
    if (ref.kind === 'kept') return <Kept words={words} first={ref.first} last={ref.last} sha256={ref.sha256} />
    return <span className="fold still">{words}</span>
  }
  return (
    <>
      {showsBytes ? <Bytes event={row.event} /> : <Line event={row.event} onExplain={onExplain} />}
      {row.rest === null ? null : <Fold rest={row.rest} onToggle={onToggle} />}
    </>
  )
}

function Fold({ rest, onToggle }: { rest: Rest; onToggle: ((id: string) => void) | undefined }) {
  return (
    <>
      {' '}
      <button type="button" className="fold" aria-expanded={rest.open} onClick={() => onToggle?.(rest.id)}>
        <Icon name={rest.open ? 'down' : 'right'} />
        <bdi className="clip">{rest.open ? t('Fold') : rest.hint}</bdi>
      </button>
    </>
  )
}

/** Content that was refused or cut off: its ends are all that was kept. */
function Kept({ words, first, last, sha256 }: { words: string; first: string; last: string; sha256: string }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button type="button" className="fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? 'down' : 'right'} />
        {words}
        {last === '' ? '' : t(', its first and last bytes are kept')}
      </button>
      {open ? (
        <pre className="kept">
          <bdi>{first.split(/\r?\n/).map(wireText).join('\n')}</bdi>
          {last === '' ? null : (
            <>
              {'\n⋯\n'}
              <bdi>{last.split(/\r?\n/).map(wireText).join('\n')}</bdi>
            </>
          )}
          {'\n\n'}
          {t('SHA-256 {sha256}', { sha256 })}
        </pre>
      ) : null}
    </>
  )
}

/** A wire line: its verb or code set off, secrets as chips. Everything is text; nothing of a peer becomes markup. */
function Line({ event, onExplain }: { event: LineEvent; onExplain: ((text: string) => void) | undefined }) {
  const whole = lineText(event)
  const { code, tone } = toneOf(event)
  const isClient = event.from === 'C'
  let start = isClient ? (/^[A-Za-z]+(?: (?:FROM|TO):)?/i.exec(whole)?.[0].length ?? 0) : code.length
  // A keyword of EHLO or CAPA.
  let keyword = isClient ? '' : (/^(?:250[- ])?([A-Z0-9][A-Z0-9-]{2,30})(?=[ =]|$)/.exec(whole)?.[1] ?? '')
  const asked = isClient ? whole.slice(0, start).replace(/[ :].*$/, '') : whole
  return (
    <bdi>
      {event.spans.map((span, at) => {
        if (typeof span !== 'string') return <Secret key={at} span={span} />
        const text = wireText(span)
        const head = text.slice(0, start)
        start = 0
        const rest = text.slice(head.length)
        const gap = /^[- ]?/.exec(rest)?.[0].length ?? 0
        const word = keyword !== '' && rest.slice(gap).startsWith(keyword) ? keyword : ''
        keyword = ''
        return (
          <span key={at}>
            {head === '' ? null : (
              <Word text={head} asks={asked} kind={isClient ? 'vb' : `k${tone}`} onExplain={onExplain} />
            )}
            {rest.slice(0, gap)}
            {word === '' ? null : <Word text={word} asks={word} kind="" onExplain={onExplain} />}
            {rest.slice(gap + word.length)}
          </span>
        )
      })}
      {event.bytes > keptBytes(event) ? (
        <span className="faint"> {t('⋯ {bytes} in all', { bytes: size(event.bytes) })}</span>
      ) : null}
      {event.odd === true ? <span className="odd"> {t('no CRLF at its end')}</span> : null}
    </bdi>
  )
}

interface WordProps {
  readonly text: string
  /** What is asked for when somebody wants to know. */
  readonly asks: string
  readonly kind: string
  readonly onExplain: ((text: string) => void) | undefined
}

/** A verb, a code or a keyword, which says what it means when it is clicked; for the keyboard its row does. */
function Word({ text, asks, kind, onExplain }: WordProps) {
  if (onExplain === undefined) return <b className={kind}>{text}</b>
  return (
    <button
      type="button"
      className={`word ${kind}`}
      tabIndex={-1}
      title={t('What does it mean?')}
      onClick={() => onExplain(asks)}
    >
      {text}
    </button>
  )
}

/** A line as its bytes; a secret has none. */
function Bytes({ event }: { readonly event: LineEvent }) {
  let from = 0
  return (
    <span className="hex">
      {event.spans.map((span, at) => {
        if (typeof span !== 'string') return <Secret key={at} span={span} />
        const rows = hexRows(span, from)
        from += span.length
        return rows.map((row) => (
          <span key={`${at} ${row.offset}`} className="hex-row">
            <span className="faint">{row.offset}</span>
            <span>{row.hex}</span>
            <bdi className="quiet">{row.text}</bdi>
          </span>
        ))
      })}
      {event.spans.length === 0 ? <span className="faint">{t('no bytes')}</span> : null}
      {event.odd === true ? <span className="odd"> {t('no CRLF at its end')}</span> : null}
    </span>
  )
}

/** How long a line was; of one with a secret nobody knows. */
const bytesWord = (row: DialogueRow) =>
  row.kind !== 'line' || row.event.spans.some((span) => typeof span !== 'string') ? '' : whole(row.event.bytes)

/** Bytes of a line that were kept; a line with secrets says nothing about its length. */
const keptBytes = (event: LineEvent) =>
  event.spans.reduce((sum, span) => (typeof span === 'string' ? sum + span.length : Infinity), 0)

/** Something secret was said here; neither its bytes nor its length are stored, but perhaps whom it signs in. */
export function Secret({ span: { user } }: { readonly span: { readonly user?: string } }) {
  return (
    <span className="secret">
      <Icon name="key" />
      {user === undefined ? (
        t('secret, not stored')
      ) : (
        <span>
          {tx('user <b>{user}</b>, secret not stored', { user: visible(user), b: (words) => <bdi>{words}</bdi> })}
        </span>
      )}
    </span>
  )
}

function Boundary({ row }: { row: Extract<DialogueRow, { kind: 'boundary' }> }) {
  const [open, setOpen] = useState(false)
  const { version, cipher, trusted, distrust, subject, fingerprint256 } = row.event.facts
  return (
    <div className="boundary" data-tls>
      <span />
      <span className="rail" />
      <span className="gm">
        <Icon name="lock" />
      </span>
      <span>
        <b>{t('{version} from here on.', { version: tlsName(version) })}</b>{' '}
        {trusted ? (
          <>
            {tx('Certificate trusted, for <bdi>{visible}</bdi>.', {
              visible: visible(subject.replace(/^CN=/, '')),
              bdi: (words) => <bdi>{words}</bdi>,
            })}
          </>
        ) : distrust === undefined ? (
          t('Encrypted; the certificate is not verified.')
        ) : (
          t('Encrypted; the certificate is not verified: {why}.', { why: distrustWords(distrust) })
        )}{' '}
        <button type="button" className="linklike" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t('Less') : t('Details')}
        </button>
        {open ? (
          <dl className="kv">
            <dt>{t('Cipher')}</dt>
            <dd className="mono">{cipher}</dd>
            <dt>{t('Subject')}</dt>
            <dd>
              <bdi>{visible(subject)}</bdi>
            </dd>
            <dt>{t('SHA-256')}</dt>
            <dd className="mono">{fingerprint256}</dd>
          </dl>
        ) : null}
      </span>
    </div>
  )
}

function Explained({ event }: { event: LineEvent }) {
  const meaning = explainRefusal(lineText(event))
  if (meaning === undefined) return null
  return (
    <div className="explain" data-tls={event.tls || undefined}>
      <h3>{meaning.title}</h3>
      <p>{meaning.text}</p>
      <span className="src">{meaning.source}</span>
    </div>
  )
}
