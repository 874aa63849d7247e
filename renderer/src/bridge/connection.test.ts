import { expect, test } from 'vitest'
import { backOffMs, ticketOf } from './connection.ts'

test('dialling again waits longer each time, never more than eight seconds', () => {
  expect([0, 1, 2, 3, 4, 5, 50].map(backOffMs)).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000])
})

test('a ticket is read from a fresh address and from nothing else', () => {
  expect(ticketOf('#ticket=8xJYquapXLFDvC0lhnOz4-uA_IID')).toBe('8xJYquapXLFDvC0lhnOz4-uA_IID')
  for (const hash of ['', '#/mail/all', '#ticket=', '#ticket=a b c d e f g h', '#ticket=abcdefgh&x=1'])
    expect(ticketOf(hash)).toBeUndefined()
})
