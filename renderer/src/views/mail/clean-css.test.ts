import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { cleanCss } from './clean-html.ts'

test.each([
  ['a{background:url(https://x.example/a.png)}', 'a{background:none}'],
  ['a{background:URL ( "//x.example/a" ) red}', 'a{background:none red}'],
  ['@import url(https://x.example/a.css); b{color:red}', ' b{color:red}'],
  ['@import "https://x.example/a.css";b{}', 'b{}'],
  ['@font-face{font-family:x;src:url(x)}b{}', 'b{}'],
  ['a{content:image-set("a.png" 1x)}', 'a{content:none}'],
  ['a{background:ur/**/l(https://x.example/)}', 'a{background:none}'],
  ['a{color:red}', 'a{color:red}'],
])('nothing is loaded by %j', (css, expected) => {
  expect(cleanCss(css)).toBe(expected)
})

const piece = fc.constantFrom(
  '@import',
  '@Font-Face',
  '@media',
  ';',
  '{',
  '}',
  '/*',
  '*/',
  '/',
  '*',
  'a',
  ' ',
  'url(',
  ')',
  '"',
)
test('what goes is what two regular expressions would take', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const css = pieces.join('')
      const simple = css
        .replace(/\/\*[\s\S]*?\*\//g, '')
        .replace(/@(?:import|font-face|namespace)[^;{]*(?:;|\{[^}]*\})/gi, '')
        .replace(/url\s*\([^)]*\)?/gi, 'none')
      expect(cleanCss(css)).toBe(simple)
    }),
    { numRuns: 3000 },
  )
})
test.each(['/* ', '@import', '@import{', '@import a{', 'url(', '@'])(
  'very many of %j are read once',
  (css) => {
    expect(cleanCss(css.repeat(1_000_000)).length).toBeGreaterThan(0)
  },
  8000,
)
