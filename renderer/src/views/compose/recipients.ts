/** An addressee as it was typed and as the engine reads it. */
export interface Addressee {
  readonly text: string
  readonly name: string
  readonly address: string | null
  readonly problem: string | null
  /** What speaks against writing there; it may be sent all the same. */
  readonly warning: string | null
}

/** Addressees as one header-like line. */
export function joinAddressees(list: readonly Addressee[]): string {
  return list.map((one) => one.text.trim()).join(', ')
}

/** True once what is typed holds a whole address: a comma or semicolon outside of quotes and brackets ends it. */
export function isFinished(typed: string): boolean {
  let quoted = false
  let depth = 0
  for (const character of typed) {
    if (character === '"') quoted = !quoted
    else if (quoted) continue
    else if (character === '<' || character === '(') depth += 1
    else if (character === '>' || character === ')') depth -= 1
    else if ((character === ',' || character === ';' || character === '\n') && depth <= 0) return true
  }
  return false
}

/** Adds addressees; one that is there already is not added twice. */
export function addAddressees(before: readonly Addressee[], more: readonly Addressee[]): Addressee[] {
  const list = [...before]
  for (const one of more) {
    const known =
      one.address !== null && list.some((other) => other.address?.toLowerCase() === one.address?.toLowerCase())
    if (!known) list.push(one)
  }
  return list
}
