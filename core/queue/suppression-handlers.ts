import { implement } from '@orpc/server'
import { Fault } from '../base/fault.ts'
import { formatMailbox, parseMailbox, type Mailbox } from '../model/address.ts'
import { contract } from '../rpc/contract.ts'
import type { SuppressionView } from '../rpc/views.ts'
import { listSuppressed, type Suppressed } from '../store/suppression.ts'
import type { Store } from '../store/types.ts'

/** More are not shown at once; the latest come first. */
const MOST_LISTED = 200

/** Answers `suppression.*`: addresses whose mail came back again and again. */
export function suppressionHandlers({ store }: { readonly store: Pick<Store, 'read' | 'write'> }) {
  const os = implement(contract.suppression)
  return {
    list: os.list.handler(() => listSuppressed(store.read, MOST_LISTED).map(toView)),
    add: os.add.handler(async ({ input }) => toView(await store.write('suppression.add', read(input.address)))),
    remove: os.remove.handler(async ({ input }) => {
      if (await store.write('suppression.remove', read(input.address))) return { ok: true as const }
      throw new Fault('not-found', `forget the failures of "${input.address}": there are none`, {
        what: 'address',
        id: input.address,
      })
    }),
  }
}

function read(text: string): Mailbox {
  const mailbox = parseMailbox(text.trim())
  if (mailbox) return mailbox
  const reason = 'it is no address'
  throw new Fault('address.invalid', `read the address "${text}": ${reason}`, { value: text, reason })
}

const toView = ({ mailbox, ...rest }: Suppressed): SuppressionView => ({ address: formatMailbox(mailbox), ...rest })
