import type { MenuItemConstructorOptions } from 'electron'
import { expect, test } from 'vitest'
import { keysOf } from '../core/model/command-table.ts'
import { contextTemplate, type Clicked } from './context-menu.ts'

const editFlags = {
  canUndo: true,
  canRedo: false,
  canCut: false,
  canCopy: true,
  canPaste: true,
  canDelete: true,
  canSelectAll: true,
  canEditRichly: false,
}
const nothing: Clicked = {
  isEditable: false,
  selectionText: '',
  linkURL: '',
  misspelledWord: '',
  dictionarySuggestions: [],
  mediaType: 'none',
  editFlags,
}
const menu = (clicked: Partial<Clicked>, offers: readonly string[] = [], did: string[] = []) =>
  contextTemplate(
    { ...nothing, ...clicked },
    { keys: keysOf('posthorn', []), offers: new Set(offers), platform: 'linux' },
    {
      run: (id) => void did.push(id),
      copyText: (text) => void did.push(`copy ${text}`),
      copyImage: () => void did.push('copy picture'),
      replaceWord: (word) => void did.push(`replace ${word}`),
      learnWord: (word) => void did.push(`learn ${word}`),
    },
  )
const names = (items: readonly MenuItemConstructorOptions[]) =>
  items.map(({ label, role, type }) => label ?? role ?? type)
const press = (items: readonly MenuItemConstructorOptions[], label: string) => {
  const click = items.find((item) => item.label === label)?.click as (() => void) | undefined
  click?.()
}

test('where somebody writes there are suggestions and the clipboard', () => {
  const did: string[] = []
  const items = menu({ isEditable: true, misspelledWord: 'Hallo', dictionarySuggestions: ['Hello', 'Halo'] }, [], did)
  expect(names(items).slice(0, 4)).toEqual(['Hello', 'Halo', 'Add to the dictionary', 'separator'])
  expect(items.find(({ role }) => role === 'cut')?.enabled).toBe(false)
  press(items, 'Halo')
  press(items, 'Add to the dictionary')
  expect(did).toEqual(['replace Halo', 'learn Hallo'])
  expect(names(menu({ isEditable: true, misspelledWord: 'xq' }))[0]).toBe('No suggestion')
})
test('on a message there is what can be done with it, and nothing that cannot', () => {
  const did: string[] = []
  const items = menu({ selectionText: 'some words' }, ['reply', 'archive', 'compose'], did)
  expect(names(items)).toEqual(['copy', 'separator', 'Reply', 'Archive'])
  press(items, 'Archive')
  expect(did).toEqual(['archive'])
})
test('of a link only an address that may leave is copied', () => {
  const did: string[] = []
  const items = menu({ linkURL: 'https://one.example/a' }, [], did)
  press(items, 'Copy the address')
  expect(did).toEqual(['copy https://one.example/a'])
  expect(menu({ linkURL: 'javascript:alert(1)' })).toEqual([])
  expect(menu({ linkURL: 'app://posthorn/#/mail' })).toEqual([])
})
test('where there is nothing to say no menu opens', () => {
  expect(menu({})).toEqual([])
})
