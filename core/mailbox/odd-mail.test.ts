import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call } from '../../test/support/contract.ts'
import { mailRest } from '../../test/support/mail-rest.ts'
import { openTestStore, type TestStore } from '../../test/support/store.ts'
import { ByteHandles } from '../base/byte-handles.ts'
import { Changes } from '../base/changes.ts'
import { systemClock } from '../base/clock.ts'
import { safeName } from '../message/file-name.ts'
import { oneLine } from '../message/one-line.ts'
import { openParsePool, type ParsePool } from '../message/parse-pool.ts'
import { PERSON } from '../store/folder.ts'
import { listParts } from '../store/message-part.ts'
import { find } from './find-handlers.ts'
import { mailHandlers } from './handlers.ts'

const folder = new URL('../../test/messages/', import.meta.url)
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.eml'))
  .map((name) => name.slice(0, -4))
const load = (name: string) => readFileSync(new URL(`${name}.eml`, folder))
const expectedOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as {
    readonly subject?: string | null
    readonly from?: readonly string[]
    readonly to?: readonly string[]
    readonly text?: string | null
    readonly html?: string | null
    readonly attachments?: readonly { filename: string | null; contentType: string; size: number; sha256: string }[]
  }

let store: TestStore
let parse: ParsePool
let handles: ByteHandles
let mail: ReturnType<typeof mailHandlers>
/** Ids by name. */
const kept = new Map<string, number>()

beforeAll(async () => {
  store = await openTestStore()
  // All of it in threads, as large mail is.
  parse = openParsePool({ clock: systemClock, inlineBytes: 0 })
  handles = new ByteHandles(systemClock)
  mail = mailHandlers({
    ...mailRest,
    store,
    parse,
    handles,
    mailChanges: new Changes<number>(0),
    find: (input, signal) => find({ store, describe: (raw) => parse.fields(raw), nowMs: Date.now }, input, signal),
    fetchWhole: async () => {},
    fetchImage: async () => ({ ok: false, reason: 'there is no web here' }),
  })
  const keep = async (name: string) => {
    const raw = load(name)
    const fields = await parse.fields(raw)
    const message = { body: { raw }, prefix: '', removed: [], fields, receivedMs: Date.UTC(2026, 5, 1), seen: false }
    kept.set(name, (await store.write('message.deliver', { owner: PERSON, role: 'inbox', message })).messageId)
  }
  await Promise.all(names.map(keep))
})
afterAll(async () => {
  await parse.close()
  await store.closeAndRemove()
})

const idOf = (name: string) => kept.get(name) ?? 0
async function bytesOf(handle: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of handles.open(handle)!.bytes()) chunks.push(chunk)
  return Buffer.concat(chunks)
}
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const addresses = (list: readonly { address: string }[]) => list.map((one) => one.address).filter((one) => one !== '')

test('every odd message is stored byte for byte', async () => {
  for (const name of names)
    expect(sha256(await bytesOf((await call(mail.source, { id: idOf(name) })).handle)), name).toBe(sha256(load(name)))
})

test('every odd message is shown as it was meant', async () => {
  for (const name of names) {
    const wanted = expectedOf(name)
    const view = await call(mail.get, { id: idOf(name) })
    const shown = { subject: view.subject, text: view.text, from: addresses(view.from), to: addresses(view.to) }
    const { subject, text, from, to } = wanted
    expect({ name, ...shown }).toMatchObject({
      name,
      ...(subject === undefined ? {} : { subject: oneLine(subject ?? '', 2000) }),
      ...(text === undefined ? {} : { text }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    })
    // Pictures the message brings along stand in the HTML for their links.
    const isWithPictures = view.html?.includes('data:image/') === true
    if (wanted.html !== undefined && !isWithPictures) expect(view.html, name).toBe(wanted.html)
    if (wanted.attachments !== undefined)
      expect(
        view.parts.map((part) => [part.filename, part.contentType, part.sizeBytes]),
        name,
      ).toEqual(
        wanted.attachments.map((one, n) => [safeName(one.filename, one.contentType, n), one.contentType, one.size]),
      )
  }
})

test('pictures known by Content-ID, by an escaped one or by their address are shown in place of their links', async () => {
  for (const name of ['alternative-related', 'related-start', 'cid-percent', 'related-location'])
    expect((await call(mail.get, { id: idOf(name) })).html, name).toMatch(
      /^<img src="data:image\/png;base64,iVBOR[^"]+">$/,
    )
})

test('attachments are listed and found without opening a message', async () => {
  const withFiles = new Set<number>()
  for (const name of names) {
    const view = await call(mail.get, { id: idOf(name) })
    const stored = listParts(store.read, idOf(name))
    expect(
      stored.map(({ place, filename, contentType }) => [place, filename, contentType]),
      name,
    ).toEqual(view.parts.map(({ index, filename, contentType }) => [index, filename, contentType]))
    if (stored.length > 0) withFiles.add(idOf(name))
  }
  const found = new Set<number>()
  for await (const { hits } of await call(mail.search, { text: 'has:attachment', limit: 1000 }))
    for (const { id } of hits) found.add(id)
  expect(found).toEqual(withFiles)
})

test('every attachment is given out byte for byte', async () => {
  for (const name of names)
    for (const [index, wanted] of (expectedOf(name).attachments ?? []).entries()) {
      const { handle } = await call(mail.attachment, { id: idOf(name), index })
      expect(sha256(await bytesOf(handle)), `${name} ${index}`).toBe(wanted.sha256)
    }
})
