// Loads the built main file of the desktop shell on a data folder that only a passphrase opens: its window is told that the
// mail is locked, unlocks it, and is loaded anew on the engine. Run by `load-shell.ts` with data folder, key file, settings
// and passphrase.
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { registerHooks } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { MessageChannel } from 'node:worker_threads'
import type { Contract } from '../core/rpc/contract.ts'
import * as electron from './load-shell-electron.ts'

const DEADLINE_MS = 30_000
const standIn = new URL('load-shell-electron.ts', import.meta.url).href
const [data = '', keyFile = '', settings = '', passphrase = ''] = process.argv.splice(2)
const { app, BrowserWindow, ipcMain, recorded } = electron

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: standIn, shortCircuit: true } : next(specifier, context),
})
process.argv.push('--data', data, '--key-file', keyFile, '--settings', settings)
await import(new URL('../dist/electron/main.js', import.meta.url).href)
electron.becomeReady()
const window = await until(() => BrowserWindow.all[0], 'no window was opened')

const before = connect()
assert.equal((await before.app.status()).locked, true)
await assert.rejects(before.route.list(), { code: 'engine.locked' })
await assert.rejects(before.app.unlock({ passphrase: 'not this one' }), { code: 'vault.passphrase-wrong' })
const reloaded = once(window.webContents, 'reloaded')
await before.app.unlock({ passphrase })
await reloaded

const after = connect()
assert.equal((await after.app.status()).locked, false)
assert.ok((await after.route.list()).some(({ host }) => host === 'mail.example.org'))
app.emit('will-quit', { preventDefault: () => {} })
await until(() => recorded.get('app.quit'), 'the engine did not close')
process.exit(0)

/** A window's line to the shell. */
function connect(): ContractRouterClient<Contract> {
  const { port1, port2 } = new MessageChannel()
  const port = Object.assign(port1, { start: () => {} }) // a MessagePort of Node starts by itself
  const { webContents } = window
  ipcMain.emit('posthorn:connect', { ports: [port], sender: webContents, senderFrame: webContents.mainFrame })
  return createORPCClient(new RPCLink({ port: port2 }))
}

async function until<T>(look: () => T | undefined, orElse: string): Promise<T> {
  for (const deadlineMs = performance.now() + DEADLINE_MS; ; await sleep(20)) {
    const found = look()
    if (found !== undefined) return found
    assert.ok(performance.now() < deadlineMs, orElse)
  }
}
