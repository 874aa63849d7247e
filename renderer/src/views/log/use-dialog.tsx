import { api } from '../../bridge/client.ts'
import { count, size } from '../../format/size.ts'
import { ago } from '../../format/time.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Load } from '../../parts/load.tsx'
import { useNow } from '../../state/now.ts'
import { go } from '../../state/route.ts'
import { useLive } from '../../state/use-live.ts'

/** What the log takes up of each protocol, and how much of it is kept. */
export function UseDialog({ onClose }: { readonly onClose: () => void }) {
  const nowMs = useNow(60_000)
  const live = useLive('log use', () => api.log.use())
  return (
    <Dialog title="What is kept" isOpen onClose={onClose}>
      <div className="dialog-body">
        <Load live={live} what="what is kept" again={live.again}>
          {({ protocols }) => (
            <table className="use">
              <thead>
                <tr>
                  <th scope="col">Protocol</th>
                  <th scope="col">Sessions</th>
                  <th scope="col">Size</th>
                  <th scope="col">Oldest</th>
                  <th scope="col">Kept for</th>
                  <th scope="col">At most</th>
                </tr>
              </thead>
              <tbody>
                {protocols.map((one) => (
                  <tr key={one.protocol}>
                    <th scope="row">{one.protocol.toUpperCase()}</th>
                    <td className="num">{one.sessions.toLocaleString('en')}</td>
                    <td className="num">{size(one.bytes)}</td>
                    <td>{one.oldestMs === null ? '' : ago(one.oldestMs, nowMs)}</td>
                    <td className="num">{one.keepDays === 0 ? 'ever' : count(one.keepDays, 'day')}</td>
                    <td className="num">{one.keepBytes === 0 ? 'no limit' : size(one.keepBytes)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Load>
        <p>What is older or more than that is removed by itself, a little at a time.</p>
      </div>
      <footer>
        <Button
          kind="plain"
          icon="settings"
          onClick={() => {
            onClose()
            go({ view: 'settings', page: 'settings' })
          }}
        >
          Change
        </Button>
        <Button kind="primary" onClick={onClose}>
          Close
        </Button>
      </footer>
    </Dialog>
  )
}
