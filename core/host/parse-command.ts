import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { reasonOf } from '../base/fault.ts'
import { parseFile, parseForCli, type ParsedFile } from '../message/parsed.ts'
import { formatTree } from '../message/tree.ts'
import { parseArguments } from './arguments.ts'
import { EXIT, usage } from './command.ts'
import type { CommandIo } from './local-socket.ts'
import { harmless, jsonLine, table } from './print.ts'

/**
 * `parse`: a message on standard input as one JSON object. `parse FILE`, or `-` for standard input: its parts and what is odd
 * about it, for people or as JSON. Needs no data folder and no engine.
 */
export async function parse(argv: readonly string[], input: AsyncIterable<Uint8Array>, io: CommandIo): Promise<number> {
  const args = parseArguments(argv, { '--json': 'flag' })
  if (args.words.length > 1) throw usage('parse [FILE] [--json], one message at a time')
  const [path] = args.words
  if (path === undefined) {
    await io.stdout(jsonLine(parseForCli(await readAll(input))))
    return EXIT.ok
  }
  const raw = path === '-' ? await readAll(input) : await readOne(resolve(io.cwd, path))
  const parsed = parseFile(raw)
  await io.stdout(args.has('--json') ? jsonLine(parsed) : words(parsed))
  return EXIT.ok
}

async function readAll(input: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of input) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function readOne(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw usage(`the file "${path}" can't be read: ${reasonOf(error)}`)
  }
}

function words(parsed: ParsedFile): string {
  const facts: [string, string | null][] = [
    ['Subject', parsed.subject],
    ['From', parsed.from.join(', ')],
    ['To', parsed.to.join(', ')],
    ['Cc', parsed.cc.join(', ')],
    ['Date', parsed.date],
    ['Message-ID', parsed.messageId],
  ]
  const lines = facts.filter(([, value]) => value !== null && value !== '').map(([name, value]) => `${name}: ${value}`)
  const files = table(
    ['FILE', 'TYPE', 'BYTES', 'SHA-256'],
    parsed.attachments.map((one) => [one.filename ?? '', one.contentType, one.size, one.sha256]),
  )
  const warnings = parsed.warnings.map((warning) => `warning: ${warning}`)
  const shown = [...lines, '', ...formatTree(parsed.tree), ...(warnings.length === 0 ? [] : ['', ...warnings])]
  return `${shown.map(harmless).join('\n')}\n${files === '' ? '' : `\n${files}`}`
}
