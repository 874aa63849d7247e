import { chance } from '../support/chance.ts'

/** One message of the corpus. */
export interface CorpusMessage {
  readonly raw: Buffer
  readonly dateMs: number
}

const WORDS = 60_000
const PEOPLE = 2000
const FIRST_MS = Date.UTC(2014, 0, 1)
const SPAN_MS = 12 * 365 * 86_400_000
const ONSETS = 'b c d f g h j k l m n p r s t v w br cl dr fr gr pl pr sl st tr th sh ch'.split(' ')
const VOWELS = 'a e i o u ai ea ie ou'.split(' ')
const ENDS = ['', '', '', 'n', 'r', 's', 't', 'l', 'm', 'nd', 'st', 'ck']

/** The `rank`th word of the language, the shorter the commoner. All words differ. */
export function wordOf(rank: number): string {
  let word = ''
  let left = rank
  do {
    word += `${ONSETS[left % ONSETS.length]}${VOWELS[Math.floor(left / ONSETS.length) % VOWELS.length]}`
    left = Math.floor(left / (ONSETS.length * VOWELS.length))
  } while (left > 0)
  return word + ENDS[rank % ENDS.length]!
}

/** The address of the `n`th person. */
export function personOf(n: number): { readonly name: string; readonly address: string } {
  const name = [wordOf(300 + n), wordOf(4000 + n * 7)].map((one) => one[0]!.toUpperCase() + one.slice(1)).join(' ')
  return { name, address: `${wordOf(300 + n)}.${n}@${wordOf(1000 + (n % 90))}.example` }
}

/**
 * Mail as people have it, made from a seed: words by Zipf's law, a tail of words that occur once, replies that quote, some HTML, some
 * attachments; some 4.4 KiB each, in order of date.
 */
export function* corpus(count: number, seed: number): Generator<CorpusMessage, void, void> {
  const random = chance(seed)
  // 1 / (rank + 2.7): Mandelbrot's correction, so that the first word is some 4 % of all.
  const sums = new Float64Array(WORDS)
  for (let rank = 0, sum = 0; rank < WORDS; rank++) sums[rank] = sum += 1 / (rank + 2.7)
  const all = sums[WORDS - 1]!
  const words = Array.from({ length: WORDS }, (_, rank) => wordOf(rank))
  const word = (): string => {
    if (random() < 0.01) return `${words[Math.floor(random() * WORDS)]}${Math.floor(random() * 1e6)}`
    const wanted = random() * all
    let [from, to] = [0, WORDS - 1]
    while (from < to) {
      const middle = (from + to) >> 1
      if (sums[middle]! < wanted) from = middle + 1
      else to = middle
    }
    return words[from]!
  }
  const some = (least: number, most: number) =>
    Array.from({ length: least + Math.floor(random() * (most - least + 1)) }, word)
  const person = () => personOf(Math.floor(random() ** 2 * PEOPLE))
  const paragraph = () => {
    const lines: string[] = []
    for (let n = 2 + Math.floor(random() * 5); n > 0; n--) lines.push(some(8, 13).join(' '))
    return `${lines.join('\r\n')}.\r\n`
  }
  let lastId = ''
  let lastSubject = ''
  for (let i = 0; i < count; i++) {
    const dateMs = FIRST_MS + Math.floor((SPAN_MS * (i + random())) / count / 1000) * 1000
    const [from, to] = [person(), person()]
    const isReply = lastId !== '' && random() < 0.4
    const subject = isReply ? `Re: ${lastSubject}` : some(3, 8).join(' ')
    const messageId = `<${i}.${Math.floor(random() * 1e9).toString(36)}@${from.address.split('@')[1]}>`
    const head = [
      `Received: from mx.${from.address.split('@')[1]} (mx [192.0.2.${i % 250}]) by here.example; ${new Date(dateMs).toUTCString().replace('GMT', '+0000')}`,
      `From: ${from.name} <${from.address}>`,
      `To: ${to.name} <${to.address}>`,
      ...(random() < 0.2 ? [`Cc: ${person().address}`] : []),
      `Subject: ${subject}`,
      `Date: ${new Date(dateMs).toUTCString().replace('GMT', '+0000')}`,
      `Message-ID: ${messageId}`,
      ...(isReply ? [`In-Reply-To: ${lastId}`, `References: ${lastId}`] : []),
      'MIME-Version: 1.0',
    ]
    const text = Array.from({ length: 5 + Math.floor(random() * 13) }, (_, n) =>
      isReply && n > 5 ? paragraph().replace(/^/gm, '> ') : paragraph(),
    ).join('\r\n')
    ;[lastId, lastSubject] = [messageId, isReply ? lastSubject : subject]
    const kind = random()
    const body =
      kind < 0.85
        ? `Content-Type: text/plain; charset=utf-8\r\n\r\n${text}`
        : kind < 0.95
          ? parts('alternative', i, [
              `Content-Type: text/plain; charset=utf-8\r\n\r\n${text.slice(0, 2000)}`,
              `Content-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>${text.slice(0, 2000).replaceAll('\r\n\r\n', '</p>\r\n<p>')}</p></body></html>`,
            ])
          : parts('mixed', i, [
              `Content-Type: text/plain; charset=utf-8\r\n\r\n${text.slice(0, 2500)}`,
              `Content-Type: application/pdf; name="${word()}-${i}.pdf"\r\nContent-Disposition: attachment; filename="${word()}-${i}.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n${'JVBERi0xLjQKJcOkw7zDtsOf\r\n'.repeat(60)}`,
            ])
    yield { raw: Buffer.from(`${head.join('\r\n')}\r\n${body}\r\n`), dateMs }
  }
}

function parts(kind: string, i: number, all: readonly string[]): string {
  const edge = `=_${i}_edge`
  return `Content-Type: multipart/${kind}; boundary="${edge}"\r\n\r\n${all.map((one) => `--${edge}\r\n${one}\r\n`).join('')}--${edge}--`
}
