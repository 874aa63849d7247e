import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EmlTarget, ExportTree, MboxTarget, type ExportTarget } from '../../core/mailbox/export-files.ts'
import type { Message } from '../../core/store/message-list.ts'
import { chance, printedSeed } from '../support/chance.ts'
import { needs, pathOf } from '../support/peers.ts'
import { scratch, takeAll } from '../support/taken.ts'

const SCRIPT = fileURLToPath(new URL('../support/python-mailbox.py', import.meta.url))
interface Kept {
  readonly raw: string
  readonly flags: string
}

let files: ReturnType<typeof scratch>
beforeEach(() => {
  files = scratch()
})
afterEach(() => files.remove())

function python(order: object): { messages: { folder: string; raw: string; flags: string }[] } {
  const input = JSON.stringify(order)
  return JSON.parse(execFileSync(pathOf('python'), [SCRIPT], { input, maxBuffer: 2 ** 28 }).toString()) as never
}
const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64')
const text = (encoded: string) => Buffer.from(encoded, 'base64').toString('latin1').replaceAll('\r\n', '\n')

/** Mail that is hard on a mailbox: lines that begin with "From ", quoted and not, blank lines, 8-bit text, no newline at the end. */
function mail(random: () => number, n: number, isQuotedText: boolean): string {
  const pick = <T>(all: readonly T[]) => all[Math.floor(random() * all.length)]!
  const lines = Array.from({ length: Math.floor(random() * 12) }, () =>
    pick([
      'From here on',
      'From bob@far.example Sat Jan  3 01:05:34 2026',
      'from',
      '',
      ' From x',
      'x'.repeat(Math.floor(random() * 3000)),
      'Subject: not one',
      '\xe4\xf6\xfc \xff\x00',
      '.',
      'Content-Length: 4',
      ...(isQuotedText ? ['>From here', '>>From there', '> text', '>>>From', '>'] : []),
    ]),
  )
  const end = pick(['', '\n', '\n\n'])
  return `Subject: n${n}\nX-Folded: a\n b\nMessage-ID: <${n}@x.example>\n\n${lines.join('\n')}${end}`
}
const seedOf = () => printedSeed('TRANSFER_SEED')
const some = (seed: number, isQuotedText: boolean, letters: string) => {
  const random = chance(seed)
  const flags = () => [...letters].filter(() => random() < 0.4).join('')
  return Array.from({ length: 150 }, (_, n): Kept => ({ raw: mail(random, n, isQuotedText), flags: flags() }))
}
/** What a mailbox may do to a message: a newline at its end, and blank lines there come and go. */
const trimmed = (whole: string) => whole.replace(/\n*$/, '\n')

const withPython = needs('python')

describe("what Python's mailbox writes is read", () => {
  const read = async (kind: 'mbox' | 'maildir') => {
    // Python quotes "From " in mbox files and no other line, so text that is quoted already can't be told apart: not in here.
    const all = some(seedOf(), kind === 'maildir', kind === 'mbox' ? 'RAF' : 'RSFP')
    const path = join(files.path, kind === 'mbox' ? 'all.mbox' : 'Maildir')
    python({ do: 'write', kind, path, messages: all.map(({ raw, flags }) => ({ raw: base64(raw), flags })) })
    const { taken, problems } = await takeAll([path])
    expect(problems).toEqual([])
    const bySubject = new Map(taken.map((one) => [/^Subject: (n\d+)$/m.exec(one.text)?.[1], one]))
    expect(taken).toHaveLength(all.length)
    for (const [n, { raw, flags }] of all.entries()) {
      const one = bySubject.get(`n${n}`)
      expect(trimmed(one?.text ?? '')).toBe(trimmed(raw))
      const seen = kind === 'mbox' ? flags.includes('R') : flags.includes('S')
      const answered = kind === 'mbox' ? flags.includes('A') : flags.includes('R')
      const forwarded = kind === 'maildir' && flags.includes('P')
      expect(one?.flags).toMatchObject({ seen, answered, forwarded, starred: flags.includes('F') })
    }
  }
  withPython.test('from an mbox file', () => read('mbox'))
  withPython.test('from a maildir', () => read('maildir'))
})

