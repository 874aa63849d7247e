import { afterEach, expect, test } from 'vitest'
import { speak } from '../../../core/model/words.ts'
import { folderName, roleName } from './folder-name.ts'

afterEach(() => speak('en-GB', {}))

test('folders the engine makes are named in the language shown, those of a person as they were written', () => {
  const names = () => [
    folderName({ role: 'archive', name: 'Archive' }),
    folderName({ role: 'archive', name: 'Inbox' }),
    folderName({ role: 'other', name: 'Inbox' }),
    roleName('archive'),
  ]
  expect(names()).toEqual(['Archive', 'Inbox', 'Inbox', 'Archive'])
  speak('de', { 'Archive, the folder': 'Archiv', 'Inbox': 'Posteingang' })
  expect(names()).toEqual(['Archiv', 'Inbox', 'Inbox', 'Archiv'])
})
