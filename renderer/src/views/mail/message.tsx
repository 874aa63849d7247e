import type { AboutView } from '../../../../core/rpc/message-facts-contract.ts'
import type { TagView } from '../../../../core/rpc/reading-contract.ts'
import type { AttachmentView, MessageView } from '../../../../core/rpc/views.ts'
import { initials, people } from '../../format/names.ts'
import { size } from '../../format/size.ts'
import { dayAndClock } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Banner } from '../../parts/banner.tsx'
import { IconButton } from '../../parts/button.tsx'
import { MenuButton } from '../../parts/menu.tsx'
import { TagChip } from '../../parts/tag-chip.tsx'
import { ReceiptBanner } from '../compose/receipt-banner.tsx'
import { Attachments } from './attachments.tsx'
import { MailFrame } from './mail-frame.tsx'
import type { Command } from './message-list.tsx'
import { PlainBody } from './plain-body.tsx'
import { Unsubscribe } from './unsubscribe.tsx'
import { Verdict } from './verdict.tsx'
import { t, told, tx } from '../../words/words.ts'

interface Props {
  readonly message: MessageView
  /** Undefined while it is asked. */
  readonly about: AboutView | undefined
  readonly nowMs: number
  /** One of several in a conversation, whose subject stands above all. */
  readonly isOne: boolean
  readonly canMove: boolean
  readonly tags: readonly TagView[]
  readonly imageOf: (contentId: string) => Promise<string | undefined>
  readonly remoteOf: (url: string) => Promise<string | undefined>
  /** Pictures of its author are loaded at once. */
  readonly isTrusted: boolean
  readonly onTrust: () => void
  readonly onLink: (link: { href: string; text: string }) => void
  readonly onFold: () => void
  readonly onCurrent: () => void
  readonly onCommand: (command: Command) => void
  readonly onSave: (index: number) => void
  readonly onPreview: (part: AttachmentView) => void
  /** The author was asked for no more mail. */
  readonly onAsked: () => void
  readonly onRest: () => void
}

/** One message: its head, what is known of it, its files and its text. */
export function Message(props: Props) {
  const { message, about, isOne } = props
  const own = props.tags.filter(({ id }) => message.tags.includes(id))
  const subject = message.subject || t('(no subject)')
  return (
    // Whichever is turned to, by mouse or keyboard, is the one that answers go to.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <article
      className="mail"
      aria-label={
        isOne ? t('{name}: {subject}', { name: message.authorName || message.authorAddress, subject }) : subject
      }
      data-message={message.id}
      onFocus={props.onCurrent}
    >
      {isOne ? null : <h2 dir="auto">{visible(subject)}</h2>}
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
      <ReceiptBanner messageId={message.id} />
      {message.damaged === null ? null : (
        <Banner level="warn" icon="alert">
          {t('This message is damaged: {damaged} What could be read is shown; the bytes are kept as they are.', {
            damaged: told(message.damaged),
          })}
        </Banner>
      )}
      {message.leftOut === null ? null : (
        <Banner level="plain" icon="alert">
          {t('Not all of this message is shown: {leftOut}. All of it is in its source.', {
            leftOut: told(message.leftOut),
          })}
        </Banner>
      )}
      <div className="known">
        <Verdict message={message} about={about} onTrusted={props.onAsked} />
        {about === undefined || about.unsubscribe === null ? null : (
          <Unsubscribe messageId={message.id} ways={about.unsubscribe} onLink={props.onLink} onAsked={props.onAsked} />
        )}
      </div>
      <Attachments parts={message.parts} onSave={props.onSave} onPreview={props.onPreview} />
      <Body {...props} />
    </article>
  )
}

function Head({ message, nowMs, isOne, canMove, onFold, onCommand, onCurrent }: Props) {
  const author = message.from[0] ?? { name: message.authorName, address: message.authorAddress }
  const to = people(message.to)
  const cc = people(message.cc)
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
          {to === ''
            ? t('to nobody in particular')
            : cc === ''
              ? t('to {people}', { people: visible(to) })
              : t('to {people}, copy to {others}', { people: visible(to), others: visible(cc) })}
        </div>
      </div>
      <div className="head-end">
        <time dateTime={new Date(message.dateMs).toISOString()}>{dayAndClock(message.dateMs, nowMs)}</time>
        {isOne ? (
          <span className="head-commands">
            <IconButton
              icon="reply"
              label={t('Reply to this message')}
              onClick={() => {
                onCurrent()
                onCommand('reply')
              }}
            />
            <MenuButton
              label={t('Actions for this message')}
              icon="more"
              entries={[
                { id: 'forward', label: t('Forward'), icon: 'forward', run: () => onCommand('forward') },
                {
                  id: 'star',
                  label: message.starred ? t('Remove the star') : t('Star'),
                  icon: 'star',
                  run: () => onCommand('toggle-star'),
                },
                {
                  id: 'seen',
                  label: message.seen ? t('Mark as unread') : t('Mark as read'),
                  icon: 'dot',
                  run: () => onCommand('toggle-seen'),
                },
                ...(canMove
                  ? [
                      {
                        id: 'move',
                        label: t('Move to a folder…'),
                        icon: 'folder' as const,
                        run: () => onCommand('move'),
                      },
                    ]
                  : []),
                { id: 'delete', label: t('Delete'), icon: 'trash', run: () => onCommand('delete') },
              ]}
            />
            <IconButton icon="up" label={t('Fold this message')} aria-expanded onClick={onFold} />
          </span>
        ) : null}
      </div>
    </header>
  )
}

function Body({ message, imageOf, remoteOf, isTrusted, onTrust, onLink, onCurrent }: Props) {
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
        onTouch={onCurrent}
      />
    )
  if (message.text !== null && message.text.trim() !== '') return <PlainBody text={message.text} onLink={onLink} />
  return <p className="quiet no-text">{t('There is no text in this message.')}</p>
}
