import { implement } from '@orpc/server'
import type { Changes } from '../base/changes.ts'
import { Fault } from '../base/fault.ts'
import { parseDomain } from '../model/address.ts'
import { dkimName, type DkimKey } from '../model/dkim-key.ts'
import { contract } from '../rpc/contract.ts'
import type { DkimKeyView } from '../rpc/views.ts'
import type { DkimKeys } from './dkim-keys.ts'
import { formatKeyRecord, formatZoneText } from './dkim-record.ts'

/** What the calls about keys are wired to. */
export interface DkimHandlersDeps {
  readonly keys: DkimKeys
  readonly changes: Changes<number>
}

/** Answers `dkim.*`. No call gives a private key away. */
export function dkimHandlers({ keys, changes }: DkimHandlersDeps) {
  const os = implement(contract.dkim)
  const told = (key: DkimKey): DkimKeyView => {
    changes.emit(key.id)
    return toView(key)
  }
  return {
    list: os.list.handler(() => keys.list().map(toView)),
    make: os.make.handler(async ({ input }) => {
      const domain = parseDomain(input.domain.trim().toLowerCase())
      if (domain === undefined || domain.startsWith('[') || !domain.includes('.'))
        throw new Fault('address.invalid', `make a DKIM key for "${input.domain}": not a domain name`, {
          value: input.domain,
          reason: 'not a domain name',
        })
      return told(await keys.make(domain, input.algorithm, input.selector))
    }),
    check: os.check.handler(async ({ input }) => told(await keys.check(input.id))),
    setActive: os.setActive.handler(async ({ input }) => told(await keys.setActive(input.id, input.active))),
    remove: os.remove.handler(async ({ input }) => {
      await keys.remove(input.id)
      changes.emit(input.id)
      return { ok: true as const }
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of changes.stream(signal)) yield { ids }
    }),
  }
}

function toView(key: DkimKey): DkimKeyView {
  const { id, domain, selector, algorithm, isActive, published, checkedMs, createdMs } = key
  const text = formatKeyRecord(key)
  return {
    id,
    domain,
    selector,
    algorithm,
    active: isActive,
    published,
    checkedMs,
    createdMs,
    record: { name: dkimName(key), text, zone: formatZoneText(text) },
    text: sentence(key),
  }
}

/** Where a key stands and what to do. */
function sentence({ domain, isActive, published }: DkimKey): string {
  switch (published) {
    case 'published':
      return isActive
        ? `Mail from ${domain} is signed with this key.`
        : `The record is in DNS. Mail from ${domain} is not signed with this key: it is switched off.`
    case 'unchecked':
      return `Publish the TXT record at the DNS of ${domain}, then check it. Until then nothing is signed with this key.`
    case 'missing':
    case 'different': {
      const what = published === 'missing' ? 'DNS has no such record' : 'DNS has another key in its record'
      const then = isActive
        ? `Mail from ${domain} is held meanwhile; switch the key off to send it unsigned.`
        : 'Nothing is signed with this key meanwhile.'
      return `${what}, or remembers an older answer for up to an hour. ${then}`
    }
    default:
      return published satisfies never
  }
}
