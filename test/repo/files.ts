import { globSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A text file of this repository, read once. Throws where it is missing: the tests of this folder promise it is there. */
export const textOf = (path: string): string => readFileSync(root + path, 'utf8')

const notOurs = (name: string) => /(^|[\\/])(node_modules|dist|release|\.git)$/.test(name)

/** Files below the root that match, with `/` between their folders. */
export const paths = (...patterns: readonly string[]): string[] =>
  globSync([...patterns], { cwd: root, exclude: notOurs })
    .filter((path) => statSync(root + path).isFile())
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted()

const isTest = (path: string) => /\.test\.tsx?$/.test(path)

/** What ships: everything in core/, electron/ and renderer/ but the tests beside the files. */
export const productFiles = (): string[] =>
  paths('{core,electron}/**/*.ts', 'renderer/**/*.{ts,tsx,html,css}').filter((path) => !isTest(path))

/** `path:line: text` of every line that matches. */
export function linesWith(pattern: RegExp, files: readonly string[]): string[] {
  return files.flatMap((path) =>
    textOf(path)
      .split('\n')
      .map((line, n) => ({ at: `${path}:${n + 1}: ${line.trim()}`, line }))
      .filter(({ line }) => pattern.test(line))
      .map(({ at }) => at),
  )
}
