import type { QueueEntryView, RecipientView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { visible } from '../../format/wire-text.ts'
import type { MenuEntry } from '../../parts/menu.tsx'
import { act } from '../../state/act.ts'
import { toast } from '../../state/toasts.ts'
import { t } from '../../words/words.ts'

type Target = { readonly id: number } | { readonly id: null; readonly domain: string }
type Words = { readonly id: string; readonly retry: string; readonly hold: string; readonly release: string }

const done = (recipients: number, icon: 'refresh' | 'hold' | 'play') =>
  toast(
    t('{count, plural, =0 {There was nothing to change.} one {# recipient changed.} other {# recipients changed.}}', {
      count: recipients,
    }),
    { icon },
  )

function acts(target: Target, words: Words): MenuEntry[] {
  const input = { ...target, by: 'window' as const }
  const run = async (doing: string, icon: 'refresh' | 'hold' | 'play', ask: () => Promise<{ recipients: number }>) => {
    const answer = await act(doing, ask)
    if (answer !== undefined) done(answer.recipients, icon)
  }
  return [
    {
      id: `${words.id}-retry`,
      label: words.retry,
      icon: 'refresh',
      run: () => void run(t('Trying again'), 'refresh', () => api.queue.retry(input)),
    },
    {
      id: `${words.id}-hold`,
      label: words.hold,
      icon: 'hold',
      run: () => void run(t('Holding it'), 'hold', () => api.queue.hold(input)),
    },
    {
      id: `${words.id}-release`,
      label: words.release,
      icon: 'play',
      run: () => void run(t('Letting it go'), 'play', () => api.queue.release(input)),
    },
  ]
}

/** What can be done to a whole message and to all that goes where this recipient is: the menu beside its own acts. */
export function wideActs(entry: QueueEntryView, { address }: RecipientView): MenuEntry[] {
  const domain = address.slice(address.lastIndexOf('@') + 1)
  const shown = visible(domain)
  return [
    ...acts(
      { id: entry.id },
      {
        id: 'message',
        retry: t('Try all of this message now'),
        hold: t('Hold all of this message'),
        release: t('Release all of this message'),
      },
    ),
    // A literal names one machine, which the engine knows by no domain.
    ...(domain.startsWith('[')
      ? []
      : acts(
          { id: null, domain },
          {
            id: 'domain',
            retry: t('Try all mail to {domain} now', { domain: shown }),
            hold: t('Hold all mail to {domain}', { domain: shown }),
            release: t('Release all mail to {domain}', { domain: shown }),
          },
        )),
  ]
}
