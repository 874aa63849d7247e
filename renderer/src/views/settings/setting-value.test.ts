import { expect, test } from 'vitest'
import { SETTINGS, parseSetting, type SettingKey } from '../../../../core/settings.ts'
import { formatValue, parseValue } from './setting-value.ts'

test.each(Object.keys(SETTINGS) as SettingKey[])('the default of %s reads back as it is shown', (key) => {
  const value = SETTINGS[key].default
  expect(parseSetting(key, parseValue(formatValue(value), value))).toEqual(value)
})

test('lists, ports and off are typed as people write them', () => {
  expect(parseValue(' 127.0.0.1 , ::1,', [])).toEqual(['127.0.0.1', '::1'])
  expect(parseValue('60, 120', [900])).toEqual([60, 120])
  expect(parseValue('off', null)).toBeNull()
  expect(parseValue('2525', 2587)).toBe(2525)
  expect(parseValue('soon', 1800)).toBe('soon')
})
