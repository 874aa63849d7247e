/** A setting's value as a person reads and types it: lists by commas, `off` for null. */
export function formatValue(value: unknown): string {
  if (value === null) return 'off'
  if (Array.isArray(value)) return value.map(String).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** What was typed, in the kind its default has. The engine decides whether it is allowed. */
export function parseValue(typed: string, like: unknown): unknown {
  const text = typed.trim()
  if (Array.isArray(like)) {
    const parts = text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
    return parts.every((part) => /^-?\d+$/.test(part)) &&
      like.every((one) => typeof one === 'number') &&
      like.length > 0
      ? parts.map(Number)
      : parts
  }
  if (typeof like === 'boolean') return text === 'true'
  if (typeof like === 'number' || like === null) {
    if (text === '' || text === 'off') return null
    return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text
  }
  return text
}
