import { parseDate } from '../message/date.ts'

/** What an mbox file's line before a message says (RFC 4155 §A). */
export interface FromLine {
  /** Unix ms; null where the line has no date. */
  readonly dateMs: number | null
}

const DAYS = '(?:mon|tue|wed|thu|fri|sat|sun)'
const MONTHS = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)'
const ZONE = '(?:[a-z]{1,5}|[+-]\\d{4})'
/** As asctime(3) writes it, with a zone before or behind the year where somebody put one. */
const ASCTIME = `${DAYS} (${MONTHS}) (\\d{1,2}) (\\d{1,2}:\\d{2}(?::\\d{2})?)(?: (${ZONE}))?(?: ${ZONE})? (\\d{4})(?: ([+-]\\d{4}))?`
/** As a Date field has it. */
const RFC_DATE = `(?:${DAYS}, ?)?\\d{1,2} ${MONTHS} \\d{4} \\d{1,2}:\\d{2}(?::\\d{2})?(?: ${ZONE})?`
const DATED = new RegExp(`^From (?:.*? )??(?:${ASCTIME}|(${RFC_DATE}))(?: remote from .*)?$`, 'i')
/** Programs that write no date: nothing, a dash or an address. */
const UNDATED = /^From(?: (?:-|[^\s@]+@[^\s@]+|MAILER-DAEMON))? ?$/
/** Fields that mail begins with; text that only looks like a field seldom begins so. */
const FIELD =
  /^(?:x-[!-9;-~]+|return-path|delivered-to|envelope-to|received(?:-spf)?|(?:arc-|dkim-|domainkey-)[!-9;-~]+|authentication-results|from|to|cc|bcc|date|subject|message-id|mime-version|content-[a-z-]+|reply-to|sender|list-[a-z-]+|references|in-reply-to|user-agent|status|precedence|resent-[a-z-]+|errors-to|organization|importance|priority|lines|comments|newsgroups|path):/i
const LONGEST = 1000

/** A line cut off from its ending, with single spaces. */
const tidy = (line: string) => line.slice(0, LONGEST).replaceAll(/[ \t\r]+/g, ' ')

/**
 * Whether a line parts two messages of an mbox file, and what it says; undefined where it is text. Programs quote such lines in
 * text, but not all and not always, so the line must look like one: with a date after a blank line; with one and a field behind
 * it where the blank line is missing; without one only after a blank line and with a field behind it.
 */
export function readFromLine(line: string, isAfterBlank: boolean, next: string): FromLine | undefined {
  if (!line.startsWith('From ') && line.trimEnd() !== 'From') return undefined
  const text = tidy(line)
  const found = DATED.exec(text.trimEnd())
  if (found !== null) {
    if (!isAfterBlank && !FIELD.test(next)) return undefined
    const [, month, day, time, zone, year, zoneBehind, whole] = found
    const date = whole ?? `${day} ${month} ${year} ${time} ${zoneBehind ?? zone ?? '+0000'}`
    return { dateMs: parseDate(date) }
  }
  return isAfterBlank && UNDATED.test(text) && FIELD.test(next) ? { dateMs: null } : undefined
}
