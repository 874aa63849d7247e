/** Characters that would reorder or hide what stands beside them, and controls. */
// eslint-disable-next-line no-control-regex -- controls are what is taken out
export const UNSHOWABLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]+/g

/** One line that can be shown beside others: no controls, no bidi marks, single spaces, at most `most` characters. */
export function oneLine(text: string, most: number): string {
  const cut = text
    .slice(0, most * 4)
    .replaceAll(UNSHOWABLE, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return cut.length <= most ? cut : `${cut.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
