// Types, lint with the walls between the rooms, the lockfile, and the format; all of them run, whatever one finds.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { faultsOfLock } from './check-lock.mjs'
import { outputOf } from './child.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'))

const checks = await Promise.all([
  tool('types', 'typescript/bin/tsc', '-b'),
  tool('lint', 'oxlint/bin/oxlint', '--deny-warnings'),
  tool('format', 'prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'),
  { name: 'lock', faults: faultsOfLock(packages).join('\n') },
])
const red = checks.filter(({ faults }) => faults !== '')
for (const { name, faults } of red) console.error(`${faults}\nposthorn: ${name} failed\n`)
if (red.length === 0) console.error(`posthorn: ${checks.map(({ name }) => name).join(', ')} are in order`)
process.exitCode = red.length === 0 ? 0 : 1

/**
 * Runs a tool of node_modules.
 * @param {string} name
 * @param {string} path
 * @param {string[]} args
 */
async function tool(name, path, ...args) {
  const command = [process.execPath, fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url)), ...args]
  const { status, output } = await outputOf(command, { cwd: root })
  return { name, faults: status === 0 ? '' : output.trimEnd() || `exit status ${status}` }
}
