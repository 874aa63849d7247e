import { useEffect, useMemo, useRef, useState } from 'react'
import type { MessageRow, MessageView } from '../../../../core/rpc/views.ts'
import { api, host } from '../../bridge/client.ts'
import { useOffers } from '../../commands/offers.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { useEngine } from '../../state/engine.tsx'
import { look } from '../../state/look.ts'
import { go } from '../../state/route.ts'
import { useLive } from '../../state/use-live.ts'
import { compose } from '../compose/composer.ts'
import { HistoryDialog } from '../rules/history-dialog.tsx'
import { inRuns, type Run } from './folding.ts'
import { FindBar } from './find-bar.tsx'
import { FoldedRun } from './folded-run.tsx'
import { HeadersDialog } from './headers-dialog.tsx'
import { targetOf } from './link.ts'
import { LinkDialog } from './link-dialog.tsx'
import { toggleTag } from './mail-actions.ts'
import { MessageCommands } from './message-commands.tsx'
import type { Command } from './message-list.tsx'
import { Nearby } from './nearby.tsx'
import { OpenMessage } from './open-message.tsx'
import { PartsDialog } from './parts-dialog.tsx'
import { printMessage } from './print.ts'
import { idsOf, type MailRow } from './rows.ts'
import { SourceDialog } from './source-dialog.tsx'
import { t } from '../../words/words.ts'

interface Props {
  /** The message that was chosen, of a conversation its newest in the list. */
  readonly id: number
  /** Its row in the list, where it is there. */
  readonly row?: MailRow | undefined
  readonly nowMs: number
  readonly folderRole?: string
  readonly onCommand: (command: Command, ids: readonly number[]) => void
  /** Where the reader stands in the list's place: back to it. */
  readonly onBack?: () => void
  /** What can't be done where it stands, such as in a window of its own. */
  readonly lacks?: readonly Command[]
}

/** A message, or the conversation it belongs to: what is new in it unfolded, what is older folded. */
export function Reader(props: Props) {
  const { id, row } = props
  const { conversations } = look.use()
  // A conversation stays open when its newest message is another one.
  const key = conversations ? (row?.threadId ?? id) : id
  const isAlone = !conversations || row?.threadCount === 1
  return isAlone ? <Opened key={key} {...props} rows={NONE} /> : <Conversation key={key} {...props} threadKey={key} />
}
const NONE: readonly MessageRow[] = []

function Conversation({ threadKey, ...props }: Props & { readonly threadKey: number }) {
  const { id } = props
  const live = useLive(`thread ${threadKey}`, (signal) => wholeThread(id, signal), { changes: api.mail.changes })
  return (
    <Load live={live} what={t('the conversation')} again={live.again}>
      {(rows) => <Opened {...props} rows={rows} />}
    </Load>
  )
}

async function wholeThread(id: number, signal: AbortSignal): Promise<MessageRow[]> {
  const rows: MessageRow[] = []
  for (let after: { dateMs: number; id: number } | null = null; ;) {
    const page: Awaited<ReturnType<typeof api.mail.thread>> = await api.mail.thread(
      { id, after, limit: 200 },
      { signal },
    )
    rows.push(...page.rows)
    const last = page.rows.at(-1)
    if (!page.more || last === undefined) return rows
    after = { dateMs: last.dateMs, id: last.id }
  }
}

type Dialog = 'source' | 'headers' | 'parts' | 'rules'

