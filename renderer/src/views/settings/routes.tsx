import { useState } from 'react'
import type { RouteView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { visible } from '../../format/wire-text.ts'
import { act } from '../../state/act.ts'
import { toast } from '../../state/toasts.ts'
import { useLive } from '../../state/use-live.ts'
import { RouteDialog } from './route-dialog.tsx'
import { RouteRules } from './route-rules.tsx'
import { Straight } from './straight.tsx'
import { said, t, told, tx } from '../../words/words.ts'

const TLS = { implicit: 'TLS', starttls: 'STARTTLS', none: said('not encrypted') } as const

/** The ways mail leaves: smarthosts with their logins, the rules that choose among them, and what they would choose. */
export function Routes() {
  const routes = useLive('routes', () => api.route.list(), { changes: api.route.changes })
  const [editing, setEditing] = useState<RouteView | 'new' | null>(null)
  const [doomed, setDoomed] = useState<RouteView | null>(null)
  return (
    <>
      <div className="panel-head">
        <h2>{t('Routes')}</h2>
      </div>
      <p className="quiet lead">
        {t(
          'Mail goes straight to the recipients’ servers, or through a smarthost: a server that takes it on, for networks that do not allow the straight way. It is decided at each try.',
        )}
      </p>
      <section aria-label={t('Smarthosts')}>
        <div className="section-head">
          <h3>{t('Smarthosts')}</h3>
          <span className="grow" />
          <Button icon="plus" onClick={() => setEditing('new')}>
            {t('Add smarthost')}
          </Button>
        </div>
        <Load live={routes} what={t('the smarthosts')} again={routes.again}>
          {(list) =>
            list.length === 0 ? (
              <Empty icon="route" title={t('No smarthost')}>
                {t('All mail goes straight to the recipients’ servers.')}
              </Empty>
            ) : (
              <ul className="cards">
                {list.map((route) => (
                  <Smarthost
                    key={route.id}
                    route={route}
                    onChange={() => setEditing(route)}
                    onRemove={() => setDoomed(route)}
                  />
                ))}
              </ul>
            )
          }
        </Load>
      </section>
      <Straight />
      <RouteRules routes={routes.at === 'ready' ? routes.value : []} />
      {editing === null ? null : (
        <RouteDialog first={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />
      )}
      <Confirm
        title={t('Remove {host}?', { host: doomed?.host ?? '' })}
        isOpen={doomed !== null}
        action={t('Remove')}
        danger
        onClose={() => setDoomed(null)}
        onConfirm={() =>
          doomed === null ? undefined : void act(t('Removing the smarthost'), () => api.route.remove({ id: doomed.id }))
        }
      >
        <p>{t('Its login is forgotten, and identities that used it send straight from now on.')}</p>
      </Confirm>
    </>
  )
}

interface SmarthostProps {
  readonly route: RouteView
  readonly onChange: () => void
  readonly onRemove: () => void
}

/** One smarthost: where it is, who signs in, and what is wrong with that. */
function Smarthost({ route, onChange, onRemove }: SmarthostProps) {
  const again = async () => {
    const done = await act(t('Trying the login again'), () => api.route.resume({ id: route.id }))
    if (done !== undefined)
      toast(t('{released, plural, one {# recipient} other {# recipients}} let go.', { released: done.released }), {
        icon: 'play',
      })
  }
  return (
    <li aria-label={route.host}>
      <div className="grow">
        <b className="mono">
          {route.host}:{route.port}
        </b>{' '}
        <span className={route.tls === 'none' ? 'badge warn' : 'badge tls'}>
          <Icon name={route.tls === 'none' ? 'unlock' : 'lock'} />
          {told(TLS[route.tls])}
        </span>
        <p className="quiet">
          {route.user === null
            ? t('Takes mail without a login.')
            : tx(
                route.login === 'token'
                  ? 'Signs in as <user>{name}</user> with a token.'
                  : 'Signs in as <user>{name}</user>.',
                { user: (it) => <span className="mono">{it}</span>, name: route.user },
              )}
        </p>
        {route.trouble === null ? null : (
          <p className="notice danger">
            <Icon name="fail" />
            <span>
              {tx('{trouble} Its mail waits; nothing is returned. <button>Try this login again</button>', {
                trouble: told(visible(route.trouble)),
                button: (words) => (
                  <button type="button" className="linklike" onClick={() => void again()}>
                    {words}
                  </button>
                ),
              })}
            </span>
          </p>
        )}
      </div>
      <Button onClick={onChange}>{t('Login and test')}</Button>
      <IconButton icon="trash" label={t('Remove {host}', { host: route.host })} onClick={onRemove} />
    </li>
  )
}
