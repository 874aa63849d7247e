// The tests that take too long for `npm test`.
import { fileURLToPath } from 'node:url'
import { runInOurPlace } from './child.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
runInOurPlace(process.execPath, [vitest, 'run', '--project', 'soak', ...process.argv.slice(2)], { cwd: root })
