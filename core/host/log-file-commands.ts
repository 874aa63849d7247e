import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Fault, reasonOf } from '../base/fault.ts'
import { SHARE_FORMATS } from '../model/log-file.ts'
import { openLogFile } from '../rpc/log-file.ts'
import type { EventView } from '../rpc/views.ts'
import { parseArguments } from './arguments.ts'
import { EXIT, idOf, usage, type Context } from './command.ts'
import type { CommandIo } from './local-socket.ts'
import { lineOf, painter, sessionTable } from './log-lines.ts'

const EXPORT = 'log export ID … [--format dialogue|json|pcapng|eml] [--pseudonyms] [--output FILE [--overwrite]]'

/** `log export`: sessions as one file; to standard output where no other place is named. */
export async function exportSessions({ api, args, engine, io }: Context): Promise<number> {
  const ids = args.words.slice(1).map((word) => idOf(word, 'log export'))
  const format = SHARE_FORMATS.find((one) => one === (args.value('--format') ?? 'dialogue'))
  if (ids.length === 0 || format === undefined) throw usage(EXPORT)
  const shared = await api.log.share({ ids, format, pseudonyms: args.has('--pseudonyms') })
  const source = engine.bytes.open(shared.handle)
  if (source === undefined) throw usage(EXPORT) // nobody else could have taken it
  const chunks: Uint8Array[] = []
  for await (const chunk of source.bytes()) chunks.push(chunk)
  const output = args.value('--output')
  if (output === undefined) {
    await io.stdout(Buffer.concat(chunks))
    return EXIT.ok
  }
  const path = resolve(io.cwd, output)
  try {
    await writeFile(path, Buffer.concat(chunks), { flag: args.has('--overwrite') ? 'w' : 'wx', mode: 0o600 })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw new Fault('export.exists', `write "${path}": it is there already; --overwrite writes over it`, { path })
    throw error
  }
  const { secrets, contents, replaced } = shared.redaction
  await io.stderr(
    `${path}: ${secrets} secrets cut out, ${contents} messages left out, ${replaced.length} names replaced\n`,
  )
  for (const { from, to, times } of replaced) await io.stderr(`  ${from} → ${to} (${times}×)\n`)
  return EXIT.ok
}

/** `log open FILE`: what a file says that was exported, here or elsewhere. Needs no engine and no data folder. */
export async function openFile(argv: readonly string[], io: CommandIo): Promise<number> {
  const args = parseArguments(argv, { '--json': 'flag', '--color': 'flag', '--no-color': 'flag' })
  const [, file, ...rest] = args.words
  if (file === undefined || rest.length > 0) throw usage('log open FILE')
  const path = resolve(io.cwd, file)
  const content = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Fault('usage', `read "${path}": ${reasonOf(error)}`, { reason: reasonOf(error) })
  })
  const { sessions, error } = openLogFile(content)
  if (sessions === null) {
    await io.stderr(`posthorn: open "${path}": ${error}\n`)
    return EXIT.data
  }
  if (args.has('--json')) {
    await io.stdout(`${JSON.stringify(sessions)}\n`)
    return EXIT.ok
  }
  const paint = painter(args.has('--color') && !args.has('--no-color'))
  for (const { head, events } of sessions) {
    await io.stdout(sessionTable([{ ...head, accountId: head.accountId ?? null, endedMs: head.endedMs ?? null }]))
    for (const [seq, event] of events.entries()) await io.stdout(`${lineOf({ ...event, seq } as EventView, paint)}\n`)
  }
  return EXIT.ok
}
