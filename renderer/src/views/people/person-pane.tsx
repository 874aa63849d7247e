import { useState } from 'react'
import type { ContactGroupView, ContactView } from '../../../../core/rpc/reading-contract.ts'
import { api } from '../../bridge/client.ts'
import { initials } from '../../format/names.ts'
import { visible } from '../../format/wire-text.ts'
import { ago } from '../../format/time.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { act } from '../../state/act.ts'
import { useNow } from '../../state/now.ts'
import { formatRoute } from '../../state/route.ts'
import { t } from '../../words/words.ts'
import { Membership } from './groups.tsx'

interface Props {
  readonly chosen: readonly ContactView[]
  readonly groups: readonly ContactGroupView[]
  readonly onWrite: (to: readonly ContactView[]) => void
  readonly onEdit: (one: ContactView) => void
}

/** What is known of the person chosen, or what can be done with several. */
export function PersonPane({ chosen, groups, onWrite, onEdit }: Props) {
  const nowMs = useNow(60_000)
  const [doomed, setDoomed] = useState<readonly ContactView[]>([])
  const [first] = chosen
  const inAll = new Set(groups.map(({ id }) => id).filter((id) => chosen.every((one) => one.groups.includes(id))))
  const forget = () =>
    void act(t('Forgetting people'), async () => {
      for (const { id } of doomed) await api.contact.remove({ id })
    })
  return (
    <section className="right" aria-label={t('Person')}>
      {first === undefined ? (
        <Empty icon="user" title={t('Nobody chosen')}>
          {t('Choose somebody on the left, or several with Shift or Ctrl.')}
        </Empty>
      ) : (
        <div className="person-card">
          {chosen.length === 1 ? (
            <header>
              <span className="avatar" aria-hidden="true">
                {initials(first.name, first.address)}
              </span>
              <div className="grow">
                <h2 dir="auto">{visible(first.name || first.address)}</h2>
                <p className="mono clip">{visible(first.address)}</p>
              </div>
            </header>
          ) : (
            <header>
              <h2>{t('{count, plural, one {# person chosen} other {# people chosen}}', { count: chosen.length })}</h2>
            </header>
          )}
          <div className="acts">
            <Button icon="draft" onClick={() => onWrite(chosen)}>
              {t('Write to')}
            </Button>
            {chosen.length === 1 ? (
              <Button icon="settings" onClick={() => onEdit(first)}>
                {t('Change')}
              </Button>
            ) : null}
            <IconButton icon="trash" label={t('Forget')} onClick={() => setDoomed(chosen)} />
          </div>
          {chosen.length > 1 ? null : (
            <>
              <dl className="facts">
                {first.organisation === '' ? null : (
                  <div>
                    <dt>{t('Organisation')}</dt>
                    <dd dir="auto">{visible(first.organisation)}</dd>
                  </div>
                )}
                {first.phone === '' ? null : (
                  <div>
                    <dt>{t('Phone')}</dt>
                    <dd>{visible(first.phone)}</dd>
                  </div>
                )}
                {first.note === '' ? null : (
                  <div>
                    <dt>{t('Note')}</dt>
                    <dd className="note" dir="auto">
                      {visible(first.note)}
                    </dd>
                  </div>
                )}
                <div>
                  <dt>{t('Written to')}</dt>
                  <dd>
                    {first.lastUsedMs === null
                      ? t('not yet')
                      : t('{count, plural, one {once} other {# times}}, the last {when}', {
                          count: first.uses,
                          when: ago(first.lastUsedMs, nowMs),
                        })}
                  </dd>
                </div>
              </dl>
              <p>
                <a
                  href={formatRoute({
                    view: 'search',
                    text: `from:${first.address} OR to:${first.address}`,
                    typing: false,
                    messageId: null,
                  })}
                >
                  {t('Show the mail with them')}
                </a>
              </p>
            </>
          )}
          <Membership ids={chosen.map(({ id }) => id)} inAll={inAll} groups={groups} />
        </div>
      )}
      <Confirm
        title={t('{count, plural, one {Forget # person?} other {Forget # people?}}', { count: doomed.length })}
        isOpen={doomed.length > 0}
        action={t('Forget')}
        danger
        onClose={() => setDoomed([])}
        onConfirm={forget}
      >
        <p>{t('Their mail stays. Whoever you write to again is remembered again.')}</p>
      </Confirm>
    </section>
  )
}
