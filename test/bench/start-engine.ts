// An engine in a process of its own, for `start.ts`: says on one line when its code was read, when it was open and when its first
// list was there.
import { createRouterClient } from '@orpc/server'
import type { ContractRouterClient } from '@orpc/contract'
import { startEngine } from '../../core/engine.ts'
import type { Contract } from '../../core/rpc/contract.ts'

const loadedMs = performance.now()
const [dataFolder = '', keyFile = '', nativeBinding = ''] = process.argv.slice(2)
const engine = await startEngine({
  dataFolder,
  keyFile,
  nativeBinding,
  fileSettings: { submission: { port: 0, tlsPort: null } },
  log: () => {},
})
const openMs = performance.now()
const api = createRouterClient(
  engine.router as Parameters<typeof createRouterClient>[0],
) as unknown as ContractRouterClient<Contract>
const { rows } = await api.mail.list({ folderId: null, after: null, limit: 50 })
const listMs = performance.now()
const { user, system } = process.cpuUsage()
console.log(JSON.stringify({ loadedMs, openMs, listMs, cpuMs: (user + system) / 1000, rows: rows.length }))
await engine.close()
