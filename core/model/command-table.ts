/**
 * Everything a person can ask of the window by name: the one table behind keys, palette, help and menus. A chord is written
 * `Mod+Shift+P` (Mod is Ctrl, on a Mac ⌘), `Shift+F12`, a character as it is typed (`R` is Shift and r), or two of them one
 * after the other (`g i`).
 */
export interface CommandEntry {
  readonly label: string
  readonly group: CommandGroup
  /** Its keys in Posthorn's own scheme; the first is the one that is shown. */
  readonly keys: readonly string[]
  /** Its keys in other schemes, where they differ. */
  readonly thunderbird?: readonly string[]
  readonly gmail?: readonly string[]
}

export type CommandGroup = 'Anywhere' | 'Go to' | 'Protocol log' | 'Message' | 'List' | 'Writing'
export const COMMAND_GROUPS: readonly CommandGroup[] = [
  'Anywhere',
  'Go to',
  'List',
  'Message',
  'Protocol log',
  'Writing',
]

export const COMMANDS = {
  'compose': { label: 'New message', group: 'Anywhere', keys: ['c', 'Mod+N'], thunderbird: ['Mod+N', 'Mod+M'] },
  'search': { label: 'Search all mail', group: 'Anywhere', keys: ['Mod+K', '/'] },
  'get-mail': { label: 'Get mail', group: 'Anywhere', keys: ['F5', 'Shift+F5', 'F9'] },
  'undo': { label: 'Undo', group: 'Anywhere', keys: ['Mod+Z'], gmail: ['z', 'Mod+Z'] },
  'palette': { label: 'Find a command', group: 'Anywhere', keys: ['Mod+Shift+P'] },
  'next-pane': { label: 'Next pane', group: 'Anywhere', keys: ['F6'] },
  'previous-pane': { label: 'Previous pane', group: 'Anywhere', keys: ['Shift+F6'] },
  'keys': { label: 'Show all keys', group: 'Anywhere', keys: ['?', 'F1'] },
  'inbox': { label: 'Unified inbox', group: 'Go to', keys: ['g i'] },
  'starred': { label: 'Starred messages', group: 'Go to', keys: ['g s'] },
  'sent': { label: 'Sent', group: 'Go to', keys: ['g t'] },
  'drafts': { label: 'Drafts', group: 'Go to', keys: ['g d'] },
  'people': { label: 'People', group: 'Go to', keys: ['g c'] },
  'queue': { label: 'Queue', group: 'Go to', keys: ['g q'] },
  'log': { label: 'Protocol log', group: 'Go to', keys: ['F12', 'g l'] },
  'console': { label: 'Guided console', group: 'Go to', keys: ['g w'] },
  'lab': { label: 'Rehearsal lab', group: 'Go to', keys: ['g b'] },
  'settings': { label: 'Settings', group: 'Go to', keys: ['Mod+,'] },
  'snoozed': { label: 'Snoozed', group: 'Go to', keys: ['g h'] },
  'next': { label: 'Next', group: 'List', keys: ['j'], thunderbird: ['f'] },
  'previous': { label: 'Previous', group: 'List', keys: ['k'], thunderbird: ['b'] },
  'next-unread': { label: 'Next unread', group: 'List', keys: ['n'], gmail: ['Mod+ArrowDown'] },
  'previous-unread': { label: 'Previous unread', group: 'List', keys: ['p'], gmail: ['Mod+ArrowUp'] },
  'select-all': { label: 'Select all messages', group: 'List', keys: [] },
  'conversations': { label: 'Conversations as one, or each message', group: 'List', keys: [] },
  'all-seen': { label: 'Mark all of the list as read', group: 'List', keys: ['C'] },
  'filter-list': { label: 'Search in this list', group: 'List', keys: ['Mod+Shift+K'] },
  'expand-all': { label: 'Unfold all conversations of the list', group: 'List', keys: [] },
  'collapse-all': { label: 'Fold all conversations of the list', group: 'List', keys: [] },
  'list-look': { label: 'Cards or table', group: 'List', keys: [] },
  'row-menu': { label: 'Menu of what is chosen', group: 'List', keys: ['Shift+F10'] },
  'reading-pane': { label: 'Show or hide the reading pane', group: 'List', keys: ['F8'] },
  'drag': { label: 'Drag messages by the keyboard', group: 'List', keys: ['Mod+Shift+D'] },
  'reply': { label: 'Reply', group: 'Message', keys: ['r', 'Mod+R'], thunderbird: ['Mod+R'] },
  'reply-all': {
    label: 'Reply to all',
    group: 'Message',
    keys: ['R', 'Mod+Shift+R'],
    thunderbird: ['Mod+Shift+R'],
    gmail: ['a', 'Mod+Shift+R'],
  },
  'forward': { label: 'Forward', group: 'Message', keys: ['f', 'Mod+Shift+F', 'Mod+L'], thunderbird: ['Mod+L'] },
  'reply-list': { label: 'Reply to the list', group: 'Message', keys: ['Mod+Shift+L'] },
  'forward-attached': { label: 'Forward as attachment', group: 'Message', keys: [] },
  'redirect': { label: 'Redirect', group: 'Message', keys: [] },
  'edit-as-new': { label: 'Edit as new', group: 'Message', keys: ['Mod+E'] },
  'archive': { label: 'Archive', group: 'Message', keys: ['a', 'e'], thunderbird: ['a'], gmail: ['e'] },
  'delete': { label: 'Delete', group: 'Message', keys: ['Delete'], gmail: ['#', 'Delete'] },
  'delete-for-good': { label: 'Delete for good', group: 'Message', keys: ['Shift+Delete'] },
  'junk': { label: 'Junk, or not junk', group: 'Message', keys: ['!'], thunderbird: ['j'] },
  'move': { label: 'Move to a folder', group: 'Message', keys: ['v'] },
  'move-again': { label: 'Move to the same folder again', group: 'Message', keys: ['Mod+Shift+M'] },
  'toggle-seen': { label: 'Read or unread', group: 'Message', keys: ['m'], gmail: ['I'] },
  'toggle-star': { label: 'Star', group: 'Message', keys: ['s'] },
  'snooze': { label: 'Snooze', group: 'Message', keys: ['h'], gmail: ['b'] },
  'unfold-all': { label: 'Unfold all of a conversation', group: 'Message', keys: ['*'], gmail: [';'] },
  'fold-all': { label: 'Fold all of a conversation', group: 'Message', keys: ['\\'], gmail: [':'] },
  'find-in-message': { label: 'Find in this message', group: 'Message', keys: ['Mod+F'] },
  'print': { label: 'Print or save as PDF', group: 'Message', keys: ['Mod+P'] },
  'unsubscribe': { label: 'Unsubscribe', group: 'Message', keys: [] },
  'headers': { label: 'View all headers', group: 'Message', keys: ['Mod+Shift+H'] },
  'parts': { label: 'View the parts of the message', group: 'Message', keys: [] },
  'source': { label: 'View source', group: 'Message', keys: ['Mod+U'] },
  'message-window': { label: 'Open in a window', group: 'Message', keys: ['Mod+O'] },
  'compose-window': { label: 'New message in a window', group: 'Anywhere', keys: ['Mod+Shift+N'] },
  'log-window': { label: 'Protocol log in a window', group: 'Go to', keys: [] },
  'log-of-message': { label: 'Sessions of this message', group: 'Message', keys: ['Shift+F12'] },
  'send': { label: 'Send', group: 'Writing', keys: ['Mod+Enter'] },
  'send-later': { label: 'Send later', group: 'Writing', keys: ['Mod+Shift+Enter'] },
  'attach': { label: 'Attach files', group: 'Writing', keys: ['Mod+Shift+A'] },
  'toggle-format': { label: 'Rich or plain text', group: 'Writing', keys: ['Mod+Shift+X'] },
  'remove-quote': { label: 'Remove the quote', group: 'Writing', keys: ['Mod+Shift+Q'] },
  'insert-template': { label: 'Insert a template', group: 'Writing', keys: ['Mod+Shift+T'] },
  'save-template': { label: 'Save as a template', group: 'Writing', keys: [] },
  'look-over': { label: 'Look the message over', group: 'Writing', keys: ['Mod+Shift+G'] },
  'fold-written': { label: 'Fold the message being written', group: 'Writing', keys: ['Mod+Shift+Y'] },
  'next-written': { label: 'Next message being written', group: 'Anywhere', keys: ['Alt+PageDown'] },
  'previous-written': { label: 'Message being written before', group: 'Anywhere', keys: ['Alt+PageUp'] },
  'own-window': {
    label: 'Open the message being written in a window of its own',
    group: 'Writing',
    keys: ['Mod+Shift+O'],
  },
  'trace': { label: 'Delivery trace', group: 'Message', keys: ['Mod+F12', 'w'] },
  'log-open': { label: 'Open a file of the protocol log', group: 'Protocol log', keys: [] },
  'log-pause': { label: 'Pause the list of sessions', group: 'Protocol log', keys: [] },
  'log-explain': { label: 'What does it mean?', group: 'Protocol log', keys: ['Mod+Shift+E'] },
  'log-clear': { label: 'Clear the protocol log', group: 'Protocol log', keys: [] },
  'log-bytes': { label: 'Show the bytes of a session', group: 'Protocol log', keys: ['Alt+1'] },
  'log-timing': { label: 'Show the timing of a session', group: 'Protocol log', keys: ['Alt+2'] },
  'log-tls': { label: 'Show the TLS of a session', group: 'Protocol log', keys: ['Alt+3'] },
  'log-share': { label: 'Share a session', group: 'Protocol log', keys: [] },
  'log-again': { label: 'Start from this session', group: 'Protocol log', keys: [] },
  'console-hang-up': { label: 'Hang up the session of the console', group: 'Protocol log', keys: [] },
  'console-anything': { label: 'Let me say anything to this server', group: 'Protocol log', keys: [] },
  'lab-switch': { label: 'Start the rehearsal lab, or switch it off', group: 'Protocol log', keys: [] },
  'lab-send': { label: 'Send a rehearsal message', group: 'Protocol log', keys: [] },
  'lab-reset': { label: 'Let all be well with the rehearsal lab', group: 'Protocol log', keys: [] },
} as const satisfies Readonly<Record<string, CommandEntry>>

