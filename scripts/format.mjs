// Puts every file in the house's format.
import { fileURLToPath } from 'node:url'
import { runInOurPlace } from './child.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const prettier = fileURLToPath(new URL('../node_modules/prettier/bin/prettier.cjs', import.meta.url))
runInOurPlace(process.execPath, [prettier, '--write', '--log-level=warn', ...process.argv.slice(2), '.'], { cwd: root })
