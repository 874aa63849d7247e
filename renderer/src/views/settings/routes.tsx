import { useState } from 'react'
import { api, wordsOf } from '../../bridge/client.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { useLive } from '../../state/use-live.ts'
import { emptyRoute, RouteFields, routeOf } from './route-fields.tsx'

const TLS = { implicit: 'TLS from the first byte', starttls: 'STARTTLS', none: 'not encrypted' } as const

/** Servers that take mail on, for identities that do not send straight. */
export function Routes() {
  const routes = useLive('routes', () => api.route.list())
  const [adds, setAdds] = useState(false)
  return (
    <>
      <div className="panel-head">
        <h2>Smarthosts</h2>
        <span className="grow" />
        <Button icon="plus" onClick={() => setAdds(true)}>
          Add smarthost
        </Button>
      </div>
      <Load live={routes} what="the smarthosts" again={routes.again}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon="route" title="No smarthost">
              Mail goes straight to the recipients’ servers. A smarthost is for networks that do not allow that.
            </Empty>
          ) : (
            <ul className="cards">
              {list.map((route) => (
                <li key={route.id} aria-label={route.host}>
                  <div className="grow">
                    <b className="mono">
                      {route.host}:{route.port}
                    </b>
                    <p className="quiet">{TLS[route.tls]}</p>
                  </div>
                  <IconButton
                    icon="trash"
                    label={`Remove ${route.host}`}
                    onClick={() =>
                      void act('Removing the smarthost', () => api.route.remove({ id: route.id })).then(routes.again)
                    }
                  />
                </li>
              ))}
            </ul>
          )
        }
      </Load>
      {adds ? (
        <RouteDialog
          onClose={() => {
            setAdds(false)
            routes.again()
          }}
        />
      ) : null}
    </>
  )
}

function RouteDialog({ onClose }: { onClose: () => void }) {
  const [form, setForm] = useState(emptyRoute)
  const [problem, setProblem] = useState<string>()
  const route = routeOf(form)
  const save = async () => {
    if (route === undefined) return
    try {
      await api.route.add(route)
      onClose()
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  return (
    <Dialog title="Add a smarthost" isOpen onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <div className="dialog-body">
          <RouteFields form={form} onChange={setForm} />
          {problem === undefined ? null : (
            <p className="danger" role="alert">
              {problem}
            </p>
          )}
        </div>
        <footer>
          <Button kind="plain" onClick={onClose}>
            Cancel
          </Button>
          <Button kind="primary" submit disabled={route === undefined}>
            Add
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
