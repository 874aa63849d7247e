import { useState } from 'react'
import { api, wordsOf } from '../../bridge/client.ts'
import { dayAndClock } from '../../format/time.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Field } from '../../parts/field.tsx'
import { Load } from '../../parts/load.tsx'
import { useEngine } from '../../state/engine.tsx'
import { useNow } from '../../state/now.ts'
import { useLive } from '../../state/use-live.ts'

/** Logins of other mail programs on this computer. */
export function Users() {
  const { status } = useEngine()
  const nowMs = useNow()
  const users = useLive('users', () => api.user.list())
  const [adds, setAdds] = useState(false)
  return (
    <>
      <div className="panel-head">
        <h2>Local users</h2>
        <span className="grow" />
        <Button icon="plus" onClick={() => setAdds(true)}>
          Add user
        </Button>
      </div>
      <p className="quiet lead">
        {status.submission === null
          ? 'The submission server is off, so no other program can send through Posthorn.'
          : `Other mail programs submit mail at ${status.submission.host}, port ${status.submission.port}, with STARTTLS and one of these logins.`}
      </p>
      <Load live={users} what="the users" again={users.again}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon="users" title="No local user">
              A local user has an address and a password, may submit mail as that address, and owns a local mailbox.
            </Empty>
          ) : (
            <ul className="cards">
              {list.map((user) => (
                <li key={user.id} aria-label={user.address}>
                  <div className="grow">
                    <b className="mono">{user.address}</b>
                    <p className="quiet num">
                      Since {dayAndClock(user.createdMs, nowMs)}.{' '}
                      {user.lastLoginMs === null
                        ? 'Has not signed in yet.'
                        : `Last signed in ${dayAndClock(user.lastLoginMs, nowMs)}.`}
                    </p>
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </Load>
      {adds ? (
        <UserDialog
          onClose={() => {
            setAdds(false)
            users.again()
          }}
        />
      ) : null}
    </>
  )
}

function UserDialog({ onClose }: { onClose: () => void }) {
  const [address, setAddress] = useState('')
  const [password, setPassword] = useState('')
  const [problem, setProblem] = useState<string>()
  const save = async () => {
    try {
      await api.user.add({ address: address.trim(), password })
      onClose()
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  return (
    <Dialog title="Add a local user" isOpen onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <div className="dialog-body">
          <Field
            label="Mail address"
            inputMode="email"
            spellCheck={false}
            value={address}
            autoComplete="off"
            problem={problem}
            onChange={setAddress}
          />
          <Field
            label="Password"
            type="password"
            required
            value={password}
            autoComplete="new-password"
            hint="Only a verifier of it is stored; nobody can read it back."
            onChange={setPassword}
          />
        </div>
        <footer>
          <Button kind="plain" onClick={onClose}>
            Cancel
          </Button>
          <Button kind="primary" submit disabled={address.trim() === '' || password === ''}>
            Add
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
