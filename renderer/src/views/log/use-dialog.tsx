import { api } from '../../bridge/client.ts'
import { size, whole } from '../../format/size.ts'
import { ago } from '../../format/time.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Load } from '../../parts/load.tsx'
import { useNow } from '../../state/now.ts'
import { go } from '../../state/route.ts'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'

/** What the log takes up of each protocol, and how much of it is kept. */
export function UseDialog({ onClose }: { readonly onClose: () => void }) {
  const nowMs = useNow(60_000)
  const live = useLive('log use', () => api.log.use())
  return (
    <Dialog title={t('What is kept')} isOpen onClose={onClose}>
      <div className="dialog-body">
        <Load live={live} what={t('what is kept')} again={live.again}>
          {({ protocols }) => (
            <table className="use">
              <thead>
                <tr>
                  <th scope="col">{t('Protocol')}</th>
                  <th scope="col">{t('Sessions')}</th>
                  <th scope="col">{t('Size')}</th>
                  <th scope="col">{t('Oldest')}</th>
                  <th scope="col">{t('Kept for')}</th>
                  <th scope="col">{t('At most')}</th>
                </tr>
              </thead>
              <tbody>
                {protocols.map((one) => (
                  <tr key={one.protocol}>
                    <th scope="row">{one.protocol.toUpperCase()}</th>
                    <td className="num">{whole(one.sessions)}</td>
                    <td className="num">{size(one.bytes)}</td>
                    <td>{one.oldestMs === null ? '' : ago(one.oldestMs, nowMs)}</td>
                    <td className="num">
                      {one.keepDays === 0
                        ? t('ever')
                        : t('{count, plural, one {# day} other {# days}}', { count: one.keepDays })}
                    </td>
                    <td className="num">{one.keepBytes === 0 ? t('no limit') : size(one.keepBytes)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Load>
        <p>{t('What is older or more than that is removed by itself, a little at a time.')}</p>
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
          {t('Change')}
        </Button>
        <Button kind="primary" onClick={onClose}>
          {t('Close')}
        </Button>
      </footer>
    </Dialog>
  )
}
