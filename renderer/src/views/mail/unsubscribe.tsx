import { useState } from 'react'
import { parseMailto } from '../../../../core/model/mailto.ts'
import type { AboutView } from '../../../../core/rpc/message-facts-contract.ts'
import { api } from '../../bridge/client.ts'
import { useOffers } from '../../commands/offers.ts'
import { dayAndClock } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Icon } from '../../parts/icon.tsx'
import { act } from '../../state/act.ts'
import { toast } from '../../state/toasts.ts'
import { compose, emptyDraft } from '../compose/composer.ts'
import { t } from '../../words/words.ts'

type Ways = NonNullable<AboutView['unsubscribe']>

interface Props {
  readonly messageId: number
  readonly ways: Ways
  readonly onLink: (link: { href: string; text: string }) => void
  readonly onAsked: () => void
}

/** Offers to get no more mail of the kind, by the gentlest way there is, and says what became of it. */
export function Unsubscribe({ messageId, ways, onLink, onAsked }: Props) {
  const [asks, setAsks] = useState(false)
  const { oneClickHost, page, mailto, asked } = ways
  const run = () => {
    if (oneClickHost !== null) setAsks(true)
    else if (mailto !== null) writeTo(mailto)
    else if (page !== null) onLink({ href: page, text: '' })
  }
  useOffers({ unsubscribe: run })
  const ask = async () => {
    const done = await act(t('Unsubscribing'), () => api.mail.unsubscribe({ id: messageId }))
    onAsked()
    if (done !== undefined)
      toast(
        done.isDone
          ? t('{host} was asked, and agrees: you should get no more of this.', { host: done.host })
          : t('{host} was asked, and answers {status}: it may not have worked.', {
              host: done.host,
              status: done.status,
            }),
        { icon: done.isDone ? 'check' : 'alert', level: done.isDone ? 'plain' : 'danger' },
      )
  }
  return (
    <div className="known-line">
      <Icon name="bell" />
      <span>
        {asked === null ? t('This is mail of a list.') : words(asked)}{' '}
        <button type="button" className="linklike" onClick={run}>
          {asked === null ? t('Unsubscribe') : t('Unsubscribe again')}
        </button>
        {oneClickHost !== null && mailto !== null ? (
          <>
            {' · '}
            <button type="button" className="linklike" onClick={() => writeTo(mailto)}>
              {t('Unsubscribe by mail')}
            </button>
          </>
        ) : null}
      </span>
      <Dialog title={t('Unsubscribe?')} isOpen={asks} onClose={() => setAsks(false)}>
        <div className="dialog-body">
          <p>
            {t('{host} is asked once, by an encrypted connection and without cookies, to send you no more of this.', {
              host: oneClickHost ?? '',
            })}
          </p>
          <p className="mono target">{page}</p>
          <p className="quiet">
            {ways.isSigned === true
              ? t('The server you trust found a good signature; {signers} signed this address.', {
                  signers: ways.signers.join(', '),
                })
              : t('The message says that {signers} signed this address; nobody you trust has checked that.', {
                  signers: ways.signers.join(', '),
                })}
          </p>
        </div>
        <footer>
          <Button kind="plain" onClick={() => setAsks(false)}>
            {t('Cancel')}
          </Button>
          <Button
            kind="primary"
            onClick={() => {
              setAsks(false)
              void ask()
            }}
          >
            {t('Unsubscribe')}
          </Button>
        </footer>
      </Dialog>
    </div>
  )
}

function words({ atMs, host, status, reason }: NonNullable<Ways['asked']>): string {
  const when = dayAndClock(atMs, Date.now())
  if (status === null)
    return t('{host} was asked on {when} and did not answer: {reason}.', { host, when, reason: visible(reason) })
  return status >= 200 && status < 300
    ? t('{host} was asked on {when} to send you no more of this, and agreed.', { host, when })
    : t('{host} was asked on {when} and answered {status}.', { host, when, status })
}

/** Writes the message that unsubscribes, for the person to look at and send. */
function writeTo(mailto: string): void {
  const asked = parseMailto(mailto)
  if (asked === undefined) return
  const { to, subject, text } = asked
  compose({ kind: 'answer', content: { ...emptyDraft(to), subject: subject || t('unsubscribe'), text } })
}
