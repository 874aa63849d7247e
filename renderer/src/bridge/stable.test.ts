import { createORPCClient, type ClientLink } from '@orpc/client'
import type { ContractRouterClient } from '@orpc/contract'
import { expect, test } from 'vitest'
import type { Contract } from '../../../core/rpc/contract.ts'
import { stable } from './stable.ts'

test('a procedure is the same one at each access, and calls what its name says', async () => {
  const called: unknown[] = []
  const link: ClientLink<Record<never, never>> = {
    call: async (path, input) => {
      called.push([path, input])
      return { ok: true }
    },
  }
  const api = stable(createORPCClient<ContractRouterClient<Contract>>(link))
  expect(api.mail.changes).toBe(api.mail.changes)
  expect(api.mail).not.toBe(api.log)
  await api.compose.upload.drop({ handle: 'h' })
  expect(called).toEqual([[['compose', 'upload', 'drop'], { handle: 'h' }]])
})
