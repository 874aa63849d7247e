import { expect, test } from 'vitest'
import { pictureOf } from './clean-paste.ts'

test('a picture in its own address becomes a file', () => {
  expect(pictureOf('data:image/png;base64,AQID')).toEqual({ type: 'image/png', bytes: Uint8Array.of(1, 2, 3) })
  expect(pictureOf('data:image/png;base64,AQ ID\n')).toEqual({ type: 'image/png', bytes: Uint8Array.of(1, 2, 3) })
})
test.each([
  '',
  'cid:x',
  'data:text/html;base64,AQID',
  'data:image/png,x',
  'data:image/png;base64,A=Q',
  'data:image/png;base64,_',
])('what is no whole picture is none, and nothing fails: %s', (src) => expect(pictureOf(src)).toBeUndefined())
