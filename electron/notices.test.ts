import { expect, test } from 'vitest'
import { arrivedAfter, noticesOf, plain } from './notices.ts'

const row = (id: number, some: object = {}) => ({
  id,
  authorName: `Bo ${id}`,
  authorAddress: `bo${id}@two.example`,
  subject: `Subject ${id}`,
  preview: 'and so on',
  ...some,
})

test('few messages are told of one by one, each with its author and subject', () => {
  expect(noticesOf([row(2), row(1, { subject: '', authorName: '' })], true)).toEqual([
    { title: 'Bo 2', body: 'Subject 2', messageId: 2 },
    { title: 'bo1@two.example', body: 'and so on', messageId: 1 },
  ])
})
test('many are told of together', () => {
  const many = [5, 4, 3, 2, 1].map((id) => row(id, { authorName: id > 2 ? 'Ada' : `Bo ${id}` }))
  expect(noticesOf(many, true)).toEqual([{ title: '5 new messages', body: 'Ada, Bo 2, Bo 1', messageId: null }])
})
test('without words nobody reads author or subject from a locked screen', () => {
  expect(noticesOf([row(1)], false)).toEqual([{ title: '1 new message', body: '', messageId: 1 }])
  expect(noticesOf([row(1), row(2)], false)).toEqual([{ title: '2 new messages', body: '', messageId: null }])
  expect(noticesOf([], true)).toEqual([])
})
test('text of strangers neither breaks the line, nor turns it round, nor goes on for ever', () => {
  expect(plain('Bank\u202Egnp.exe\r\nOpen\u0000now', 50)).toBe('Bankgnp.exe Open now')
  expect(plain('😀'.repeat(100), 5)).toBe('😀😀😀😀…')
})
test('what came since is what has a higher id, newest first', () => {
  expect(arrivedAfter([row(3), row(9), row(4)], 3).map(({ id }) => id)).toEqual([9, 4])
})
