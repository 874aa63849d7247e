import type { Want } from '../../core/wire/pop3/client-words.ts'
import { parseUidl } from '../../core/wire/pop3/listing.ts'
import type { Dialogue } from './dialogue.ts'

/** What the first comment of a POP3 client's script says of the client. */
export function clientOf(dialogue: Dialogue, text: string): { tls: 'implicit' | 'starttls' | 'none'; keep: boolean } {
  const [, tls] = /^# client: tls=(implicit|starttls|none)/m.exec(text) ?? []
  if (tls === undefined) throw new Error(`${dialogue.file}: no "# client: tls=…" in it`)
  return { tls: tls as 'none', keep: /^# client: .*\bkeep\b/m.test(text) }
}

/** A listing's numbers as the next wants; the fact to note when it can't be read. */
export function wantsOf(listing: Uint8Array): readonly Want[] | undefined {
  return parseUidl(listing)?.map(({ number }) => ({ verb: 'RETR', number }))
}

/** A message as a fact of a dialogue. */
export const messageFact = (number: number, parts: readonly Uint8Array[]): string =>
  `message ${number} ${quote(Buffer.concat(parts).toString('latin1'))}`

/** Text in quotes, as dialogues write it. */
export const quote = (text: string): string => JSON.stringify(text)

/** A session's end as a fact. */
export function failureFact(failure: { readonly kind: string }): string {
  const parts: Readonly<Record<string, unknown>> = { ...failure }
  const at = parts['at'] === undefined ? '' : ` at=${String(parts['at'])}`
  const words = parts['reply'] ?? parts['reason']
  return `${failure.kind}${at}${words === undefined ? '' : ` ${quote(String(words))}`}`
}
