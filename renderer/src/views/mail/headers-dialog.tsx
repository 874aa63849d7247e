import { useState } from 'react'
import { api } from '../../bridge/client.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { Load } from '../../parts/load.tsx'
import { copyText } from '../../state/actions.ts'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'

/** Every field of a message's header, as it reads or as it stands. */
export function HeadersDialog({ id, onClose }: { readonly id: number; readonly onClose: () => void }) {
  const live = useLive(`headers ${id}`, () => api.mail.headers({ id }))
  const [raw, setRaw] = useState(false)
  const [find, setFind] = useState('')
  return (
    <Dialog title={t('All headers')} isOpen wide onClose={onClose}>
      <Load live={live} what={t('the header')} again={live.again}>
        {({ fields, isCut }) => {
          const wanted = find.trim().toLowerCase()
          const shown = fields.filter(({ raw: whole, value }) => `${whole} ${value}`.toLowerCase().includes(wanted))
          return (
            <>
              <div className="dialog-main">
                <div className="dialog-tools">
                  <Field label={t('Filter')} className="grow" value={find} autoComplete="off" onChange={setFind} />
                  <Button aria-pressed={raw} icon="code" onClick={() => setRaw(!raw)}>
                    {t('As it stands')}
                  </Button>
                </div>
                {/* Focusable, so that the keyboard can scroll it. */}
                {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
                <div className="header-list" tabIndex={0} role="group" aria-label={t('Fields of the header')}>
                  {raw ? (
                    <pre className="mono">
                      <bdi>{shown.map((field) => field.raw.split('\n').map(visible).join('\n')).join('\n')}</bdi>
                    </pre>
                  ) : (
                    <dl>
                      {shown.map((field, at) => (
                        <div key={at}>
                          <dt className="mono">{visible(field.name)}</dt>
                          <dd>
                            <bdi>{visible(field.value)}</bdi>
                          </dd>
                        </div>
                      ))}
                    </dl>
                  )}
                  {shown.length === 0 ? <p className="quiet">{t('No field has these words.')}</p> : null}
                </div>
              </div>
              <footer>
                <span className="grow quiet">
                  {isCut
                    ? t('Not all of it is shown; the source has all.')
                    : t('{count, plural, one {# field} other {# fields}}', { count: shown.length })}
                </span>
                <Button
                  icon="copy"
                  onClick={() => void copyText(shown.map((field) => field.raw).join('\n'), t('The header'))}
                >
                  {t('Copy')}
                </Button>
              </footer>
            </>
          )
        }}
      </Load>
    </Dialog>
  )
}
