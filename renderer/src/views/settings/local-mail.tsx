import { useState } from 'react'
import { visible } from '../../format/wire-text.ts'
import type { AliasView, ResolutionView } from '../../../../core/rpc/views.ts'
import { api, wordsOf } from '../../bridge/client.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { useEngine } from '../../state/engine.tsx'
import { useLive } from '../../state/use-live.ts'
import { Domains } from './domains.tsx'
import { Users } from './users.tsx'
import { t, told } from '../../words/words.ts'

/** Mail that stays here: whether it can come, the domains, their mailboxes, and what leads to them. */
export function LocalMail() {
  const { status } = useEngine()
  const failed = status.inbound.state === 'failed'
  return (
    <>
      <div className="panel-head">
        <h2>{t('Local mail')}</h2>
      </div>
      <p className={failed ? 'notice danger' : 'notice info'} role="status" aria-label={t('Receiving')}>
        <Icon name={failed ? 'fail' : status.inbound.state === 'listening' ? 'ok' : 'info'} />
        <span>{told(status.inbound.text)}</span>
      </p>
      <p
        className={status.pop3.state === 'failed' ? 'notice danger' : 'notice info'}
        role="status"
        aria-label={t('Reading from other programs')}
      >
        <Icon name={status.pop3.state === 'failed' ? 'fail' : status.pop3.state === 'listening' ? 'ok' : 'info'} />
        <span>{told(status.pop3.text)}</span>
      </p>
      <Domains />
      <Users />
      <Aliases />
      <WhereTo />
    </>
  )
}

function Aliases() {
  const aliases = useLive('aliases', () => api.alias.list(), { changes: api.alias.changes })
  const [editing, setEditing] = useState<Partial<AliasView> | null>(null)
  return (
    <section aria-label={t('Aliases')}>
      <div className="section-head">
        <h3>{t('Aliases')}</h3>
        <span className="grow" />
        <Button icon="plus" onClick={() => setEditing({})}>
          {t('Add alias')}
        </Button>
      </div>
      <Load live={aliases} what={t('the aliases')} again={aliases.again}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon="route" title={t('No alias')}>
              {t('An alias leads mail for one address, or for a whole domain, to one or more mailboxes.')}
            </Empty>
          ) : (
            <ul className="cards">
              {list.map((alias) => (
                <li key={alias.id} aria-label={alias.patterns.join(', ')}>
                  <div className="grow">
                    <p className="alias mono">
                      <span>{alias.patterns.join(', ')}</span> <Icon name="to" />
                      <span className="sr">{t('goes to')}</span> <span>{alias.targets.join(', ')}</span>
                    </p>
                    {alias.problems.map((problem) => (
                      <p key={problem} className="notice warn">
                        <Icon name="alert" /> <span>{told(problem)}</span>
                      </p>
                    ))}
                  </div>
                  <Button onClick={() => setEditing(alias)}>{t('Change')}</Button>
                  <IconButton
                    icon="trash"
                    label={t('Remove {join}', { join: alias.patterns.join(', ') })}
                    onClick={() => void act(t('Removing the alias'), () => api.alias.remove({ id: alias.id }))}
                  />
                </li>
              ))}
            </ul>
          )
        }
      </Load>
      {editing === null ? null : <AliasDialog first={editing} onClose={() => setEditing(null)} />}
    </section>
  )
}

const partsOf = (text: string) => text.split(/[\s,]+/).filter((part) => part !== '')

function AliasDialog({ first, onClose }: { first: Partial<AliasView>; onClose: () => void }) {
  const [patterns, setPatterns] = useState((first.patterns ?? []).join(', '))
  const [targets, setTargets] = useState((first.targets ?? []).join(', '))
  return (
    <FormDialog
      title={first.id === undefined ? t('Add an alias') : t('Change the alias')}
      action={t('Save')}
      isReady={partsOf(patterns).length > 0 && partsOf(targets).length > 0}
      onSave={() =>
        api.alias.set({
          ...(first.id === undefined ? {} : { id: first.id }),
          patterns: partsOf(patterns),
          targets: partsOf(targets),
        })
      }
      onClose={onClose}
    >
      {(problem) => (
        <>
          <Field
            label={t('Mail for')}
            value={patterns}
            placeholder={t('sales@one.example, *@two.example')}
            spellCheck={false}
            autoComplete="off"
            hint={t('Addresses, several with commas. * stands for every name, or for every local domain.')}
            onChange={setPatterns}
          />
          <Field
            label={t('goes to')}
            value={targets}
            placeholder={t('ada@home.example')}
            spellCheck={false}
            autoComplete="off"
            problem={problem}
            hint={t('Mailboxes here, or addresses elsewhere. *@home.example keeps the name before the @.')}
            onChange={setTargets}
          />
        </>
      )}
    </FormDialog>
  )
}

function WhereTo() {
  const [address, setAddress] = useState('')
  const [found, setFound] = useState<ResolutionView>()
  const [problem, setProblem] = useState<string>()
  const ask = async () => {
    try {
      setFound(await api.alias.resolve({ address: address.trim() }))
      setProblem(undefined)
    } catch (error) {
      setFound(undefined)
      setProblem(wordsOf(error))
    }
  }
  return (
    <section aria-label={t('Where would mail go?')}>
      <h3>{t('Where would mail go?')}</h3>
      <form
        className="ask"
        onSubmit={(event) => {
          event.preventDefault()
          void ask()
        }}
      >
        <Field
          label={t('Mail to')}
          className="grow"
          inputMode="email"
          spellCheck={false}
          autoComplete="off"
          value={address}
          placeholder={t('anybody@one.example')}
          problem={problem}
          onChange={setAddress}
        />
        <Button submit icon="route" disabled={address.trim() === ''}>
          {t('Ask')}
        </Button>
      </form>
      <div aria-live="polite">{found === undefined ? null : <Resolution found={found} />}</div>
    </section>
  )
}

/** Pure: where mail to an address goes, and how that was found. */
export function Resolution({ found }: { readonly found: ResolutionView }) {
  const goesTo = [...found.mailboxes, ...found.forwards.map((address) => t('on to {address}', { address }))]
  return (
    <div className="resolution">
      <p>
        <Icon name={goesTo.length === 0 ? 'fail' : 'ok'} className={goesTo.length === 0 ? 'danger' : 'ok'} />{' '}
        {goesTo.length === 0 ? t('Nowhere: it is refused.') : goesTo.join('; ')}
      </p>
      <ol className="path">
        {found.path.map((step, n) => (
          <li key={n} style={{ paddingInlineStart: `${step.depth * 16}px` }}>
            <span className="mono">{visible(step.address)}</span>{' '}
            <span className="quiet">{told(visible(step.text))}</span>
          </li>
        ))}
      </ol>
      <p className="mono quiet">{found.reply}</p>
    </div>
  )
}
