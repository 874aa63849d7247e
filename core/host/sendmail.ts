import { Fault } from '../base/fault.ts'

/** What a caller asked of `sendmail`; the flags that change nothing here are taken and forgotten, as other programs give them. */
export interface SendmailOrder {
  /** `-t`: addressees are read from the header, too. */
  readonly fromHeader: boolean
  /** `-i`, `-oi`: a line with a single dot is text, not the end. */
  readonly dotIsText: boolean
  /** `-f`, `-r`: the reverse-path; '' or `<>` for the null one; undefined when not given. */
  readonly from: string | undefined
  readonly recipients: readonly string[]
}

/** What the submission server takes, too. */
export const LONGEST_MESSAGE_BYTES = 50 * 1024 * 1024

const TAKES_VALUE = new Set(['F', 'B', 'N', 'R', 'V', 'L', 'h', 'O', 'X', 'p'])

/** Reads the arguments of sendmail(8). Throws `usage` for modes this program does not have (`-bs`, `-q`, …). */
export function parseSendmail(argv: readonly string[]): SendmailOrder {
  let fromHeader = false
  let dotIsText = false
  let from: string | undefined
  const recipients: string[] = []
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] ?? ''
    const valueOf = () => {
      if (arg.length > 2) return arg.slice(2)
      const next = argv[++i]
      if (next === undefined)
        throw new Fault('usage', `the option "${arg}" of sendmail needs a value`, { reason: `no value for ${arg}` })
      return next
    }
    if (arg === '--') {
      recipients.push(...argv.slice(i + 1))
      break
    }
    if (!arg.startsWith('-') || arg === '-') recipients.push(arg)
    else if (arg === '-t') fromHeader = true
    else if (arg === '-i' || arg === '-oi') dotIsText = true
    else if (arg === '-ti' || arg === '-it') fromHeader = dotIsText = true
    else if (arg.startsWith('-f') || arg.startsWith('-r')) from = valueOf()
    else if (
      arg === '-bm' ||
      arg === '-v' ||
      arg === '-m' ||
      arg === '-n' ||
      arg === '-U' ||
      arg === '-G' ||
      arg.startsWith('-o') ||
      arg.startsWith('-e')
    )
      continue
    else if (TAKES_VALUE.has(arg[1] ?? '')) valueOf()
    else throw new Fault('usage', `sendmail has no option "${arg}" here`, { reason: `unknown option ${arg}` })
  }
  return { fromHeader, dotIsText, from, recipients }
}

/**
 * Message text from standard input as it goes on the wire: every line ends in CRLF, a bare CR becomes a line end too. Without
 * `dotIsText` a line with a single dot ends it. Throws `message.refused` over `limitBytes`.
 */
export async function readMessage(
  input: AsyncIterable<Uint8Array>,
  dotIsText: boolean,
  limitBytes: number,
): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let total = 0
  for await (const chunk of input) {
    total += chunk.length
    if (total > limitBytes)
      throw new Fault('message.refused', `read the message from standard input: it is over ${limitBytes} bytes`, {
        reason: 'too big',
      })
    chunks.push(chunk)
  }
  let text = Buffer.concat(chunks).toString('latin1')
  if (!dotIsText) {
    const dot = /(?:^|\r?\n)\.\r?(?:\n|$)/.exec(text)
    if (dot)
      text = text.slice(0, dot.index === 0 && text.startsWith('.') ? 0 : dot.index + (dot[0].startsWith('\r') ? 2 : 1))
  }
  const lines = text.replace(/\r\n|\r|\n/g, '\r\n')
  return Buffer.from(lines === '' || lines.endsWith('\r\n') ? lines : `${lines}\r\n`, 'latin1')
}
