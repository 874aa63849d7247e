import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ContactView, TagView } from '../../core/rpc/reading-contract.ts'
import type { MessageRow } from '../../core/rpc/views.ts'
import { Home, type Served } from '../support/posthorn.ts'

/* Conversations, tags and contacts from the command line, of an engine that runs. */
let home: Home
let served: Served
beforeAll(async () => {
  home = new Home({ submission: { port: 0 } })
  served = await home.serve()
}, 60_000)
afterAll(async () => {
  await served.stop()
  home.remove()
})

test('a conversation is listed, a message tagged, a contact kept', async () => {
  const mails = ['Message-ID: <a@x>\n\nx\n', 'Message-ID: <b@x>\nIn-Reply-To: <a@x>\nSubject: \u001b[31mred\n\nx\n']
  const files = mails.map((text, n) => {
    const path = join(home.root, `${n}.eml`)
    writeFileSync(path, text)
    return path
  })
  expect(await home.run(['import', ...files])).toMatchObject({ status: 0 })
  const [last] = await home.json<MessageRow[]>(['list'])
  const id = String(last?.id)
  expect(await home.json<MessageRow[]>(['thread', id])).toHaveLength(2)
  expect((await home.run(['thread', id])).stdout).not.toContain('\u001b')

  const tag = await home.json<TagView>(['tag', 'add', 'Work', '--number', '3', '--colour', '#00aa00'])
  expect(tag).toMatchObject({ name: 'Work', number: 3, colour: '#00aa00' })
  expect(await home.run(['tag', 'put', 'work', id])).toMatchObject({ status: 0, stderr: '' })
  expect((await home.json<MessageRow[]>(['list'])).map(({ tags }) => tags)).toContainEqual([tag.id])
  expect(await home.run(['tag', 'take', '3', id])).toMatchObject({ status: 0 })
  expect(await home.json<TagView>(['tag', 'set', 'work', '--name', 'Job', '--number', 'none'])).toMatchObject({
    name: 'Job',
    number: null,
    colour: '#00aa00',
  })
  expect(await home.run(['tag', 'put', 'work', id])).toMatchObject({ status: 64 })
  expect(await home.run(['tag', 'remove', 'job'])).toMatchObject({ status: 0 })
  expect(await home.json<TagView[]>(['tag', 'list'])).toEqual([])

  const added = await home.json<ContactView>(['contact', 'add', 'bob@far.test', '--name', 'Bob'])
  expect(await home.json<ContactView[]>(['contact', 'find', 'bo'])).toEqual([added])
  expect(await home.run(['contact', 'add', 'no address'])).toMatchObject({ status: 64 })
  const cards = join(home.root, 'people.vcf')
  writeFileSync(cards, 'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ida\r\nEMAIL:ida@far.test\r\nCATEGORIES:Crew\r\nEND:VCARD\r\n')
  expect(await home.json(['contact', 'import', cards])).toEqual({ added: 1, changed: 0, same: 0, problems: [] })
  expect((await home.run(['contact', 'export', '--group', 'crew'])).stdout).toMatch(
    /^BEGIN:VCARD\r\n[^]*\r\nFN:Ida\r\n[^]*\r\nEMAIL;TYPE=INTERNET:ida@far\.test\r\n[^]*CATEGORIES:Crew\r\nEND:VCARD\r\n$/,
  )
  expect(await home.run(['contact', 'group', 'put', 'Crew', String(added.id)])).toMatchObject({ status: 0 })
  const crew = await home.json<ContactView[]>(['contact', 'list', '--group', 'Crew'])
  expect(crew.map(({ name }) => name)).toEqual(['Bob', 'Ida'])
  expect(await home.run(['contact', 'remove', String(crew[1]?.id)])).toMatchObject({ status: 0 })
  expect(await home.run(['contact', 'import', join(home.root, 'none.vcf')])).toMatchObject({ status: 66 })
  expect(await home.run(['contact', 'remove', String(added.id)])).toMatchObject({ status: 0 })
  expect(await home.json<ContactView[]>(['contact', 'list'])).toEqual([])
}, 60_000)
