// Serves the page that shows every part of the window in every state, to this computer's browser: npm run parts
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'

const configFile = join(fileURLToPath(new URL('..', import.meta.url)), 'renderer/vite.config.ts')
const server = await createServer({ configFile, server: { host: '127.0.0.1' } })
await server.listen()
const address = server.httpServer?.address()
if (typeof address !== 'object' || address === null) throw new Error('the page of parts could not be served')
console.log(`posthorn: the parts of the window: http://127.0.0.1:${address.port}/parts.html`)
