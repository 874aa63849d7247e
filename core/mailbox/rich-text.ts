/** The quote of the composer, and what every reader shows it by; its line has the colour of the text. */
const QUOTE = '<blockquote type="cite">'
const QUOTE_AS_SENT =
  '<blockquote type="cite" style="margin:0 0 0 .8ex;border-left:2px solid;border-left-color:currentColor;padding-left:1ex">'
const SIGNATURE = '<div data-signature="">'

/** Rich text of the composer as a page for other programs: what its own marks mean is written out. */
export function pageOf(html: string): string {
  const body = html.replaceAll(QUOTE, QUOTE_AS_SENT).replaceAll(SIGNATURE, '<div>-- <br>')
  return `<!doctype html>\n<html><head><meta charset="utf-8"></head><body>\n${body}\n</body></html>\n`
}
