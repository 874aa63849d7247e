import type { TagView } from '../../../../core/rpc/reading-contract.ts'
import type { AttachmentView, MessageView } from '../../../../core/rpc/views.ts'
import { initials, people } from '../../format/names.ts'
import { size } from '../../format/size.ts'
import { dayAndClock } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Banner } from '../../parts/banner.tsx'
import { Button, IconButton } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { MenuButton } from '../../parts/menu.tsx'
import { TagChip } from '../../parts/tag-chip.tsx'
import { formatRoute, go } from '../../state/route.ts'
import { keyOf } from '../../commands/bindings.ts'
import { MailFrame } from './mail-frame.tsx'
import type { Command } from './message-list.tsx'
import { PlainBody } from './plain-body.tsx'
import { t, tx } from '../../words/words.ts'

interface Props {
  readonly message: MessageView
  readonly nowMs: number
  readonly imageOf: (contentId: string) => Promise<string | undefined>
  readonly remoteOf: (url: string) => Promise<string | undefined>
  /** Pictures of its author are loaded at once. */
  readonly isTrusted: boolean
  readonly onTrust: () => void
  readonly onLink: (link: { href: string; text: string }) => void
  readonly onCommand: (command: Command) => void
  readonly onSave: (index: number) => void
  readonly onSource: () => void
  readonly onHistory: () => void
  readonly onRest: () => void
  readonly tags: readonly TagView[]
  readonly onTag: (id: number) => void
  /** The rest of the conversation, under the message's head. */
  readonly conversation?: React.ReactNode
}

/** Pure: one message with its commands. */
export function Message(props: Props) {
  const { message, onCommand, onSource } = props
  const session = message.sessions.at(-1)
  const own = props.tags.filter(({ id }) => message.tags.includes(id))
  const toLog = () => go({ view: 'log', sessionId: session ?? null, seq: null, of: { messageId: message.id } })
  return (
    <>
      <div className="commands" role="toolbar" aria-label={t('Message commands')}>
        <Button kind="plain" icon="reply" title={tip('Reply', 'reply')} onClick={() => onCommand('reply')}>
          {t('Reply')}
        </Button>
        <Button
          kind="plain"
          icon="reply-all"
          title={tip('Reply all', 'reply-all')}
          onClick={() => onCommand('reply-all')}
        >
          {t('Reply all')}
        </Button>
        <Button kind="plain" icon="forward" title={tip('Forward', 'forward')} onClick={() => onCommand('forward')}>
          {t('Forward')}
        </Button>
        <span className="bar-gap" />
        <IconButton icon="archive" label={t('Archive')} {...keyed('archive')} onClick={() => onCommand('archive')} />
        <IconButton icon="trash" label={t('Delete')} {...keyed('delete')} onClick={() => onCommand('delete')} />
        <IconButton
          icon={message.starred ? 'star-on' : 'star'}
          label={message.starred ? t('Remove the star') : t('Star')}
          {...keyed('toggle-star')}
          className={message.starred ? 'starred' : ''}
          onClick={() => onCommand('toggle-star')}
        />
        <span className="grow" />
        {session === undefined ? null : (
          <IconButton
            icon="wire"
            label={t('The session that brought this message')}
            {...keyed('log-of-message')}
            className="opt"
            onClick={toLog}
          />
        )}
        <MenuButton
          label={t('More')}
          icon="more"
          entries={[
            {
              id: 'seen',
              label: message.seen ? 'Mark as unread' : 'Mark as read',
              icon: 'dot',
              ...keyed('toggle-seen'),
              run: () => onCommand('toggle-seen'),
            },
            ...props.tags.map(({ id, name, number }) => ({
              id: `tag-${id}`,
              label: message.tags.includes(id) ? `Take off “${name}”` : `Tag “${name}”`,
              icon: 'tag' as const,
              ...(number === null ? {} : { keys: `${number}` }),
              run: () => props.onTag(id),
            })),
            { id: 'move', label: 'Move to a folder…', icon: 'folder', ...keyed('move'), run: () => onCommand('move') },
            { id: 'junk', label: 'Junk, or not junk', icon: 'spam', ...keyed('junk'), run: () => onCommand('junk') },
            {
              id: 'edit-as-new',
              label: 'Edit as new',
              icon: 'draft',
              ...keyed('edit-as-new'),
              run: () => onCommand('edit-as-new'),
            },
            { id: 'source', label: 'View source', icon: 'code', ...keyed('source'), run: onSource },
            { id: 'rules', label: 'What rules did…', icon: 'filter', run: props.onHistory },
            { id: 'session', label: 'Show the sessions', icon: 'wire', run: toLog },
          ]}
        />
      </div>
      <article className="article" aria-label={message.subject || t('(no subject)')}>
        <h2 dir="auto">{visible(message.subject) || t('(no subject)')}</h2>
        <Head {...props} />
        {own.length === 0 ? null : (
          <p className="tags" role="group" aria-label={t('Tags')}>
            {own.map((tag) => (
              <TagChip key={tag.id} tag={tag} />
            ))}
          </p>
        )}
        {message.partial === null ? null : (
          <Banner level="plain" icon="download">
            {tx('Only the header of this message is here; all of it has {sizeBytes}. <button>Get the rest</button>', {
              sizeBytes: size(message.partial.sizeBytes),
              button: (words) => (
                <button type="button" className="linklike" onClick={props.onRest}>
                  {words}
                </button>
              ),
            })}
          </Banner>
        )}
        {props.conversation}
        {message.damaged === null ? null : (
          <Banner level="warn" icon="alert">
            {t('This message is damaged: {damaged} What could be read is shown; the bytes are kept as they are.', {
              damaged: message.damaged,
            })}
          </Banner>
        )}
        {message.leftOut === null ? null : (
          <Banner level="plain" icon="alert">
            {t('Not all of this message is shown: {leftOut}. All of it is in its source.', {
              leftOut: message.leftOut,
            })}
          </Banner>
        )}
        <p className="verdict">
          <Icon name="wire" className="quiet" />
          <span>
            {session === undefined
              ? t('No session carried it here: it was imported, or made on this computer.')
              : t('Every byte of its way is in the log. ')}
            {session === undefined ? null : (
              <a href={formatRoute({ view: 'log', sessionId: session, seq: null, of: { messageId: message.id } })}>
                {t('Show the session')}
              </a>
            )}{' '}
            <a href={formatRoute({ view: 'trace', of: { messageId: message.id } })}>{t('Delivery trace')}</a>
          </span>
        </p>
        <Attachments parts={message.parts} onSave={props.onSave} />
        <Body {...props} />
      </article>
    </>
  )
}

