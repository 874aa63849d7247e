import { expect, test } from 'vitest'
import { isOurs } from './origin.ts'

test.each(['app://posthorn/', 'app://posthorn/frame.html', 'app://posthorn/#/queue'])('%s is ours', (address) => {
  expect(isOurs(address)).toBe(true)
})
test.each([
  undefined,
  '',
  'app:posthorn/',
  'app://posthorn.example/',
  'app://user@posthorn/',
  'app://posthorn:80/',
  'https://posthorn/',
  'file:///app/posthorn/',
  'data:text/html,app://posthorn/',
])('%s is not ours', (address) => {
  expect(isOurs(address)).toBe(false)
})
