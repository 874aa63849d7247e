import { useState } from 'react'
import type { DkimKeyView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { ago } from '../../format/time.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Field, Select } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import type { IconName } from '../../parts/icons.ts'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { copyText } from '../../state/actions.ts'
import { useEngine } from '../../state/engine.tsx'
import { useNow } from '../../state/now.ts'
import { useLive } from '../../state/use-live.ts'
import { said, t, told } from '../../words/words.ts'

const PUBLISHED: Readonly<Record<DkimKeyView['published'], { icon: IconName; tone: string; text: string }>> = {
  unchecked: { icon: 'question', tone: 'warn', text: said('not looked for yet') },
  published: { icon: 'ok', tone: 'ok', text: said('published') },
  missing: { icon: 'fail', tone: 'danger', text: said('not in DNS') },
  different: { icon: 'fail', tone: 'danger', text: said('another key is in DNS') },
}

/** DKIM: the keys that sign the mail of each domain, and the record each needs in DNS. */
export function Signing() {
  const keys = useLive('dkim', () => api.dkim.list(), { changes: api.dkim.changes })
  const [adds, setAdds] = useState(false)
  const [doomed, setDoomed] = useState<DkimKeyView | null>(null)
  return (
    <>
      <div className="panel-head">
        <h2>{t('Signing')}</h2>
        <span className="grow" />
        <Button icon="plus" onClick={() => setAdds(true)}>
          {t('Make a key')}
        </Button>
      </div>
      <p className="quiet lead">
        {t(
          'A DKIM signature lets the recipient’s server see that mail of your domain is yours and arrived unchanged. Large providers refuse much mail without it.',
        )}
      </p>
      <Load live={keys} what={t('the keys')} again={keys.again}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon="shield" title={t('Mail leaves unsigned')}>
              {t('Make a key for your domain, put its record into DNS, and Posthorn signs from then on.')}
            </Empty>
          ) : (
            <ul className="cards">
              {list.map((key) => (
                <Key key={key.id} view={key} onRemove={() => setDoomed(key)} />
              ))}
            </ul>
          )
        }
      </Load>
      {adds ? <KeyDialog onClose={() => setAdds(false)} /> : null}
      <Confirm
        title={t('Remove the key {selector} of {domain}?', {
          selector: doomed?.selector ?? '',
          domain: doomed?.domain ?? '',
        })}
        isOpen={doomed !== null}
        action={t('Remove')}
        danger
        onClose={() => setDoomed(null)}
        onConfirm={() =>
          doomed === null ? undefined : void act(t('Removing the key'), () => api.dkim.remove({ id: doomed.id }))
        }
      >
        <p>
          {t(
            'The private key is gone for good. Leave its record in DNS for some days: mail that is on its way is checked against it.',
          )}
        </p>
      </Confirm>
    </>
  )
}

/** One key: whether it signs, what DNS says, and the record to publish. */
function Key({ view, onRemove }: { view: DkimKeyView; onRemove: () => void }) {
  const nowMs = useNow()
  const [checking, setChecking] = useState(false)
  const found = PUBLISHED[view.published]
  const check = async () => {
    setChecking(true)
    await act(t('Looking for the record'), () => api.dkim.check({ id: view.id }))
    setChecking(false)
  }
  return (
    <li aria-label={t('{selector} of {domain}', { selector: view.selector, domain: view.domain })}>
      <div className="grow">
        <b className="mono">{view.domain}</b>{' '}
        <span className={view.active ? 'badge ok' : 'badge'}>{view.active ? t('signs') : t('does not sign')}</span>
        <p className="quiet">{told(view.text)}</p>
        <dl className="kv copyable">
          <dt>{t('Record')}</dt>
          <dd>
            <span className="mono">{view.record.name}</span>
            <IconButton
              icon="copy"
              label={t('Copy the record’s name')}
              onClick={() => void copyText(view.record.name, t('The name'))}
            />
          </dd>
          <dt>{t('TXT')}</dt>
          <dd>
            <span className="mono record">{view.record.text}</span>
            <IconButton
              icon="copy"
              label={t('Copy the record’s text')}
              onClick={() => void copyText(view.record.text, t('The text'))}
            />
          </dd>
          <dt>{t('DNS')}</dt>
          <dd>
            <Icon name={found.icon} className={found.tone} /> {told(found.text)}
            {view.checkedMs === null ? '' : `, ${ago(view.checkedMs, nowMs)}`}
          </dd>
          <dt>{t('Kind')}</dt>
          <dd>{view.algorithm === 'rsa-sha256' ? t('RSA') : t('Ed25519')}</dd>
        </dl>
        <p className="actions">
          <Button icon="refresh" disabled={checking} onClick={() => void check()}>
            {checking ? t('Looking') : t('Look for it in DNS')}
          </Button>
          {view.published === 'published' ? (
            <Button
              onClick={() =>
                void act(view.active ? t('Stopping') : t('Starting'), () =>
                  api.dkim.setActive({ id: view.id, active: !view.active }),
                )
              }
            >
              {view.active ? t('Stop signing with it') : t('Sign with it')}
            </Button>
          ) : null}
          <Button kind="plain" onClick={() => void copyText(view.record.zone, t('The line for a zone file'))}>
            {t('Copy for a zone file')}
          </Button>
        </p>
      </div>
      <IconButton icon="trash" label={t('Remove the key of {domain}', { domain: view.domain })} onClick={onRemove} />
    </li>
  )
}

function KeyDialog({ onClose }: { onClose: () => void }) {
  const { identities } = useEngine()
  const [domain, setDomain] = useState(identities[0]?.address.split('@').at(-1) ?? '')
  const [algorithm, setAlgorithm] = useState<DkimKeyView['algorithm']>('rsa-sha256')
  return (
    <FormDialog
      title={t('Make a signing key')}
      action={t('Make it')}
      isReady={domain.trim() !== ''}
      onSave={() => api.dkim.make({ domain: domain.trim(), algorithm })}
      onClose={onClose}
    >
      {(problem) => (
        <>
          <Field
            label={t('Domain')}
            value={domain}
            spellCheck={false}
            autoComplete="off"
            problem={problem}
            hint={t('The part of your address behind the @.')}
            onChange={setDomain}
          />
          <Select
            label={t('Kind')}
            value={algorithm}
            options={[
              { value: 'rsa-sha256', label: t('RSA, which every server can check') },
              { value: 'ed25519-sha256', label: t('Ed25519, which many servers cannot check yet') },
            ]}
            onChange={setAlgorithm}
          />
        </>
      )}
    </FormDialog>
  )
}
