import type { AskUnsubscribe } from './mailbox/fact-handlers.ts'
import type { HttpsGet } from './net/https-get.ts'

const TIMEOUT_MS = 20_000
/** What is answered is of no interest beyond its status. */
const MOST_BYTES = 256 * 1024

/** Makes the POST of RFC 8058 §3.2: no cookies, no redirect followed, private addresses refused but where the settings allow them. */
export function makeAskUnsubscribe(
  ask: HttpsGet,
  terms: () => { readonly caFile: string; readonly allowPrivate: boolean },
): AskUnsubscribe {
  return async (text, signal) => {
    const url = new URL(text)
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const answer = await ask(host, `${url.pathname}${url.search}`, {
      ...terms(),
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      accept: '*/*',
      post: { mediaType: 'application/x-www-form-urlencoded', body: 'List-Unsubscribe=One-Click' },
      mostBytes: MOST_BYTES,
      timeoutMs: TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    })
    return answer.ok ? { ok: true, status: answer.status, host } : { ok: false, reason: answer.reason, host }
  }
}
