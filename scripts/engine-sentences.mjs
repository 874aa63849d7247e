// The sentences the engine makes in English and the window tells in its own language: the literals of core/ that
// read like words, with a place for each value: `{0} closed the connection.` The engine knows nothing of this.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A node of a syntax tree (ESTree with TypeScript). @typedef {{ type: string, start: number, end: number, [name: string]: any }} Node */

/** Rooms whose words never reach the window as the engine's own. */
const ELSEWHERE = [
  // The command line is English.
  /\/host\//,
  /rule-action-text|rule-text/,
  // What is said on the wire, and stands in messages and files for others.
  /wire\/smtp\/(?:server|command|mail-parameters)/,
  /wire\/pop3\/server/,
  /net\/(?:smtp-server|loopback-redirect|pop3-server-deadlines)/,
  /serve\/(?:inbound-policy|submission-policy|turned-away|inbound\.ts)/,
  /model\/(?:lab|attachment-words|log-mail|sort-key)\.ts/,
  /message\/(?:dsn|mdn|dkim|file-name|rtf|seven-bit|compose|warnings|tree)/,
  /mailbox\/(?:rule-write|rich-text|inbound)\.ts/,
  /rpc\/page-policy/,
  /transcript\/(?:export|pcapng|share)\.ts/,
  /store\/migrations/,
  // Where bytes of somebody else or of the store are broken, for who looks into them: a reason behind a sentence that is told.
  /discover-xml|wire\/smtp\/reply\.ts|wire\/pop3\/response-reader/,
  /store\/(?:blob|body|staged|group|thread-line|migrate|search-adopt|rekey)\.ts/,
  // What only who starts the engine by hand is told.
  /vault\/(?:key-book|key-file|rekey|attempts)\.ts/,
  // Tables and guides that `toldSentences` and its like name as a whole.
  /model\/(?:explain|reply-|command-table|protection-words)/,
  /wire\/console|net\/console|console\/replay-steps|serve\/connect/,
]
/** What is called with words that are for no person at the window: the program's own log, SQL, patterns. */
const UNHEARD = /^(?:log|never|part|exec|prepare|pragma|t|tx|said|RegExp|Set|Error|TypeError|RangeError|until)$/
const SQL =
  /\b(?:SELECT|WHERE|JOIN|ORDER BY|LIMIT|THEN|json_each)\b|\bAS [a-z]|\b(?:IN|OR) (?:\(|\{)|\.id IN|\w_ms\b|\(state|instr\(|^(?:RCPT TO|MAIL FROM|BDAT)|^\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|WITH|PRAGMA|DROP|ALTER|BEGIN|COMMIT|AND|WHERE|FROM|ORDER|JOIN|SAVEPOINT|RELEASE|LIMIT|ROLLBACK|VACUUM)\b/
/** A sentence holds one of these; what holds none is a name. */
const SMALL_WORDS =
  /(?<![\w-])(?:it|is|are|was|were|not|no|the|a|an|of|to|in|has|have|had|can|could|cannot|can[’']t|there|this|that|by|on|for|with|from|more|too|only|but|and|or|already|than|at|as|after|before|until|while|you|its|be|been|nothing|nobody|without|so|will|would|did|does|do|into|when|where|who|which|again|another|other|up|off|out|never|wants?|needs?|left|over|under|given|chosen|holds?|because|since|last|next|each|all|any|every|both|none|same|them|they|here|still|yet|seconds|minutes|hours|days|minute|hour|day|second|signed|copied|moved|forwarded|redirected|answered|tagged|starred|marked|read|unread)(?![\w-])/i
/** Names of things the engine closes, and other literals that only look like sentences. */
const NAMES = new Set([
  'imports and exports',
  'watch of the program',
  'servers for other programs',
  'To do',
  // The report for who mends the program is English.
  'Made {#}, running since {#}',
  '(the whole file)',
  'an object such as {"submission":{"port":2587}}',
  'message of the lab',
  'has:nouserlabels -in:inbox -in:sent -in:drafts -in:chats',
])

/** Sentences too short to be told from names by what they hold. */
const SHORT = new Set(['starred', 'tagged {#}', 'answered {#}', 'marked {#}', 'not {#}: {#}'])

/**
 * What a literal or template may come to: a choice between literals is each of them, every other value a place.
 * @param {Node} node
 * @returns {string[] | undefined}
 */
function saidBy(node) {
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' ? [node.value] : undefined
    case 'ParenthesizedExpression':
      return saidBy(node.expression)
    case 'ConditionalExpression': {
      const [one, other] = [saidBy(node.consequent), saidBy(node.alternate)]
      return one === undefined || other === undefined ? undefined : [...one, ...other]
    }
    case 'TemplateLiteral': {
      let found = ['']
      node.quasis.forEach((/** @type {Node} */ quasi, /** @type {number} */ at) => {
        found = found.map((before) => before + quasi.value.cooked)
        const value = node.expressions[at]
        if (value === undefined) return
        const choices = value.type === 'TemplateLiteral' ? undefined : saidBy(value)
        found =
          choices === undefined || choices.length * found.length > 12
            ? found.map((before) => `${before}{#}`)
            : found.flatMap((before) => choices.map((choice) => before + choice))
      })
      return found
    }
    default:
      return undefined
  }
}

/** @param {string} text */
const numbered = (text) => {
  let at = 0
  return text.replaceAll('{#}', () => `{${at++}}`)
}

/** @param {string} text */
const isSentence = (text) =>
  SHORT.has(text) ||
  ((text.match(/\p{L}[\p{L}’']+/gu) ?? []).length >= 2 &&
    / /.test(text) &&
    SMALL_WORDS.test(text) &&
    !SQL.test(text) &&
    !/^[A-Z][A-Za-z-]+: |[<>]=?[A-Za-z"]|^[^"]*\w=\S|\n/.test(text) &&
    !NAMES.has(text))

/**
 * The sentences of one file of the engine.
 * @param {string} file
 * @param {string} source
 */
export function engineSentencesOf(file, source = readFileSync(join(root, file), 'utf8')) {
  /** @type {Set<string>} */
  const found = new Set()
  /** @param {unknown} tree */
  function walk(tree) {
    if (Array.isArray(tree)) return tree.forEach(walk)
    if (typeof tree !== 'object' || tree === null || !('type' in tree) || typeof tree.type !== 'string') return
    const node = /** @type {Node} */ (tree)
    if (/^(?:Import|ExportAll|TS(?:Literal|Type|Interface)|TaggedTemplate)/.test(node.type)) return
    if (node.type === 'CallExpression' || node.type === 'NewExpression')
      if (UNHEARD.test(node['callee'].name ?? node['callee'].property?.name ?? '')) return
    if (node.type === 'Literal' || node.type === 'TemplateLiteral')
      for (const text of saidBy(node) ?? []) if (isSentence(text)) found.add(numbered(text))
    for (const [name, value] of Object.entries(node)) if (name !== 'type') walk(value)
  }
  walk(parseSync(file, source).program)
  return found
}

/** All of them, of every room whose words the window may be handed. */
export function engineSentences() {
  const files = globSync(['core/**/*.ts', 'electron/keychain*.ts'], { cwd: root }).map((file) =>
    file.replaceAll('\\', '/'),
  )
  const heard = files.filter((file) => !/\.test\./.test(file) && !ELSEWHERE.some((room) => room.test(file)))
  return new Set(heard.flatMap((file) => [...engineSentencesOf(file)]))
}
