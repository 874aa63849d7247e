import { parseMailbox } from './address.ts'
import { RULE_LIMITS, RULE_ROLES, type RuleAction, type RuleFolder } from './rule.ts'
import { folderWord, quoted, RuleReader, RuleTextTrouble, type RuleNames, type RuleTextError } from './rule-words.ts'

/** What an action is called, with the sentence a completion shows. */
export const RULE_ACTIONS: Readonly<Record<string, string>> = {
  'move:FOLDER': 'to a folder, or to inbox, archive, trash or junk of whoever owns the message',
  'copy:FOLDER': 'the same with a copy',
  'tag:TAG': 'puts a tag on',
  'untag:TAG': 'takes a tag off',
  'star': 'stars it',
  'unstar': 'takes the star off',
  'read': 'marks it read',
  'unread': 'marks it unread',
  'forward:A,B': 'sends it on as an attachment of a new message',
  'forward-inline:A,B': 'sends it on below a few lines of its header',
  'redirect:A,B': 'sends the message itself on',
  'reply:"TEXT"': 'answers; subject:"S" and every:7d may follow',
  'delete': 'to the Trash',
  'erase': 'removes it for good',
  'stop': 'no rule below is asked',
}

const ENDS = /[\s;]/
const EVERY_DAYS = 7
/** A text as actions, or where it is none. */
export type ParsedActions =
  | { readonly actions: readonly RuleAction[]; readonly error: null }
  | { readonly actions: null; readonly error: RuleTextError }

/** Parses actions, one behind the other with `;` or a line end between. Never throws. */
export function parseActions(text: string, names: RuleNames): ParsedActions {
  try {
    return { actions: readActions(new RuleReader(text, ENDS), names), error: null }
  } catch (error) {
    if (!(error instanceof RuleTextTrouble)) throw error
    return { actions: null, error: error.at }
  }
}

function readActions(reader: RuleReader, names: RuleNames): RuleAction[] {
  const actions: RuleAction[] = []
  for (;;) {
    while (!reader.isAtEnd && /[\s;]/.test(reader.peek())) reader.at++
    if (reader.isAtEnd) break
    const start = reader.at
    actions.push(readAction(reader, names))
    if (actions.length > RULE_LIMITS.actions)
      throw new RuleTextTrouble(start, reader.at, `A rule does at most ${RULE_LIMITS.actions} things.`)
    while (!reader.isAtEnd && /[^\S\n]/.test(reader.peek())) reader.at++
    if (!reader.isAtEnd && !/[;\n]/.test(reader.peek()))
      throw new RuleTextTrouble(reader.at, reader.text.length, 'Put a “;” between two actions.')
  }
  if (actions.length === 0) throw new RuleTextTrouble(0, 1, 'A rule has to do something.')
  return actions
}

function readAction(reader: RuleReader, names: RuleNames): RuleAction {
  const start = reader.at
  const word = /^[a-z-]+/i.exec(reader.text.slice(start, start + 40))?.[0].toLowerCase() ?? ''
  reader.at += word.length
  const trouble = (reason: string) => new RuleTextTrouble(start, Math.max(reader.at, start + 1), reason)
  const value = (what: string): string => {
    if (reader.peek() !== ':') throw trouble(`“${word}” needs ${what}: ${word}:…`)
    reader.at++
    const { text } = reader.value()
    if (text.trim() === '') throw trouble(`Write ${what} right behind “${word}:”.`)
    return text
  }
  switch (word) {
    case 'star':
    case 'unstar':
    case 'read':
    case 'unread':
    case 'delete':
    case 'erase':
    case 'stop':
      return { do: word }
    case 'move':
    case 'copy':
      return { do: word, to: folderOf(value('a folder'), names, trouble) }
    case 'tag':
    case 'untag': {
      const name = value('a tag')
      const tagId = names.tagId(name)
      if (tagId === undefined) throw trouble(`There is no tag “${name}”.`)
      return { do: word, tagId }
    }
    case 'forward':
    case 'forward-inline':
      return {
        do: 'forward',
        to: addressesOf(value('addresses'), trouble),
        as: word === 'forward' ? 'attachment' : 'inline',
      }
    case 'redirect':
      return { do: 'redirect', to: addressesOf(value('addresses'), trouble) }
    case 'reply':
      return readReply(value('a text'), reader, trouble)
    default:
      throw trouble(`There is no such action; there are ${Object.keys(RULE_ACTIONS).join(', ')}.`)
  }
}

type Trouble = (reason: string) => RuleTextTrouble

function folderOf(name: string, names: RuleNames, trouble: Trouble): RuleFolder {
  const role = RULE_ROLES.find((one) => one === name.toLowerCase())
  if (role !== undefined) return { kind: 'role', role }
  const folderId = names.folderId(name)
  if (folderId === undefined) throw trouble(`There is no folder “${name}”.`)
  return { kind: 'folder', folderId }
}

function addressesOf(text: string, trouble: Trouble): string[] {
  const addresses = text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
  const wrong = addresses.find((one) => parseMailbox(one) === undefined)
  if (wrong !== undefined) throw trouble(`“${wrong}” is no address.`)
  return addresses
}

function readReply(text: string, reader: RuleReader, trouble: Trouble): RuleAction {
  let subject = ''
  let everyDays = EVERY_DAYS
  for (;;) {
    const modifier = /^[^\S\n]+(subject|every):/i.exec(reader.text.slice(reader.at, reader.at + 100))
    if (modifier === null) return { do: 'reply', subject, text, everyDays }
    reader.at += modifier[0].length
    const value = reader.value().text
    if (modifier[1]?.toLowerCase() === 'subject') subject = value
    else {
      const days = /^(\d{1,3})d?$/.exec(value)?.[1]
      if (days === undefined || Number(days) < 1 || Number(days) > 365)
        throw trouble('“every:” takes 1 to 365 days: 7d.')
      everyDays = Number(days)
    }
  }
}

/** Writes actions as a person types them: what `parseActions` reads back. */
export function formatActions(actions: readonly RuleAction[], names: RuleNames): string {
  return actions.map((action) => formatAction(action, names)).join('; ')
}

function formatAction(action: RuleAction, names: RuleNames): string {
  const value = (text: string) => quoted(text, ENDS)
  switch (action.do) {
    case 'move':
    case 'copy':
      return `${action.do}:${value(folderWord(action.to, names))}`
    case 'tag':
    case 'untag':
      return `${action.do}:${value(names.tagName(action.tagId) ?? `#${action.tagId}`)}`
    case 'forward':
      return `forward${action.as === 'inline' ? '-inline' : ''}:${value(action.to.join(','))}`
    case 'redirect':
      return `redirect:${value(action.to.join(','))}`
    case 'reply': {
      const subject = action.subject === '' ? '' : ` subject:${value(action.subject)}`
      return `reply:${value(action.text)}${subject} every:${action.everyDays}d`
    }
    default:
      return action.do
  }
}
