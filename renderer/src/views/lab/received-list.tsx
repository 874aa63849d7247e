import { useState } from 'react'
import type { LabMessageView } from '../../../../core/rpc/lab-contract.ts'
import { api } from '../../bridge/client.ts'
import { size } from '../../format/size.ts'
import { clockSeconds } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'

/** What the server has got, newest first; each opens its source. */
export function ReceivedList({ count }: { readonly count: number }) {
  const received = useLive('received by the lab', () => api.lab.received(), { changes: api.lab.changes })
  const [open, setOpen] = useState<LabMessageView | null>(null)
  return (
    <section className="lab-faults" aria-label={t('What it has got')}>
      <h2>{t('What it has got')}</h2>
      {count === 0 ? (
        <p className="quiet">{t('Nothing yet.')}</p>
      ) : (
        <Load live={received} what={t('what it has got')} again={received.again}>
          {(messages) => (
            <ul>
              {messages.map((one) => (
                <li key={one.id}>
                  <button type="button" className="own-server" onClick={() => setOpen(one)}>
                    <Icon name={one.isSecure ? 'lock' : 'file'} />
                    <span className="grow clip">
                      <bdi>{visible(one.subject) || t('No subject')}</bdi>
                    </span>
                    <span className="quiet num">
                      {t('{size}, {time}', { size: size(one.sizeBytes), time: clockSeconds(one.atMs) })}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          )}
        </Load>
      )}
      {open === null ? null : <SourceDialog message={open} onClose={() => setOpen(null)} />}
    </section>
  )
}

function SourceDialog({ message, onClose }: { readonly message: LabMessageView; readonly onClose: () => void }) {
  const source = useLive(`message ${message.id} of the lab`, () => api.lab.message({ id: message.id }))
  return (
    <Dialog title={t('As the lab got it')} isOpen onClose={onClose} wide>
      <div className="dialog-body lab-source">
        <dl className="kv">
          <dt>{t('From')}</dt>
          <dd className="mono">{visible(message.from)}</dd>
          <dt>{t('To')}</dt>
          <dd className="mono">{visible(message.to.join(', '))}</dd>
          <dt>{t('Greeted as')}</dt>
          <dd className="mono">{visible(message.hello)}</dd>
        </dl>
        <Load live={source} what={t('the message')} again={source.again}>
          {({ text, isWhole }) => (
            <>
              {/* Focusable, so that the keyboard can scroll it. */}
              {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
              <pre tabIndex={0} aria-label={t('Source')}>
                <bdi>{text.split(/\r?\n/).map(visible).join('\n')}</bdi>
              </pre>
              {isWhole ? null : <p className="quiet">{t('The rest is not kept.')}</p>}
            </>
          )}
        </Load>
      </div>
    </Dialog>
  )
}
