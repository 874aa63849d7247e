import { createHash } from 'node:crypto'

/** A page of a PDF as a test writes it down. */
export interface PdfPage {
  /** Lines of text, from the top. */
  readonly lines?: readonly string[]
  /** Points. */
  readonly size?: readonly [number, number]
  /** Objects of its annotations, as PDF writes them. */
  readonly annotations?: readonly string[]
}

const escaped = (text: string) => text.replaceAll(/[\\()]/g, '\\$&')

/** A PDF written by hand, after ISO 32000-1. `catalog` and `objects` go in as they are; the first of `objects` has the number 10. */
export function pdfOf(
  pages: readonly PdfPage[],
  { catalog = '', objects = [], password }: { catalog?: string; objects?: readonly string[]; password?: string } = {},
): Buffer {
  const first = 10 + objects.length
  const lock = password === undefined ? undefined : lockOf(password)
  const all = new Map<number, string>([
    [1, `<< /Type /Catalog /Pages 2 0 R ${catalog} >>`],
    [2, `<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((_, n) => `${first + n * 2} 0 R`).join(' ')}] >>`],
    [3, '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'],
    ...objects.map((object, n) => [10 + n, object] as const),
    ...(lock === undefined ? [] : [[4, lock.dictionary] as const]),
  ])
  pages.forEach(({ lines = [], size = [595, 842], annotations = [] }, n) => {
    const text = lines.map((line, at) => `BT /F1 18 Tf 72 ${size[1] - 90 - at * 30} Td (${escaped(line)}) Tj ET`)
    const body = lock === undefined ? text.join('\n') : lock.seal(first + n * 2 + 1, text.join('\n'))
    all.set(
      first + n * 2,
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${size.join(' ')}] /Contents ${first + n * 2 + 1} 0 R /Resources << /Font << /F1 3 0 R >> >> /Annots [${annotations.join(' ')}] >>`,
    )
    all.set(first + n * 2 + 1, `<< /Length ${body.length} >>\nstream\n${body}\nendstream`)
  })
  let file = '%PDF-1.7\n'
  const places = new Map<number, number>()
  for (const [number, object] of all) {
    places.set(number, file.length)
    file += `${number} 0 obj\n${object}\nendobj\n`
  }
  const size = Math.max(...all.keys()) + 1
  const start = file.length
  const rows = Array.from({ length: size }, (_, n) =>
    places.has(n) ? `${String(places.get(n)).padStart(10, '0')} 00000 n \n` : '0000000000 65535 f \n',
  )
  const trailer = `/Root 1 0 R /Size ${size} ${lock === undefined ? '' : `/Encrypt 4 0 R /ID [<${ID}> <${ID}>]`}`
  file += `xref\n0 ${size}\n${rows.join('')}trailer\n<< ${trailer} >>\nstartxref\n${start}\n%%EOF\n`
  return Buffer.from(file, 'latin1')
}

const ID = '00112233445566778899aabbccddeeff'
/** ISO 32000-1 §7.6.3.3. */
const PADDING = '28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a'

/** The standard lock of 40 bits (ISO 32000-1 §7.6), with one password for both. */
function lockOf(password: string) {
  const md5 = (...parts: readonly Buffer[]) => createHash('md5').update(Buffer.concat(parts)).digest()
  const padding = Buffer.from(PADDING, 'hex')
  const padded = Buffer.concat([Buffer.from(password, 'latin1'), padding]).subarray(0, 32)
  const owner = rc4(md5(padded).subarray(0, 5), padded)
  const rights = Buffer.from([0xff, 0xff, 0xff, 0xff])
  const key = md5(padded, owner, rights, Buffer.from(ID, 'hex')).subarray(0, 5)
  const user = rc4(key, padding)
  return {
    dictionary: `<< /Filter /Standard /V 1 /R 2 /O <${owner.toString('hex')}> /U <${user.toString('hex')}> /P -1 >>`,
    seal(object: number, text: string): string {
      const own = md5(key, Buffer.from([object & 255, (object >> 8) & 255, object >> 16, 0, 0])).subarray(0, 10)
      return rc4(own, Buffer.from(text, 'latin1')).toString('latin1')
    },
  }
}

/** Node's OpenSSL has it no more. */
function rc4(key: Buffer, text: Buffer): Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, n) => n)
  const swap = (a: number, b: number) => ([state[a], state[b]] = [state[b] ?? 0, state[a] ?? 0])
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + (state[i] ?? 0) + (key[i % key.length] ?? 0)) & 255
    swap(i, j)
  }
  let [i, j] = [0, 0]
  return text.map((octet) => {
    i = (i + 1) & 255
    j = (j + (state[i] ?? 0)) & 255
    swap(i, j)
    return octet ^ (state[((state[i] ?? 0) + (state[j] ?? 0)) & 255] ?? 0)
  }) as Buffer
}
