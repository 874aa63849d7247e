import { useState } from 'react'
import type { RouteView } from '../../../../core/rpc/views.ts'
import { api, wordsOf } from '../../bridge/client.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Field, Select } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { useLive } from '../../state/use-live.ts'
import { t, told } from '../../words/words.ts'

type Rule = Awaited<ReturnType<typeof api.route.rules>>[number]
type Editing = Omit<Rule, 'id' | 'text'> & { readonly id?: number }
const NEW: Editing = { sender: '', recipient: '', afterTries: 0, action: 'direct', routeId: null }

/** The rules that choose a way, first to last, and a question to ask them. */
export function RouteRules({ routes }: { readonly routes: readonly RouteView[] }) {
  const rules = useLive('rules', () => api.route.rules(), { changes: api.route.changes })
  const [editing, setEditing] = useState<Editing | null>(null)
  const move = (id: number, to: number) => void act(t('Moving the rule'), () => api.route.moveRule({ id, to }))
  return (
    <section aria-label={t('Rules')}>
      <div className="section-head">
        <h3>{t('Rules')}</h3>
        <span className="grow" />
        <Button icon="plus" onClick={() => setEditing(NEW)}>
          {t('Add rule')}
        </Button>
      </div>
      <Load live={rules} what={t('the rules')} again={rules.again}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon="filter" title={t('No rule')}>
              {t('Without one, each identity says how its mail leaves.')}
            </Empty>
          ) : (
            <ol className="cards">
              {list.map((rule, n) => (
                <li key={rule.id} aria-label={told(rule.text)}>
                  <p className="grow">{told(rule.text)}</p>
                  <IconButton icon="up" label={t('Move up')} disabled={n === 0} onClick={() => move(rule.id, n - 1)} />
                  <IconButton
                    icon="down"
                    label={t('Move down')}
                    disabled={n === list.length - 1}
                    onClick={() => move(rule.id, n + 1)}
                  />
                  <Button onClick={() => setEditing(rule)}>{t('Change')}</Button>
                  <IconButton
                    icon="trash"
                    label={t('Remove the rule')}
                    onClick={() => void act(t('Removing the rule'), () => api.route.removeRule({ id: rule.id }))}
                  />
                </li>
              ))}
            </ol>
          )
        }
      </Load>
      <WhichWay />
      {editing === null ? null : <RuleDialog first={editing} routes={routes} onClose={() => setEditing(null)} />}
    </section>
  )
}

interface DialogProps {
  readonly first: Editing
  readonly routes: readonly RouteView[]
  readonly onClose: () => void
}

function RuleDialog({ first, routes, onClose }: DialogProps) {
  const [form, setForm] = useState(first)
  const [tries, setTries] = useState(`${first.afterTries}`)
  const afterTries = /^\d{1,4}$/.test(tries) ? Number(tries) : undefined
  const way = form.action === 'smarthost' ? `route-${form.routeId}` : form.action
  const ways = [
    { value: 'direct', label: t('goes straight to the recipient’s server') },
    ...routes.map(({ id, host, port }) => ({
      value: `route-${id}`,
      label: t('goes through {host}:{port}', { host, port }),
    })),
    { value: 'hold', label: t('is held back until somebody lets it go') },
  ]
  const save = () => {
    const { id, sender, recipient, action, routeId } = form
    return api.route.saveRule({
      ...(id === undefined ? {} : { id }),
      sender: sender.trim(),
      recipient: recipient.trim(),
      afterTries: afterTries ?? 0,
      action,
      routeId: action === 'smarthost' ? routeId : null,
    })
  }
  return (
    <FormDialog
      title={first.id === undefined ? t('Add a rule') : t('Change the rule')}
      action={t('Save')}
      isReady={afterTries !== undefined}
      onSave={save}
      onClose={onClose}
    >
      <Field
        label={t('Mail from')}
        value={form.sender}
        placeholder={t('everybody')}
        spellCheck={false}
        autoComplete="off"
        hint={t('An address, a domain, or *.domain for all below it.')}
        onChange={(sender) => setForm({ ...form, sender })}
      />
      <Field
        label={t('to')}
        value={form.recipient}
        placeholder={t('everybody')}
        spellCheck={false}
        autoComplete="off"
        onChange={(recipient) => setForm({ ...form, recipient })}
      />
      <Field
        label={t('after so many failed tries')}
        value={tries}
        inputMode="numeric"
        hint={t('0: from the first try on.')}
        problem={afterTries === undefined ? t('A whole number, such as 3.') : undefined}
        onChange={setTries}
      />
      <Select
        label={t('what happens')}
        value={way}
        options={ways}
        onChange={(value) =>
          setForm(
            value.startsWith('route-')
              ? { ...form, action: 'smarthost', routeId: Number(value.slice('route-'.length)) }
              : { ...form, action: value === 'hold' ? 'hold' : 'direct', routeId: null },
          )
        }
      />
    </FormDialog>
  )
}

function WhichWay() {
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const [answer, setAnswer] = useState<string>()
  const [problem, setProblem] = useState<string>()
  const ask = async () => {
    try {
      const { to: where, why } = await api.route.explain({ from: from.trim(), to: to.trim(), tries: 0 })
      setAnswer(`${where}: ${why}`)
      setProblem(undefined)
    } catch (error) {
      setAnswer(undefined)
      setProblem(wordsOf(error))
    }
  }
  return (
    <form
      className="ask"
      aria-label={t('Which way would it go?')}
      onSubmit={(event) => {
        event.preventDefault()
        void ask()
      }}
    >
      <Field
        label={t('Which way would mail go from')}
        className="grow"
        value={from}
        spellCheck={false}
        autoComplete="off"
        placeholder={t('me@one.example')}
        onChange={setFrom}
      />
      <Field
        label={t('to')}
        className="grow"
        value={to}
        spellCheck={false}
        autoComplete="off"
        placeholder={t('you@two.example')}
        onChange={setTo}
      />
      <Button submit icon="route" disabled={to.trim() === ''}>
        {t('Ask')}
      </Button>
      <p className="answer" role="status">
        {problem === undefined ? (
          answer
        ) : (
          <span className="danger">
            <Icon name="alert" /> {problem}
          </span>
        )}
      </p>
    </form>
  )
}
