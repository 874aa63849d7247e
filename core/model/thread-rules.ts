import type { MessageFields } from './message-fields.ts'

/** Message-IDs looked at of one message: more are no conversation. Of a longer list the first (the root) and the last count. */
const MOST_REFERENCES = 50

/**
 * The messages that one refers to, its parent last, each once: those of References, then the first of In-Reply-To, as JWZ's
 * threading has it (RFC 5322 §3.6.4 names both). A message does not refer to itself.
 */
export function referencesOf({
  messageId,
  references,
  inReplyTo,
}: Pick<MessageFields, 'messageId' | 'references' | 'inReplyTo'>): string[] {
  const listed = namesIn(references)
  const [parent] = namesIn(inReplyTo)
  const all = [...new Set(parent === undefined ? listed : [...listed, parent])].filter((name) => name !== messageId)
  return all.length <= MOST_REFERENCES ? all : [...all.slice(0, 1), ...all.slice(1 - MOST_REFERENCES)]
}

function namesIn(text: string): string[] {
  return text.match(/<[^<>\s]{1,998}>/g) ?? []
}

/** "Re:" as mail programs of many languages write it, perhaps counted ("Re[2]:"); what lists put before it; "(fwd)". */
const REPLY = /^(?:re|aw|antw|sv|vs|odp|ynt|rv|res|ref|回复|回覆|答复)(?:\s*[[(]\d{1,3}[\])]|\^\d{1,3})?\s*[:：]\s*/iu
const FORWARD = /^(?:fwd?|wg|tr|rv|enc|i|vl|转发|轉寄)\s*[:：]\s*/iu
const LIST = /^\[[^[\]]{1,60}\]\s*/u
const LONGEST_SUBJECT = 500

/** A subject without what answers and lists put before it, folded for comparing; whether it calls itself an answer. */
export function replySubject(subject: string): { readonly isReply: boolean; readonly base: string } {
  let rest = subject.slice(0, LONGEST_SUBJECT).trim()
  let isReply = false
  for (let cut = true; cut;) {
    cut = false
    for (const prefix of [REPLY, LIST, FORWARD]) {
      const found = prefix.exec(rest)?.[0]
      if (found === undefined || found === '') continue
      if (prefix === LIST && found.trimEnd() === rest) continue // "[all of it]" is the subject itself
      isReply ||= prefix === REPLY
      rest = rest.slice(found.length).trimStart()
      cut = true
    }
  }
  return { isReply, base: rest.replaceAll(/\s+/gu, ' ').trim().toLowerCase().normalize('NFC') }
}
