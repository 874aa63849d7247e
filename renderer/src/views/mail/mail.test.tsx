import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import type { FolderView } from '../../../../core/rpc/views.ts'
import { INBOX } from '../../state/route.ts'
import { Folders, groupFolders } from './folders.tsx'
import { PlainBody } from './plain-body.tsx'

const folder = (id: number, role: FolderView['role'], patch: Partial<FolderView> = {}): FolderView => ({
  id,
  role,
  name: role,
  total: 1,
  unread: 0,
  owner: null,
  ...patch,
})
const account = { kind: 'account', id: 9, name: 'nora@harbour.example' } as const

test('folders stand with their owner, inbox first, trash last, drafts above all', () => {
  const groups = groupFolders([
    folder(1, 'trash'),
    folder(2, 'drafts'),
    folder(3, 'inbox'),
    folder(4, 'inbox', { owner: account }),
  ])
  expect(groups.map((group) => [group.name, group.folders.map((one) => one.id)])).toEqual([
    ['On this computer', [3, 1]],
    ['nora@harbour.example', [4]],
  ])
})

test('counts say what they count', () => {
  const html = renderToString(
    <Folders
      unified
      folders={[folder(3, 'inbox', { unread: 4 })]}
      route={INBOX}
      waiting={2}
      drafts={1}
      snoozed={3}
      tags={[]}
      onMove={() => {}}
      onTag={() => {}}
      searches={[]}
      onForget={() => {}}
      onCompose={() => {}}
    />,
  )
  for (const words of ['unread', 'waiting', 'snoozed', 'kept']) expect(html).toContain(`class="sr"> <!-- -->${words}<`)
  expect(html).toContain('aria-current="page"')
})

test('a plain text is text: its links are live, its markup is not', () => {
  const html = renderToString(<PlainBody text={'<b>x</b> https://example.org/\u202Eevil'} onLink={() => {}} />)
  expect(html).toContain('&lt;b&gt;')
  expect(html).toContain('href="https://example.org/"')
  expect(html).not.toContain('\u202E')
})

test('a long quotation is folded, a short one is not', () => {
  const quote = (lines: number) => Array.from({ length: lines }, (_, at) => `> line ${at}`).join('\n')
  expect(renderToString(<PlainBody text={quote(9)} onLink={() => {}} />)).toContain('9 quoted lines')
  expect(renderToString(<PlainBody text={quote(3)} onLink={() => {}} />)).toContain('<blockquote')
})
