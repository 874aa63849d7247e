import type { Pop3Rules } from '../../core/store/pop3-account.ts'
import { fetchAccount } from '../../core/fetch/pop3.ts'
import { openCutWire } from './cut-wire.ts'
import { numbered, openFetchHouse } from './fetch-house.ts'

const MESSAGES = [
  numbered(1),
  numbered(2, '.\r\n..\r\n.x\r\n\r\n'),
  numbered(3, 'x'.repeat(300)),
  numbered(4, 'last line without an end'),
]
/** More than a screenful: enough for headers to come first. */
export const MANY_MESSAGES = [...MESSAGES, ...Array.from({ length: 18 }, (_, n) => numbered(n + 5))]

/** As POP3 gives it out: the last line has an end. */
export const endedText = (raw: Buffer): string => {
  const text = raw.toString('latin1')
  return text.endsWith('\r\n') ? text : `${text}\r\n`
}

/**
 * Breaks a fetch off after each `step`th byte of the server and of the client, then fetches again; with what is deleted on the
 * server, and with what is kept. Says where what came is not what was there.
 */
export async function cutAndResume(
  step: number,
  messages: typeof MESSAGES = MESSAGES,
  rules: Partial<Pop3Rules> = {},
): Promise<{ tried: number; faults: string[] }> {
  const house = await openFetchHouse()
  const wire = await openCutWire(house.server.port)
  house.maildrop.capabilities = ['PIPELINING', 'UIDL', 'TOP']
  const bodies = messages.map(({ raw }) => endedText(raw))
  const faults: string[] = []
  let tried = 0
  try {
    for (const keep of [false, true])
      for (const from of ['server', 'client'] as const) {
        for (let bytes = 0; ; bytes += step) {
          const user = `ada-${keep}-${from}-${bytes}`
          house.maildrop.messages.splice(0, Infinity, ...messages)
          const account = await house.addAccount({ ...rules, keep, user, port: wire.port })
          wire.cutAt = { from, bytes }
          const before = wire.cuts
          const first = await fetchAccount(account, house.deps())
          wire.cutAt = undefined
          const second = await fetchAccount(account, house.deps())
          const came = (await house.inbox(account)).map(({ raw }) => raw)
          const at = `${bytes} bytes of the ${from}, ${keep ? 'kept' : 'deleted'} there`
          if (came.toSorted().join('\0') !== bodies.toSorted().join('\0')) faults.push(`${at}: ${came.length} came`)
          if (second.problem !== null) faults.push(`${at}: ${second.problem}`)
          if (house.maildrop.messages.length !== (keep ? messages.length : 0)) faults.push(`${at}: left on the server`)
          tried++
          const isCut = wire.cuts > before
          if (isCut && first.problem === null) faults.push(`${at}: nothing was said of it`)
          if (!isCut) {
            if (first.problem !== null) faults.push(`${at}, which is more than there are: ${first.problem}`)
            break
          }
        }
      }
  } finally {
    await wire.close()
    await house.close()
  }
  return { tried, faults }
}
