// The command line of the headless archive. In a file of its own, that an older Node can read, so that it says what is missing.
import { homedir } from 'node:os'
import { join } from 'node:path'
import { env, exit, platform, versions } from 'node:process'
import module from 'node:module'

const [major = 0, minor = 0] = versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`posthorn: this is Node ${versions.node}; Posthorn needs 22.19 or newer (POSTHORN_NODE names one)`)
  exit(69) // EX_UNAVAILABLE
}

// Compiled code is kept where nobody else can leave some for us: in the person's own cache.
const own = platform === 'win32' ? env['LOCALAPPDATA'] : env['XDG_CACHE_HOME']
const cache = join(own || join(homedir(), '.cache'), 'posthorn', 'compiled')
env['NODE_COMPILE_CACHE'] ??= cache // for the threads
module.enableCompileCache(cache)

const { main } = await import('./cli.js')
process.exitCode = await main(process.argv.slice(2)).finally(() => process.stdin.destroy())
