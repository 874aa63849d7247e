import { parseMailbox, type Mailbox } from '../model/address.ts'
import { LATER_ACTIONS, type LaterReport } from '../model/later-report.ts'
import { decodeBytes, decodeOctets } from './charset.ts'
import { decodeContent } from './content.ts'
import { harmless } from './dsn-text.ts'
import { readHeader, firstValue } from './headers.ts'
import { CAPS } from './reading-caps.ts'
import { readStructure, type Part } from './structure.ts'

/** One recipient of a report that came in (RFC 3464 §2.3). */
export interface ReportedRecipient {
  /** Where the mail had gone by then; undefined where the field can't be read. */
  readonly final: Mailbox | undefined
  /** What the sender first wrote, where the report says it. */
  readonly original: Mailbox | undefined
  readonly action: LaterReport['action']
  readonly status: string
  readonly remoteMta: string
  readonly diagnostic: string
}
/** A delivery report that came in. Everything in it is what somebody else wrote. */
export interface IncomingReport {
  readonly reporter: string
  readonly envid: string | undefined
  /** Message-ID of the mail it is about, from the part that returns it. */
  readonly messageId: string | undefined
  readonly recipients: readonly ReportedRecipient[]
}

const STATUS_TYPES = ['message/delivery-status', 'message/global-delivery-status']
const RETURNED_TYPES = [
  'message/rfc822',
  'text/rfc822-headers',
  'text/rfc822-header', // what some gateways write
  'message/global',
  'message/global-headers',
  'message/rfc822-headers',
]

/** The part with the facts: a direct part of the report, or the whole of a message without a multipart around it. */
export function statusPartOf(root: Part): Part | undefined {
  if (STATUS_TYPES.includes(root.type)) return root
  return root.type.startsWith('multipart/') ? root.children.find((part) => STATUS_TYPES.includes(part.type)) : undefined
}

/** Reads a delivery report; undefined for any other mail. Never throws. */
export function readReport(raw: Uint8Array): IncomingReport | undefined {
  const { root } = readStructure(raw)
  const part = statusPartOf(root)
  if (part === undefined) return undefined
  const [about = new Map(), ...groups] = groupsOf(decodeContent(raw, part).subarray(0, CAPS.reportBytes))
  const returned = root.children.find(({ type }) => RETURNED_TYPES.includes(type))
  const envid = about.get('original-envelope-id')
  return {
    reporter: typed(about.get('reporting-mta') ?? about.get('dsn-gateway') ?? '').value.slice(0, 255),
    envid: envid === undefined || envid === '' ? undefined : envid,
    messageId: returned && messageIdOf(decodeContent(raw, returned).subarray(0, CAPS.reportBytes)),
    recipients: groups.slice(0, CAPS.reportRecipients).flatMap(toRecipient),
  }
}

/** Groups of fields with blank lines between (RFC 3464 §2.1). Some systems put two blank lines, or none after the first group. */
function groupsOf(bytes: Uint8Array): Map<string, string>[] {
  const text = decodeBytes(Buffer.from(bytes), 'utf-8')
  const groups: Map<string, string>[] = []
  let group = new Map<string, string>()
  let name = ''
  const shut = () => {
    if (group.size > 0) groups.push(group)
    group = new Map()
    name = ''
  }
  for (const line of text.split(/\r?\n/)) {
    if (groups.length > CAPS.reportRecipients) break
    if (line.trim() === '') shut()
    else if (/^[ \t]/.test(line)) {
      const value = group.get(name)
      if (value !== undefined && value.length < CAPS.reportField) group.set(name, `${value} ${clean(line)}`)
    } else {
      const found = /^([A-Za-z][A-Za-z0-9-]{0,60})[ \t]{0,10}:/.exec(line)
      name = found?.[1]?.toLowerCase() ?? ''
      if (found && !group.has(name)) group.set(name, clean(line.slice(found[0].length)))
    }
  }
  shut()
  // RFC 3464 §2.1 has the message's own fields first; a report without any begins with a recipient.
  return groups[0]?.has('final-recipient') || groups[0]?.has('original-recipient') ? [new Map(), ...groups] : groups
}

const clean = (text: string) => harmless(text, CAPS.reportField).trim()

/** `type; value` with comments as Sendmail writes them left alone. */
function typed(value: string): { readonly type: string; readonly value: string } {
  const at = value.indexOf(';')
  if (at < 0) return { type: '', value: value.trim() }
  return { type: value.slice(0, at).trim().toLowerCase(), value: value.slice(at + 1).trim() }
}

function toRecipient(group: Map<string, string>): ReportedRecipient[] {
  // RFC 3464 §2.3.3: the word may have a comment behind it.
  const word = /^[a-z]{1,20}/i.exec(group.get('action') ?? '')?.[0].toLowerCase()
  const action = LATER_ACTIONS.find((one) => one === (word === 'expanded' ? 'relayed' : word))
  if (action === undefined) return []
  const status = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(group.get('status') ?? '')?.[0]
  return [
    {
      final: addressOf(group.get('final-recipient')),
      original: addressOf(group.get('original-recipient')),
      action,
      status: status ?? (action === 'failed' ? '5.0.0' : action === 'delayed' ? '4.0.0' : '2.0.0'),
      remoteMta: typed(group.get('remote-mta') ?? '').value.slice(0, 255),
      diagnostic: typed(group.get('diagnostic-code') ?? '').value,
    },
  ]
}

function addressOf(field: string | undefined): Mailbox | undefined {
  if (field === undefined) return undefined
  const text = typed(field).value.replace(/^<|>$/g, '')
  // What stands in RCPT as xtext some leave encoded (RFC 3461 §4); such an address then is none of ours.
  return parseMailbox(text)
}

function messageIdOf(returned: Uint8Array): string | undefined {
  const value = firstValue(returned, readHeader(returned), 'message-id')
  return value === undefined ? undefined : /<[^<>\s]{1,990}>/.exec(decodeOctets(value))?.[0]
}
