import { expect, test } from 'vitest'
import { parseLaunchArguments } from './launch-arguments.ts'

test('both spellings of an argument are read', () => {
  const argv = ['/usr/bin/electron', '/clone', '--data', '/mail', '--key-file=/keys/a=b.key']
  expect(parseLaunchArguments(argv)).toEqual({ data: '/mail', keyFile: '/keys/a=b.key' })
})
test("Chromium's own arguments and half ones are left alone", () => {
  expect(parseLaunchArguments(['posthorn', '--no-first-run', '--data=', '--settings'])).toEqual({})
})
