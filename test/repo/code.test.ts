import { expect, test } from 'vitest'
import { linesWith, paths, productFiles } from './files.ts'

const text = () => paths('**/*.{ts,tsx,mjs,html,css,json,md,yml}', '.ci/*', '.*')

test('there is code to look at', () => {
  expect(productFiles().length).toBeGreaterThan(20)
  expect(text()).toContain('.ci/run')
})
test('nothing that ships asks whether it is under test', () => {
  const asks =
    /NODE_ENV|VITEST|\bJEST\b|import\.meta\.vitest|process\.env\S*TEST|\b(is|IS_|in)(Under)?_?(Test|TEST)(s|ing|Mode)?\b/
  expect(linesWith(asks, productFiles())).toEqual([])
})
test('no frame is ever allowed scripts', () => {
  expect(linesWith(/allow-scripts/, productFiles())).toEqual([])
})
test('no import written as a call reaches over a wall', () => {
  // The linter reads `import … from`; a call may only name a file of its own folder or a package.
  const calls = /(?<!\.)\bimport\(\s*(?!['"](?:\.\/[^/'"]+|[\w@][^'"]*)['"])/
  expect(linesWith(calls, productFiles())).toEqual([])
})
test('no file names a folder of the machine it was written on', () => {
  expect(linesWith(/(?<![\w.])\/[w]ork\/|\.[l]ibrary\//, text())).toEqual([])
})
test('the look names no left and right: from right to left it turns around', () => {
  const sides =
    /(?:margin|padding|border)-(?:left|right)|text-align: (?:left|right)|^\s*(?:left|right):|inset -?\dpx 0 0 /
  expect(linesWith(sides, paths('renderer/src/look/*.css'))).toEqual([])
})
test('no work is left in comments', () => {
  expect(linesWith(/\b(TO[D]O|FIX[M]E|X[X]X)\b|@ts-[i]gnore|@ts-no[c]heck/, text())).toEqual([])
})
