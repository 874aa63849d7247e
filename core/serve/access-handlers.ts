import { implement } from '@orpc/server'
import type { Changes } from '../base/changes.ts'
import { Fault } from '../base/fault.ts'
import { formatMailbox, parseMailbox, sameMailbox } from '../model/address.ts'
import { contract } from '../rpc/contract.ts'
import type { AppPasswordView, CertificateView } from '../rpc/views.ts'
import { listAppPasswords, listLoginKeys, nobodyHas, ownerOf, type AppPassword } from '../store/app-password.ts'
import { listIdentities } from '../store/identity.ts'
import { listUsers } from '../store/local-user.ts'
import type { Store } from '../store/types.ts'
import { PASSWORD_PLACE, programGuides, type ListeningServer } from './connect.ts'
import { readerGuides } from './connect-readers.ts'

export interface AccessDeps {
  readonly store: Pick<Store, 'read' | 'write'>
  /** Joint: serve ← vault. A new password for a program, with salt and rounds of those beside it. */
  readonly newAppPassword: (
    beside: readonly { readonly kind: string; readonly name: string }[],
  ) => Promise<{ readonly password: string; readonly verifier: Uint8Array }>
  /** When it was last used, where the store does not know yet. */
  readonly usedMs: (appPasswordId: number) => number | undefined
  /** Where programs submit mail. */
  readonly servers: () => readonly ListeningServer[]
  /** Where they read mail, by POP3. */
  readonly receiving: () => readonly ListeningServer[]
  readonly certificate: () => Promise<CertificateView>
  /** The name other computers know this one by; '' for none. */
  readonly chosenName: () => string
  readonly changes: Changes<number>
}

/** Answers `access.*`: the programs that submit mail here, and their passwords. */
export function accessHandlers(deps: AccessDeps) {
  const os = implement(contract.access)
  const { store, changes } = deps
  const toView = ({ id, mailbox, userId, name, createdMs, lastUsedMs }: AppPassword): AppPasswordView => ({
    id,
    address: formatMailbox(mailbox),
    name,
    owner: userId === null ? 'person' : 'user',
    createdMs,
    lastUsedMs: deps.usedMs(id) ?? lastUsedMs,
  })
  // One at a time: the first password of an address makes the salt that the others share.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const done = last.then(task)
    last = done.catch(() => {})
    return done
  }

  return {
    list: os.list.handler(() => listAppPasswords(store.read).map(toView)),
    make: os.make.handler(({ input }) =>
      inTurn(async () => {
        const mailbox = mailboxOf(input.address)
        const owner = ownerOf(store.read, mailbox)
        if (owner === undefined) throw nobodyHas(mailbox)
        const beside = listLoginKeys(store.read, formatMailbox(mailbox)).map(({ secret }) => secret)
        const { password, verifier } = await deps.newAppPassword(beside)
        const made = await store.write('app-password.add', { owner, name: input.name, verifier })
        changes.emit(made.id)
        return { entry: toView(made), password }
      }),
    ),
    revoke: os.revoke.handler(async ({ input: { id } }) => {
      if (!(await store.write('app-password.remove', { id })))
        throw new Fault('not-found', `revoke the app password ${id}: there is none`, {
          what: 'app password',
          id: String(id),
        })
      changes.emit(id)
      return { ok: true as const }
    }),
    connect: os.connect.handler(async ({ input }) => {
      const addresses = loginAddresses(store)
      const address = input.address === null ? addresses[0]?.address : chosenAddress(input.address, addresses)
      const certificate = await deps.certificate()
      const servers = deps.servers()
      const receiving = deps.receiving()
      const facts = address === undefined ? undefined : { address, certificate, chosenName: deps.chosenName() }
      return {
        servers: [...servers],
        addresses,
        address: address ?? null,
        certificate,
        passwordPlace: PASSWORD_PLACE,
        programs: facts === undefined ? [] : programGuides({ ...facts, servers }),
        receiving: [...receiving],
        readers: facts === undefined ? [] : readerGuides({ ...facts, servers: receiving }),
      }
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of changes.stream(signal)) yield { ids }
    }),
  }
}

function mailboxOf(text: string) {
  const mailbox = parseMailbox(text.trim())
  if (mailbox !== undefined) return mailbox
  throw new Fault('address.invalid', `read the address "${text}": that is no address`, {
    value: text,
    reason: 'not of the form local@domain',
  })
}

type LoginAddress = { readonly address: string; readonly owner: 'person' | 'user' }

/** Whom programs may sign in as: identities, then local users. */
function loginAddresses({ read }: Pick<Store, 'read'>): LoginAddress[] {
  const users = listUsers(read).map(({ mailbox }) => ({ mailbox, owner: 'user' as const }))
  const persons = listIdentities(read)
    .filter(({ mailbox }) => !users.some((user) => sameMailbox(user.mailbox, mailbox)))
    .map(({ mailbox }) => ({ mailbox, owner: 'person' as const }))
  return [...persons, ...users].map(({ mailbox, owner }) => ({ address: formatMailbox(mailbox), owner }))
}

function chosenAddress(text: string, addresses: readonly LoginAddress[]): string {
  const mailbox = mailboxOf(text)
  const known = addresses.find(({ address }) => {
    const one = parseMailbox(address)
    return one !== undefined && sameMailbox(one, mailbox)
  })
  if (known === undefined) throw nobodyHas(mailbox)
  return known.address
}
