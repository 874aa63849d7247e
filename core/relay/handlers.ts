import { implement } from '@orpc/server'
import { Fault } from '../base/fault.ts'
import type { Route, TlsMode } from '../model/outcome.ts'
import { contract } from '../rpc/contract.ts'

type Smarthost = Extract<Route, { kind: 'smarthost' }>
export interface RouteDeps {
  readonly list: () => readonly Smarthost[]
  readonly add: (args: { readonly host: string; readonly port: number; readonly tls: TlsMode }) => Promise<Smarthost>
  readonly remove: (args: { readonly routeId: number }) => Promise<void>
}

const toView = ({ routeId: id, kind, host, port, tls }: Smarthost) => ({ id, kind, host, port, tls })
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.(?!$)|$))+$|^[0-9a-f:.]*:[0-9a-f:.]*$/

/** Answers `route.*`. Throws `address.invalid` for a host that is neither a name nor an address. */
export function routeHandlers({ list, add, remove }: RouteDeps) {
  const os = implement(contract.route)
  return {
    list: os.list.handler(() => list().map(toView)),
    add: os.add.handler(async ({ input }) => {
      const host = input.host.trim().toLowerCase()
      if (!HOST.test(host))
        throw new Fault('address.invalid', `add the route "${input.host}": not a host name or an address`, {
          value: input.host,
          reason: 'not a host name or an address',
        })
      return toView(await add({ ...input, host }))
    }),
    remove: os.remove.handler(async ({ input }) => {
      await remove({ routeId: input.id })
      return { ok: true as const }
    }),
  }
}
