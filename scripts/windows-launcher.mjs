import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Compiles the console program `posthorn.exe` from resources/windows/launcher.cs. Throws where there is no C# compiler: every
 * Windows has one, elsewhere Mono's serves.
 * @param {string} to
 */
export function compileLauncher(to) {
  const windows = process.env['WINDIR'] ?? 'C:\\Windows'
  const compilers = ['Framework64', 'Framework'].map((name) =>
    join(windows, 'Microsoft.NET', name, 'v4.0.30319', 'csc.exe'),
  )
  const compiler = compilers.find((path) => existsSync(path)) ?? 'mcs'
  mkdirSync(dirname(to), { recursive: true })
  const source = join(root, 'resources/windows/launcher.cs')
  const { status, error, stdout, stderr } = spawnSync(compiler, ['-nologo', '-optimize+', `-out:${to}`, source], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`compile posthorn.exe: ${error?.message ?? `${stdout}${stderr}`.trim()}`)
}
