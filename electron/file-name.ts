const LONGEST = 120

/** A name for a file as a person may have written it, a subject for one: without what leads elsewhere or means something to a system. */
export function safeFileName(name: string): string {
  const plain = name
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069/\\:*?"<>|]+/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/^[\s.]+|[\s.]+$/g, '')
  const short = [...plain].slice(0, LONGEST).join('').trim()
  return /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(short) ? `_${short}` : short
}