/** `rows`: the conversation, oldest first; empty for a message by itself. */
function Opened({
  id,
  row,
  rows,
  nowMs,
  folderRole = 'other',
  onCommand,
  onBack,
  lacks,
}: Props & { rows: readonly MessageRow[] }) {
  const { tags } = useEngine()
  const { newestFirst } = look.use()
  const isConversation = rows.length > 1
  const newest = rows.at(-1)?.id ?? id
  // Of a conversation in the list the newest is meant; what was found by a search is meant itself.
  const meant = row?.thread ? newest : id
  const [open, setOpen] = useState<ReadonlySet<number>>(
    () =>
      new Set([
        meant,
        ...(!row?.thread
          ? []
          : rows
              .filter((one) => !one.seen)
              .slice(0, 1)
              .map((one) => one.id)),
      ]),
  )
  const [current, setCurrent] = useState(meant)
  const [unrolled, setUnrolled] = useState(false)
  const [views, setViews] = useState<ReadonlyMap<number, MessageView>>(new Map())
  const [link, setLink] = useState<{ href: string; text: string } | null>(null)
  const [dialog, setDialog] = useState<Dialog | null>(null)
  const [finds, setFinds] = useState(0)
  const page = useRef<HTMLDivElement>(null)
  const view = views.get(current)
  // What is new in an open conversation is unfolded when it comes.
  const seenNewest = useRef(newest)
  useEffect(() => {
    if (seenNewest.current === newest) return
    seenNewest.current = newest
    setOpen((before) => new Set([...before, newest]))
  }, [newest])

  // One that was chosen below the row of its conversation is unfolded in it, and brought into sight.
  const chosen = row?.isBelow === true ? id : null
  const [followed, setFollowed] = useState<number | null>(null)
  if (chosen !== followed) {
    setFollowed(chosen)
    if (chosen !== null) {
      setOpen((before) => new Set([...before, chosen]))
      setCurrent(chosen)
    }
  }
  const isThere = chosen !== null && views.has(chosen)
  useEffect(() => {
    if (chosen !== null) page.current?.querySelector(`[data-of="${chosen}"]`)?.scrollIntoView({ block: 'nearest' })
  }, [chosen, isThere])

  const all = row === undefined || !row.thread ? [current] : idsOf(row)
  const onOne = (command: Command) => () => onCommand(command, [current])
  const unfold = (ids: Iterable<number>) => {
    setUnrolled(true)
    setOpen(new Set(ids))
  }
  useOffers({
    'reply': onOne('reply'),
    'reply-all': onOne('reply-all'),
    'forward': onOne('forward'),
    'edit-as-new': onOne('edit-as-new'),
    'source': () => setDialog('source'),
    'headers': () => setDialog('headers'),
    'parts': () => setDialog('parts'),
    'find-in-message': () => setFinds((n) => n + 1),
    'print': () => printMessage(view?.subject ?? ''),
    'log-of-message': () => go({ view: 'log', sessionId: null, seq: null, of: { messageId: current } }),
    'trace': () => go({ view: 'trace', of: { messageId: current } }),
    ...(isConversation
      ? { 'unfold-all': () => unfold(rows.map((one) => one.id)), 'fold-all': () => unfold([newest]) }
      : {}),
  })

  const onLink = (next: { href: string; text: string }) => {
    const target = targetOf(next.href, next.text)
    // The desktop shell asks by itself before it hands an address on; only what looks wrong is shown here first.
    const isPlain = host.kind === 'desktop' && target?.scheme === 'web' && target.warnings.length === 0
    if (isPlain) window.open(target.href, '_blank', 'noopener,noreferrer')
    else setLink(next)
  }
  const shown = useMemo((): readonly Run[] => {
    if (!isConversation) return [{ kind: 'open', id }]
    const ordered = newestFirst ? rows.toReversed() : rows
    return inRuns(
      ordered.map((one) => one.id),
      open,
      unrolled,
    )
  }, [isConversation, id, rows, newestFirst, open, unrolled])
  const byId = useMemo(() => new Map(rows.map((one) => [one.id, one])), [rows])
  const toggle = (one: number) => {
    setCurrent(one)
    setOpen((before) => {
      const next = new Set(before)
      if (!next.delete(one)) next.add(one)
      return next
    })
  }
  const subject = rows[0]?.subject ?? ''
  return (
    <>
      <MessageCommands
        view={view}
        tags={tags}
        folderRole={folderRole}
        onCommand={(command) => onCommand(command, ANSWERS.has(command) ? [current] : all)}
        onTag={(tagId) => void toggleTag(all, tagId)}
        onDialog={setDialog}
        onFind={() => setFinds((n) => n + 1)}
        onPrint={() => printMessage(view?.subject ?? '')}
        onLog={() =>
          go({ view: 'log', sessionId: view?.sessions.at(-1) ?? null, seq: null, of: { messageId: current } })
        }
        {...(onBack === undefined ? {} : { onBack })}
        {...(lacks === undefined ? {} : { lacks })}
      />
      {finds === 0 ? null : <FindBar key={finds} page={page} of={views} onClose={() => setFinds(0)} />}
      <div className="article" ref={page} data-several={isConversation || undefined}>
        {isConversation ? (
          <header className="conversation-head">
            <h2 dir="auto">{visible(subject) || t('(no subject)')}</h2>
            <span className="quiet num">
              {t('{count, plural, one {# message in this conversation} other {# messages in this conversation}}', {
                count: rows.length,
              })}
            </span>
          </header>
        ) : null}
        {shown.map((one) =>
          one.kind === 'more' ? (
            <Button key="more" kind="plain" className="more-messages" icon="layers" onClick={() => setUnrolled(true)}>
              {t('{count, plural, one {# more message} other {# more messages}}', { count: one.count })}
            </Button>
          ) : one.kind === 'folded' ? (
            <FoldedRun
              key={`run ${one.ids[0]}`}
              rows={one.ids.map((each) => byId.get(each))}
              first={one.first}
              count={rows.length}
              nowMs={nowMs}
              onOpen={toggle}
            />
          ) : (
            <Nearby key={one.id} id={one.id} isOneOfMany={open.size > MANY}>
              {() => (
                <OpenMessage
                  id={one.id}
                  nowMs={nowMs}
                  isOne={isConversation}
                  canMove={lacks?.includes('move') !== true}
                  onFold={() => toggle(one.id)}
                  onView={(next) => setViews((before) => new Map(before).set(one.id, next))}
                  onCurrent={() => setCurrent(one.id)}
                  onLink={onLink}
                  onCommand={(command) => onCommand(command, [one.id])}
                />
              )}
            </Nearby>
          ),
        )}
      </div>
      <LinkDialog
        link={link}
        onClose={() => setLink(null)}
        onWrite={(address) => compose({ kind: 'new', to: address })}
      />
      {dialog === 'rules' ? <HistoryDialog messageId={current} onClose={() => setDialog(null)} /> : null}
      {dialog === 'source' ? <SourceDialog id={current} onClose={() => setDialog(null)} /> : null}
      {dialog === 'headers' ? <HeadersDialog id={current} onClose={() => setDialog(null)} /> : null}
      {dialog === 'parts' ? <PartsDialog id={current} onClose={() => setDialog(null)} /> : null}
      {/* A screen reader hears which message answers go to. */}
      {isConversation && view !== undefined ? (
        <p className="sr" role="status">
          <Icon name="reply" />
          {t('Answers go to the message of {name}', { name: visible(view.authorName || view.authorAddress) })}
        </p>
      ) : null}
    </>
  )
}

/** Where more are unfolded, those far from what is seen are not drawn. */
const MANY = 30
const ANSWERS: ReadonlySet<Command> = new Set(['reply', 'reply-all', 'forward', 'edit-as-new'])
