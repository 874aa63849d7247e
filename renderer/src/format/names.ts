import { t } from '../words/words.ts'

/** At most two letters for a person: first and last word of the name, or of the address before its `@`. */
export function initials(name: string, address: string): string {
  const words = (name.trim() || (address.split('@')[0] ?? ''))
    .split(/[\s._-]+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word))
  const first = letter(words[0])
  const last = words.length > 1 ? letter(words.at(-1)) : ''
  return `${first}${last}` || '?'
}

const letter = (word: string | undefined) => /[\p{L}\p{N}]/u.exec(word ?? '')?.[0].toUpperCase() ?? ''

/** Several people in one line: `Nora Feldt, Tomasz Wilga and 3 more`. */
export function people(list: readonly { name: string; address: string }[], most = 4): string {
  const names = list.map((one) => one.name || one.address)
  if (names.length <= most) return names.join(', ')
  return t('{names} and {count} more', { names: names.slice(0, most - 1).join(', '), count: names.length - most + 1 })
}

/** An addressee as a header would write it. The name is quoted when it holds more than words. */
export function formatAddress({ name, address }: { name: string; address: string }): string {
  if (name === '') return address
  const plain = /^[\p{L}\p{N} !#$%&'*+/=?^_`{|}~-]+$/u.test(name)
  return `${plain ? name : `"${name.replace(/[\\"]/g, '\\$&')}"`} <${address}>`
}
