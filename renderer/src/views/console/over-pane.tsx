import type { ConsoleView } from '../../../../core/rpc/console-contract.ts'
import { api, wordsOf } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { go } from '../../state/route.ts'
import { toast } from '../../state/toasts.ts'
import { t, told } from '../../words/words.ts'

/** The session is over: why, and what can be done next. */
export function OverPane({ view }: { readonly view: ConsoleView }) {
  const { protocol, host, port, tls } = view
  const again = async () => {
    try {
      const { id } = await api.console.open({ protocol, host, port, tls })
      go({ view: 'console', id, from: null })
    } catch (error) {
      toast(wordsOf(error), { icon: 'alert', level: 'danger' })
    }
  }
  const ended = told(view.ended)
  return (
    <div className="say-note" role="status">
      <Icon name="plug" />
      <span className="grow">
        {t('The session is over.')} {/[.!?]$/.test(ended) ? ended : `${ended}.`}
      </span>
      {view.sessionId === null ? null : (
        <Button
          kind="plain"
          onClick={() => go({ view: 'console', id: null, from: { sessionId: view.sessionId ?? 0, seq: null } })}
        >
          {t('Say it again up to a line')}
        </Button>
      )}
      <Button icon="refresh" onClick={() => void again()}>
        {t('Connect again')}
      </Button>
    </div>
  )
}
