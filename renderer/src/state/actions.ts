import { api, host } from '../bridge/client.ts'
import { act } from './act.ts'
import { go } from './route.ts'
import { shared } from './store.ts'
import { toast } from './toasts.ts'
import { t, told } from '../words/words.ts'

/** True while mail is being fetched because somebody asked. */
export const fetching = shared(false)

/** Fetches every account now and says what came. */
export async function getMail(hasAccounts: boolean): Promise<void> {
  if (fetching.get()) return
  if (!hasAccounts) {
    toast(t('There is no account to fetch from yet.'), {
      icon: 'inbox',
      action: { label: t('Add account'), run: () => go({ view: 'settings', page: 'accounts' }) },
    })
    return
  }
  fetching.set(true)
  const result = await act(t('Getting mail'), () => api.account.fetch({ id: null }))
  fetching.set(false)
  if (result === undefined) return
  const problem = result.failed[0]
  if (problem !== undefined)
    toast(t('Getting mail: {reason}', { reason: told(problem.reason) }), {
      icon: 'alert',
      level: 'danger',
      action: {
        label: t('Show the log'),
        run: () => go({ view: 'log', sessionId: null, seq: null, of: null }),
      },
    })
  else
    toast(
      result.fetched === 0
        ? t('No new mail.')
        : t('{count, plural, one {# new message} other {# new messages}}.', { count: result.fetched }),
      { icon: 'inbox' },
    )
}

/** Saves the bytes of a handle as a file. */
export function saveBytes(handle: string, filename: string): void {
  clickDownload(host.bytesUrl(handle), filename)
}

/** Saves a text as a file. */
export function saveText(text: string, filename: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
  clickDownload(url, filename)
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

function clickDownload(url: string, filename: string): void {
  const anchor = document.createElement('a')
  anchor.href = url
  anchor.download = filename
  anchor.rel = 'noopener'
  document.body.append(anchor)
  anchor.click()
  anchor.remove()
}

/** Puts text on the clipboard and says so. */
export async function copyText(text: string, what: string): Promise<void> {
  const done = await act(t('Copying'), async () => {
    await navigator.clipboard.writeText(text)
    return true
  })
  if (done) toast(t('{what} copied.', { what }), { icon: 'copy' })
}
