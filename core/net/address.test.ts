import { networkInterfaces } from 'node:os'
import { expect, test } from 'vitest'
import { addressOfLiteral, formatEndpoint, formatLiteral, isOwnPublic, isPrivate } from './address.ts'

const none = new Set<string>()

test.each([
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.0.9',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '198.19.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1',
  'fe80::1%eth0',
  'febf::1',
  'fc00::1',
  'fdff::1',
  'ff02::1',
  'fec0::1',
  '2001:0:1::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:10.0.0.1',
  '::127.0.0.1',
  '::ffff:0:10.0.0.1',
  '64:ff9b::10.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::1',
  '2002:7f00:1::',
  '2002:c0a8:101::1',
  '2002:a00:1:ffff::9',
  'localhost',
  '',
  '127.1',
  '0x7f.1',
])('%s is private', (address) => expect(isPrivate(address, none)).toBe(true))

test.each([
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.0.1',
  '223.255.255.255',
  '2606:4700::1111',
  '2a00:1450::1',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
  '2002:808:808::1',
])('%s is not private', (address) => expect(isPrivate(address, none)).toBe(false))

test('every address of this machine is private to it', () => {
  for (const one of Object.values(networkInterfaces()).flatMap((list) => list ?? []))
    expect(isPrivate(one.address)).toBe(true)
  expect(isPrivate('8.8.8.8', new Set(['8.8.8.8']))).toBe(true)
  expect(isPrivate('::ffff:8.8.8.8', new Set(['8.8.8.8']))).toBe(true)
})

test('an address of this machine is known however it is written', () => {
  const own = new Set(['2606:4700::1'])
  for (const one of ['2606:4700:0:0::1', '2606:4700:0:0:0:0:0:1', '2606:4700::0001', '2606:4700::0.0.0.1']) {
    expect(isPrivate(one, own)).toBe(true)
    expect(isOwnPublic(one, own)).toBe(true)
  }
  expect(isPrivate('2606:4700::2', own)).toBe(false)
})

test('literals and endpoints are written as SMTP and people write them', () => {
  expect(formatLiteral('192.0.2.1')).toBe('[192.0.2.1]')
  expect(formatLiteral('2001:db8::1')).toBe('[IPv6:2001:db8::1]')
  expect(formatLiteral('::ffff:192.0.2.1')).toBe('[192.0.2.1]')
  expect(formatLiteral('fe80::1%eth0')).toBe('[IPv6:fe80::1]')
  expect(formatEndpoint('::1', 25)).toBe('[::1]:25')
  expect(formatEndpoint('127.0.0.1', 25)).toBe('127.0.0.1:25')
})

test.each([
  ['[192.0.2.1]', '192.0.2.1'],
  ['[IPv6:2001:db8::1]', '2001:db8::1'],
  ['[ipv6:::1]', '::1'],
  ['[2001:db8::1]', undefined],
  ['[IPv6:192.0.2.1]', undefined],
  ['[300.0.2.1]', undefined],
  ['[IPv6:fe80::1%eth0]', undefined],
  ['example.test', undefined],
])('the address inside %s', (text, address) => expect(addressOfLiteral(text)).toBe(address))
