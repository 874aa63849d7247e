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
