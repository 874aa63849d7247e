import { expect, test } from 'vitest'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { isLoopback, networkOf } from './client-network.ts'
import { Rate } from './rate.ts'

test('lets so many through in a minute, each client for itself', () => {
  const clock = fakeClock()
  const rate = new Rate(clock, () => 2)
  expect([rate.take('a'), rate.take('a'), rate.take('a'), rate.take('b')]).toEqual([true, true, false, true])
  clock.advance(59_999)
  expect(rate.take('a')).toBe(false)
  clock.advance(1)
  expect([rate.take('a'), rate.take('a'), rate.take('a')]).toEqual([true, true, false])
})

test('a flood from many addresses is forgotten first come, first gone, and takes no more room', () => {
  const rate = new Rate(fakeClock(), () => 1)
  for (let i = 0; i < 30_000; i++) rate.take(`client ${i}`)
  expect(rate.take('client 29999')).toBe(false)
  expect(rate.take('client 0')).toBe(true)
})

test('a client is its IPv4 address or network, and the half of an IPv6 address that one network has', () => {
  expect(networkOf('192.0.2.77', 32)).toBe('192.0.2.77')
  expect(networkOf('192.0.2.77', 24)).toBe('192.0.2.0/24')
  expect(networkOf('::ffff:192.0.2.77', 24)).toBe('192.0.2.0/24')
  expect(networkOf('2001:db8:0:1:a:b:c:d', 32)).toBe('2001:db8:0:1::/64')
  expect(networkOf('2001:DB8:0:1::5', 24)).toBe('2001:db8:0:1::/64')
  expect(networkOf('fe80::1%eth0', 32)).toBe('fe80:0:0:0::/64')
})

test('loopback is what only this computer reaches', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'].map(isLoopback)).toEqual([true, true, true, true])
  expect(['0.0.0.0', '::', '192.0.2.1', 'localhost'].map(isLoopback)).toEqual([false, false, false, false])
})
