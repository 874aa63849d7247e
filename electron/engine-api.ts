import { createRouterClient } from '@orpc/server'
import type { ContractRouterClient } from '@orpc/contract'
import type { Contract } from '../core/rpc/contract.ts'
import type { EngineRouter } from '../core/rpc/serve.ts'

/** The engine as a window sees it: to the engine the shell is one more window, which nobody sees. */
export type Api = ContractRouterClient<Contract>

/** Calls a router in this process by its contract. */
export function apiOf(router: EngineRouter): Api {
  return createRouterClient(router as Parameters<typeof createRouterClient>[0]) as unknown as Api
}
