import { useState } from 'react'
import type { RouteView } from '../../../../core/rpc/views.ts'
import { api, wordsOf } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field, Select } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { toast } from '../../state/toasts.ts'
import { useLive } from '../../state/use-live.ts'
import { emptyRoute, RouteFields, routeOf, type RouteForm } from './route-fields.tsx'
import { RouteTestPane } from './route-test-pane.tsx'
import { useRouteTest } from './use-route-test.ts'
import { t, told } from '../../words/words.ts'

interface LoginForm {
  readonly kind: 'none' | 'password' | 'token'
  readonly user: string
  readonly secret: string
}
type Login = { readonly user: string; readonly kind: 'password' | 'token'; readonly secret: string }

/** The login a form stands for: none, one, or (undefined) one that is not complete. */
function loginOf(form: LoginForm): Login | null | undefined {
  if (form.kind === 'none') return null
  if (form.user.trim() === '' || form.secret === '') return undefined
  return { user: form.user.trim(), kind: form.kind, secret: form.secret }
}

/** Adds a smarthost, or gives one that is there another login; both can be tried live before. */
export function RouteDialog({ first, onClose }: { readonly first: RouteView | null; readonly onClose: () => void }) {
  const presets = useLive('presets', () => api.route.presets())
  const [preset, setPreset] = useState('')
  const [form, setForm] = useState<RouteForm>(
    first === null ? emptyRoute : { host: first.host, port: `${first.port}`, tls: first.tls },
  )
  const [login, setLogin] = useState<LoginForm>({ kind: first?.login ?? 'none', user: first?.user ?? '', secret: '' })
  const [problem, setProblem] = useState<string>()
  const { test, run } = useRouteTest()
  const route = routeOf(form)
  const given = loginOf(login)
  const chosen = presets.at === 'ready' ? presets.value.find(({ id }) => id === preset) : undefined
  // The stored secret is never shown: an empty field means it is left as it is.
  const isUnchanged =
    first !== null && login.secret === '' && login.kind === first.login && login.user === (first.user ?? '')
  const isReady = route !== undefined && (given !== undefined || isUnchanged)

  const choose = (id: string) => {
    setPreset(id)
    const one = presets.at === 'ready' ? presets.value.find((each) => each.id === id) : undefined
    if (one === undefined) return
    setForm({ host: one.host, port: `${one.port}`, tls: one.tls })
    setLogin({ kind: one.kind, user: one.user ?? '', secret: '' })
  }
  const runTest = () => {
    if (route === undefined) return
    if (isUnchanged) void run({ id: first.id })
    else if (given !== undefined) void run({ ...route, ...(given === null ? {} : { login: given }) })
  }
  const save = async () => {
    if (route === undefined || !isReady) return
    try {
      if (first === null) await api.route.add({ ...route, ...(given ? { login: given } : {}) })
      else if (!isUnchanged && given !== undefined) {
        const { released } = await api.route.setLogin({ id: first.id, login: given })
        if (released > 0)
          toast(t('{released, plural, one {# recipient} other {# recipients}} let go.', { released }), { icon: 'play' })
      }
      onClose()
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  return (
    <Dialog
      title={first === null ? t('Add a smarthost') : t('Login at {host}', { host: first.host })}
      isOpen
      wide
      onClose={onClose}
    >
      <form
        className="two-sides"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <div className="side">
          {first === null ? (
            <>
              <Select
                label={t('Service')}
                value={preset}
                options={[
                  { value: '', label: t('Another server') },
                  ...(presets.at === 'ready' ? presets.value.map(({ id, name }) => ({ value: id, label: name })) : []),
                ]}
                onChange={choose}
              />
              <RouteFields form={form} onChange={setForm} />
            </>
          ) : (
            <p className="quiet">
              <span className="mono">
                {first.host}:{first.port}
              </span>
            </p>
          )}
          <Select
            label={t('Login')}
            value={login.kind}
            options={[
              { value: 'none', label: t('None') },
              { value: 'password', label: t('User and password') },
              { value: 'token', label: t('User and OAuth token') },
            ]}
            onChange={(kind) => setLogin({ ...login, kind })}
          />
          {login.kind === 'none' ? null : (
            <>
              <Field
                label={t('User')}
                value={login.user}
                spellCheck={false}
                autoComplete="off"
                hint={told(chosen?.userHint ?? '')}
                onChange={(user) => setLogin({ ...login, user })}
              />
              <Field
                label={login.kind === 'token' ? t('Token') : t('Password')}
                type="password"
                value={login.secret}
                autoComplete="new-password"
                placeholder={first?.login === login.kind ? t('unchanged') : ''}
                hint={told(chosen?.secretHint ?? '') || t('It is stored encrypted and never enters the log.')}
                onChange={(secret) => setLogin({ ...login, secret })}
              />
              {form.tls === 'none' ? (
                <p className="notice warn">
                  <Icon name="unlock" />{' '}
                  <span>{t('A login is not sent without encryption. Choose TLS or STARTTLS.')}</span>
                </p>
              ) : null}
            </>
          )}
        </div>
        <RouteTestPane test={test} isEncrypted={form.tls !== 'none'} hasLogin={login.kind !== 'none'} />
        <footer>
          <span className="grow clip danger" role="alert">
            {problem === undefined ? null : (
              <>
                <Icon name="alert" /> {problem}
              </>
            )}
          </span>
          <Button kind="plain" onClick={onClose}>
            {t('Cancel')}
          </Button>
          <Button icon="play" disabled={!isReady || test.at === 'running'} onClick={runTest}>
            {test.at === 'running' ? t('Testing') : t('Test')}
          </Button>
          <Button kind="primary" submit disabled={!isReady || test.at === 'running'}>
            {first !== null ? t('Save') : test.at === 'failed' ? t('Add it anyway') : t('Add smarthost')}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