/** A command by its name. */
export type CommandId = keyof typeof COMMANDS

/** Which keys act: a set people know from elsewhere, or none that are single letters. */
export const KEY_SCHEMES = ['posthorn', 'thunderbird', 'gmail', 'off'] as const
export type KeyScheme = (typeof KEY_SCHEMES)[number]

/** True for the name of a command. */
export function isCommandId(name: string): name is CommandId {
  return Object.hasOwn(COMMANDS, name)
}

/** True where a chord is one or two characters without a modifier, which somebody may type by mistake (WCAG 2.1.4). */
export function isLetters(chord: string): boolean {
  return chord.split(' ').every((one) => [...one].length === 1)
}

const NAMED =
  '(?:F[1-9]|F1[0-2]|Enter|Delete|Backspace|Insert|Home|End|PageUp|PageDown|Arrow(?:Up|Down|Left|Right)|Space)'
const CHORD = new RegExp(`^(?:(?:Mod\\+)?(?:Alt\\+)?(?:Shift\\+)?(?:${NAMED}|\\S)|\\S \\S)$`, 'u')

/** True for what can be pressed. */
export function isChord(text: string): boolean {
  return CHORD.test(text)
}

/** One line of a person's own keys: `archive=y`; without a chord (`archive=`) the command has none. */
export function parseBinding(line: string): { readonly id: CommandId; readonly chord: string | null } | undefined {
  const at = line.indexOf('=')
  const id = line.slice(0, at)
  const chord = line.slice(at + 1)
  if (at < 1 || !isCommandId(id) || (chord !== '' && !isChord(chord))) return undefined
  return { id, chord: chord === '' ? null : chord }
}

/** The keys of each command under a scheme and a person's own lines, which win over every other use of their chord. */
export function keysOf(scheme: KeyScheme, own: readonly string[]): ReadonlyMap<CommandId, readonly string[]> {
  const mine = own.flatMap((line) => parseBinding(line) ?? [])
  const taken = new Set(mine.flatMap(({ chord }) => chord ?? []))
  const ids = Object.keys(COMMANDS).filter(isCommandId)
  return new Map(
    ids.map((id) => {
      const lines = mine.filter((one) => one.id === id)
      if (lines.length > 0) return [id, lines.flatMap(({ chord }) => chord ?? [])]
      const entry: CommandEntry = COMMANDS[id]
      const keys = (scheme === 'thunderbird' || scheme === 'gmail' ? entry[scheme] : undefined) ?? entry.keys
      return [id, keys.filter((chord) => !taken.has(chord) && (scheme !== 'off' || !isLetters(chord)))]
    }),
  )
}