const keyed = (command: string) => {
  const keys = keyOf(command)
  return keys === undefined ? {} : { keys }
}
const tip = (label: string, command: string) => {
  const keys = keyOf(command)
  return keys === undefined ? label : `${label} (${keys})`
}

function Head({ message, nowMs }: Props) {
  const author = message.from[0] ?? { name: message.authorName, address: message.authorAddress }
  return (
    <header className="head">
      <span className="avatar" aria-hidden>
        {initials(author.name, author.address)}
      </span>
      <div className="people">
        <div className="clip">
          <bdi className="who">{visible(author.name || author.address) || t('No sender')}</bdi>{' '}
          {author.name === '' ? null : <bdi className="addr">{visible(author.address)}</bdi>}
        </div>
        <div className="to clip" title={[...message.to, ...message.cc].map((one) => visible(one.address)).join(', ')}>
          to {visible(people(message.to)) || t('nobody in particular')}
          {message.cc.length === 0 ? '' : t(', copy to {visible}', { visible: visible(people(message.cc)) })}
        </div>
      </div>
      <time dateTime={new Date(message.dateMs).toISOString()}>{dayAndClock(message.dateMs, nowMs)}</time>
    </header>
  )
}

const iconOf = (part: AttachmentView) => (/^image\//i.test(part.contentType) ? 'image' : 'file')

function Attachments({ parts, onSave }: { parts: readonly AttachmentView[]; onSave: (index: number) => void }) {
  if (parts.length === 0) return null
  return (
    <div
      className="files"
      role="group"
      aria-label={parts.length === 1 ? t('1 attachment') : t('{length} attachments', { length: parts.length })}
    >
      {parts.map((part) => (
        <button key={part.index} type="button" className="filecard" onClick={() => onSave(part.index)}>
          <Icon name={iconOf(part)} />
          <span>
            <span className="sr">{t('Save')} </span>
            <bdi className="n clip">{visible(part.filename)}</bdi> <span className="z">{size(part.sizeBytes)}</span>
          </span>
        </button>
      ))}
      {parts.length < 2 ? null : (
        <Button
          kind="plain"
          icon="download"
          className="files-all"
          onClick={() => parts.forEach((part) => onSave(part.index))}
        >
          {t('Save all')}
        </Button>
      )}
    </div>
  )
}

function Body({ message, imageOf, remoteOf, isTrusted, onTrust, onLink }: Props) {
  if (message.html !== null)
    return (
      <MailFrame
        html={message.html}
        imageOf={imageOf}
        remoteOf={remoteOf}
        author={message.from[0]?.address ?? ''}
        isTrusted={isTrusted}
        onTrust={onTrust}
        onLink={onLink}
      />
    )
  if (message.text !== null && message.text.trim() !== '') return <PlainBody text={message.text} onLink={onLink} />
  return <p className="quiet no-text">{t('There is no text in this message.')}</p>
}
