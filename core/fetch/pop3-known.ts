import { listSeen, type SeenMessage } from '../store/pop3-seen.ts'
import type { Store } from '../store/types.ts'
import type { Plan } from './pop3-plan.ts'

/** Unique-ids read or written at once. */
const PAGE = 200

/** All that is known of an account's maildrop, by unique-id; the window gets its turns meanwhile. */
export async function readSeen(store: Pick<Store, 'read'>, accountId: number): Promise<Map<string, SeenMessage>> {
  const seen = new Map<string, SeenMessage>()
  for (let after = '', page: SeenMessage[] | undefined; page === undefined || page.length > 0;) {
    page = listSeen(store.read, accountId, after, PAGE)
    for (const one of page) seen.set(one.uidl, one)
    after = page.at(-1)?.uidl ?? ''
    if (page.length > 0) await new Promise<void>((resolve) => setImmediate(resolve))
  }
  return seen
}

/** Notes what the server has no more, so that what is remembered does not grow for ever. */
export async function remember(
  { write }: Pick<Store, 'write'>,
  accountId: number,
  { forget, gone, back }: Plan,
): Promise<void> {
  for (let from = 0; from < forget.length; from += PAGE)
    await write('pop3.forget', { accountId, uidls: forget.slice(from, from + PAGE) })
  for (let from = 0; from < Math.max(gone.length, back.length); from += PAGE)
    await write('pop3.gone', { accountId, gone: gone.slice(from, from + PAGE), back: back.slice(from, from + PAGE) })
}
