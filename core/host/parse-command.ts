import { parseForCli } from '../message/read.ts'
import type { CommandIo } from './local-socket.ts'

/** `parse`: a message on standard input as one JSON object. Needs no data folder and no engine. */
export async function parse(input: AsyncIterable<Uint8Array>, io: CommandIo): Promise<number> {
  const chunks: Uint8Array[] = []
  for await (const chunk of input) chunks.push(chunk)
  await io.stdout(`${JSON.stringify(await parseForCli(Buffer.concat(chunks)))}\n`)
  return 0
}
