import type { AboutView } from '../../../../core/rpc/message-facts-contract.ts'
import type { MessageView } from '../../../../core/rpc/views.ts'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import type { IconName } from '../../parts/icons.ts'
import { api } from '../../bridge/client.ts'
import { act } from '../../state/act.ts'
import { formatRoute } from '../../state/route.ts'
import { toast } from '../../state/toasts.ts'
import { t } from '../../words/words.ts'

/** What is known of who wrote a message, in words, and how sure that is. */
export interface Judgement {
  readonly icon: IconName
  readonly tone: 'ok' | 'warn' | 'plain'
  readonly text: string
}

/** Says what a trusted server found out, and no more. */
export function judge(about: AboutView, domain: string): Judgement {
  const { auth, way } = about
  if (way === 'sent') return { icon: 'sent', tone: 'plain', text: t('Written and sent from here.') }
  if (auth === null) {
    if (way === 'inbound')
      return {
        icon: 'question',
        tone: 'plain',
        text: t('Delivered to this computer by {peer}. Who wrote it was not checked.', {
          peer: visible(about.peer ?? t('another server')),
        }),
      }
    return {
      icon: 'question',
      tone: 'plain',
      text:
        way === 'file'
          ? t('Who wrote it was not checked: no server that you trust brought it.')
          : t('Who wrote it is not known for sure: nobody you trust has checked it.'),
    }
  }
  const of = (method: string) => auth.found.find((one) => one.method === method)?.results ?? []
  const names = { server: visible(auth.server), domain: visible(domain) }
  const how = auth.found.map(({ method, results }) => `${method.toUpperCase()} ${results.join(', ')}`).join(' · ')
  if (of('dmarc').includes('pass'))
    return {
      icon: 'shield',
      tone: 'ok',
      text: t('{server} found that it really comes from {domain} ({how}).', { ...names, how }),
    }
  if (of('dmarc').includes('fail'))
    return {
      icon: 'alert',
      tone: 'warn',
      text: t('{server} found that {domain} does not vouch for it ({how}). The author may be forged.', {
        ...names,
        how,
      }),
    }
  if (of('spf').includes('fail') || (of('dkim').includes('fail') && !of('dkim').includes('pass')))
    return { icon: 'alert', tone: 'warn', text: t('{server} had doubts about the author ({how}).', { ...names, how }) }
  if (of('dkim').includes('pass') || of('spf').includes('pass'))
    return {
      icon: 'shield',
      tone: 'plain',
      text: t('{server} checked it in part ({how}); {domain} says nothing of who may write in its name.', {
        ...names,
        how,
      }),
    }
  return {
    icon: 'question',
    tone: 'plain',
    text: t('{server} could not tell who wrote it ({how}).', { ...names, how }),
  }
}

interface Props {
  readonly message: MessageView
  readonly about: AboutView | undefined
  /** Somebody said whom to believe: what is known is another thing now. */
  readonly onTrusted: () => void
}

/** What is known of who wrote a message, and of its way here. */
export function Verdict({ message, about, onTrusted }: Props) {
  const session = message.sessions.at(-1)
  const domain = (message.from[0]?.address ?? message.authorAddress).split('@').at(-1) ?? ''
  const judgement = about === undefined ? undefined : judge(about, domain)
  const believe = async (accountId: number, authservId: string) => {
    const done = await act(t('Trusting the server'), () => api.rules.setTrusted({ accountId, authservId }))
    if (done === undefined) return
    toast(t('What {authservId} finds is believed from now on.', { authservId }), { icon: 'shield' })
    onTrusted()
  }
  return (
    <>
      {judgement === undefined ? null : (
        <p className="known-line" data-tone={judgement.tone}>
          <Icon name={judgement.icon} />
          <span>
            {judgement.text}{' '}
            {about === undefined || about.claims === null || about.accountId === null ? null : (
              <button
                type="button"
                className="linklike"
                title={t('Only do so where this is your provider’s own server: anybody can write such a line.')}
                onClick={() => void believe(about.accountId ?? 0, about.claims ?? '')}
              >
                {t('Believe what {server} says for this account', { server: about.claims })}
              </button>
            )}
          </span>
        </p>
      )}
      <p className="known-line">
        <Icon name="wire" className="quiet" />
        <span>
          {session === undefined
            ? t('No session carried it here: it was imported, or made on this computer.')
            : t('Every byte of its way is in the log.')}{' '}
          {session === undefined ? null : (
            <a href={formatRoute({ view: 'log', sessionId: session, seq: null, of: { messageId: message.id } })}>
              {t('Show the session')}
            </a>
          )}{' '}
          <a href={formatRoute({ view: 'trace', of: { messageId: message.id } })}>{t('Delivery trace')}</a>
        </span>
      </p>
    </>
  )
}
