import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { faultsOfLock } from '../../scripts/check-lock.mjs'
import { paths, root, textOf } from './files.ts'

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}
const { dependencies, devDependencies }: Manifest = JSON.parse(textOf('package.json'))

/** Rows of a Markdown table, each as its cells. */
const rowsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )

test('every dependency is pinned to one version', () => {
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^(npm:[^@]+@)?\d+\.\d+\.\d+(-[\w.]+)?$|^file:/.test(version),
  )
  expect(loose).toEqual([])
})
test('ARCHITECTURE.md says of every dependency why it is there', () => {
  const why = textOf('ARCHITECTURE.md')
  const unnamed = Object.keys({ ...dependencies, ...devDependencies })
    .filter((name) => !name.startsWith('@types/'))
    .filter((name) => !new RegExp(`(?<![\\w/@-])${name}(?![\\w/-])`).test(why))
  expect(unnamed).toEqual([])
})
test('package-lock.json holds what every system needs', () => {
  expect(faultsOfLock(JSON.parse(textOf('package-lock.json')).packages)).toEqual([])
})
test('a lockfile without the packages of other systems is found out', () => {
  const packages = {
    '': {},
    'node_modules/a': { integrity: 'x', optionalDependencies: { 'a-linux': '1', 'a-mac': '1', 'b': '1' } },
    'node_modules/a/node_modules/a-linux': { integrity: 'x' },
    'node_modules/b': {},
  }
  expect(faultsOfLock(packages)).toEqual([
    'package-lock.json: node_modules/a names a-mac, which has no entry',
    'package-lock.json: node_modules/b has no integrity',
  ])
})
test('RFCS.md lists every RFC that the code cites', () => {
  const listed = new Set(rowsOf(textOf('RFCS.md')).map(([rfc = '']) => /\d+/.exec(rfc)?.[0]))
  const files = paths('{core,electron,renderer,test}/**/*.{ts,tsx}', 'test/dialogues/**/*.txt')
  const cited = files.flatMap((path) => [...textOf(path).matchAll(/\bRFC (\d{3,5})\b/g)].map(([, rfc]) => rfc))
  expect(cited.length).toBeGreaterThan(50)
  expect([...new Set(cited)].filter((rfc) => !listed.has(rfc))).toEqual([])
})
test('every RFC that RFCS.md calls done names a test that exists', () => {
  const done = rowsOf(textOf('RFCS.md')).filter((cells) => cells.includes('Yes'))
  expect(done.length).toBeGreaterThan(5)
  const unproven = done.filter((cells) => {
    const tests = cells.join(' ').match(/[\w./-]+\.test\.tsx?/g) ?? []
    return tests.length === 0 || tests.some((path) => !existsSync(root + path))
  })
  expect(unproven.map(([rfc]) => rfc)).toEqual([])
})