describe('what is exported', () => {
  const messageOf = (n: number, flags: string): Message & { tags: string[] } => ({
    id: n + 1,
    folderId: 1,
    blobId: 1,
    view: { blobId: 1, prefix: '', removed: [], sizeBytes: 0 },
    messageId: `<${n}@x.example>`,
    subject: `n${n}: a/b?`,
    authorName: '',
    authorAddress: 'ada@author.example',
    addressees: '',
    preview: '',
    dateMs: Date.UTC(2026, 0, 3, 1, 5, n),
    receivedMs: Date.UTC(2026, 0, 3, 1, 5, n),
    attachments: 0,
    seen: flags.includes('S'),
    starred: flags.includes('F'),
    answered: flags.includes('R'),
    forwarded: flags.includes('P'),
    threadId: null,
    snoozedMs: null,
    wokenMs: null,
    listMs: 0,
    change: 1,
    tags: flags.includes('P') ? ['holidays in Rome', 'Bücher'] : [],
  })
  /** Its bytes as they are stored, in pieces that fall anywhere. */
  async function* stored(raw: string, random: () => number): AsyncGenerator<Uint8Array> {
    const bytes = Buffer.from(raw.replaceAll('\n', '\r\n'), 'latin1')
    for (let at = 0; at < bytes.length;) {
      const to = at + 1 + Math.floor(random() * 400)
      yield bytes.subarray(at, to)
      at = to
    }
  }
  async function put(target: ExportTarget, all: readonly Kept[], random: () => number): Promise<void> {
    for (const [n, { raw, flags }] of all.entries()) await target.add(messageOf(n, flags), stored(raw, random))
    await target.end()
  }

  withPython.test("to mbox is read by Python's mailbox, and by us as it was", async () => {
    const seed = seedOf()
    const all = some(seed, true, 'SRFP')
    const path = join(files.path, 'all.mbox')
    await put(new MboxTarget(path, false), all, chance(seed + 1))
    const found = python({ do: 'read', kind: 'mbox', path }).messages
    expect(found).toHaveLength(all.length)
    for (const [n, { raw, flags }] of all.entries()) {
      const bare = text(found[n]!.raw)
        .replaceAll(/^(?:Status|X-Status|X-Mozilla-Status|X-Keywords):.*\n(?:[ \t].*\n)*/gm, '')
        .replaceAll(/^>(>*From )/gm, '$1')
      expect(trimmed(bare)).toBe(trimmed(raw))
      const wanted = [flags.includes('R') && 'A', flags.includes('F') && 'F', 'O', flags.includes('S') && 'R']
      expect(found[n]!.flags).toBe(wanted.filter(Boolean).join(''))
    }
    const { taken, problems } = await takeAll([path], 'mboxrd')
    expect(problems).toEqual([])
    for (const [n, { raw, flags }] of all.entries()) {
      expect(trimmed(taken[n]!.text)).toBe(trimmed(raw))
      const { seen, starred, answered, forwarded, tags } = messageOf(n, flags)
      expect(taken[n]!.flags).toEqual({ seen, starred, answered, forwarded, deleted: false, tags })
    }
  })

  withPython.test("to a maildir with folders is read by Python's mailbox, and by us as it was", async () => {
    const seed = seedOf()
    const all = some(seed, true, 'SRFP')
    const path = join(files.path, 'Maildir')
    const tree = new ExportTree('maildir', path, false)
    await put(tree.folder(['Inbox'], true), all.slice(0, 100), chance(seed + 1))
    await put(tree.folder(['Post', 'M\u00fcnchen v1.5'], false), all.slice(100), chance(seed + 2))
    const found = python({ do: 'read', kind: 'maildir', path }).messages
    const wanted = all.map(({ raw, flags }) => `${[...flags].sort().join('')} ${raw}`)
    const ofPython = found.map((one) => `${one.flags.replaceAll(/[a-z]/g, '')} ${text(one.raw)}`)
    expect(ofPython.sort()).toEqual(wanted.sort())
    const { taken } = await takeAll([path])
    expect(taken.map((one) => one.text).sort()).toEqual(all.map(({ raw }) => raw).sort())
    expect(new Set(taken.map(({ folder }) => folder))).toEqual(new Set(['Inbox', 'Post/München v1_5']))
    expect(taken.filter(({ flags }) => flags.tags.includes('Bücher')).length).toBe(
      all.filter(({ flags }) => flags.includes('P')).length,
    )
  })

  test('to .eml is byte by byte what is stored, under names that Windows takes', async () => {
    const seed = seedOf()
    const all = some(seed, true, '').slice(0, 20)
    await put(new EmlTarget(join(files.path, 'out'), false), all, chance(seed + 1))
    const { taken } = await takeAll([join(files.path, 'out')])
    expect(taken.map((one) => one.text).sort()).toEqual(all.map(({ raw }) => raw).sort())
    const { readdirSync } = await import('node:fs')
    for (const name of readdirSync(join(files.path, 'out'))) expect(name).toMatch(/^[^<>:"/\\|?*\0-\x1f]{1,120}\.eml$/)
  })

  test('goes over nothing that is there, unless told, and leaves nothing half written', async () => {
    const { readdirSync, readFileSync } = await import('node:fs')
    const path = files.write('all.mbox', 'mine')
    const target = new MboxTarget(path, false)
    await target.add(messageOf(1, ''), stored('Subject: x\n\ny\n', Math.random))
    await expect(target.end()).rejects.toMatchObject({ code: 'export.exists' })
    await target.drop()
    expect(readdirSync(files.path)).toEqual(['all.mbox'])
    expect(readFileSync(path, 'latin1')).toBe('mine')
    await put(new MboxTarget(path, true), [{ raw: 'Subject: x\n\ny\n', flags: '' }], Math.random)
    expect(readFileSync(path, 'latin1')).toContain('Subject: x\n\ny\n')
  })
})
