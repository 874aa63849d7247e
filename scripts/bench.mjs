// What the machine it runs on can do: messages accepted and delivered a second, beside Postfix where it is installed.
import { fileURLToPath } from 'node:url'
import { runInOurPlace } from './child.mjs'

const bench = fileURLToPath(new URL('../test/bench/main.ts', import.meta.url))
runInOurPlace(process.execPath, [...process.execArgv, bench, ...process.argv.slice(2)])
