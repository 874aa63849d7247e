import { LANGUAGES, PSEUDO } from '../../../../core/model/languages.ts'
import { said, told } from '../../words/words.ts'

/** What the choices of settings are called. */
const WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'relay.family': { both: said('IPv4 and IPv6'), ipv4: said('IPv4 only'), ipv6: said('IPv6 only') },
  'queue.mode': { 'at-once': said('At once'), 'interval': said('At intervals') },
  'pace.profile': { home: said('As a home line must'), relay: said('At full speed') },
  'retry.profile': { schedule: said('By the schedule'), sendmail: said('Every 15 minutes') },
  'look.language': {
    system: said('As the system has it'),
    [PSEUDO]: said('For translators: odd letters'),
    ...LANGUAGES,
  },
  'look.theme': { system: said('As the system has it'), light: said('Light'), dark: said('Dark') },
  'look.density': { compact: said('Close together'), normal: said('Normal'), roomy: said('With room') },
  'look.list': { cards: said('Two lines each'), table: said('A table') },
  'look.readingPane': {
    right: said('Beside the list'),
    below: said('Below the list'),
    off: said('In place of the list'),
  },
  'compose.format': { rich: said('Rich text'), plain: said('Plain text') },
  'compose.answer': { above: said('Above the quote'), below: said('Below the quote'), alone: said('Without a quote') },
  'keys.scheme': { posthorn: 'Posthorn', thunderbird: 'Thunderbird', gmail: 'Gmail', off: said('No single letters') },
  'desktop.closing': { ask: said('Ask once'), tray: said('Keep running in the tray'), quit: said('Quit') },
}

/** A choice in words; as it is where it has none. */
export const choiceWords = (key: string, choice: string): string => told(WORDS[key]?.[choice] ?? choice)
