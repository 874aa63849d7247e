import { readFileSync } from 'node:fs'
import { relative } from 'node:path/posix'

/**
 * The walls of the house. `may` is the table of ARCHITECTURE.md: the folders (or files) a room may import besides its
 * own; `uses` names the packages and the guarded Node modules it may import.
 */
interface Room {
  readonly may: readonly string[]
  readonly uses?: readonly string[]
  /** Runs in a browser or touches no system at all: no `node:` import of any kind. */
  readonly withoutNode?: true
}

const base = 'core/base'
const model = 'core/model'
const settings = 'core/settings.ts'
const wire = 'core/wire'
const scram = 'core/wire/scram.ts'
const saslName = 'core/wire/sasl-name.ts'
/** SASL as a client speaks it, the same in SMTP and POP3. */
const clientSasl = 'core/wire/smtp/client-sasl.ts'
/** What a client says within AUTH, and in lines: the same to both servers. */
const serverWords = ['core/wire/smtp/sasl.ts', 'core/wire/smtp/server-input.ts']
const message = 'core/message'
const transcript = 'core/transcript'
const net = 'core/net'
const store = 'core/store'
const rpc = 'core/rpc'
const engine = 'core/engine.ts'
/** The engine as hosts start it: it may be locked. */
const lock = 'core/engine-lock.ts'

const SOCKETS = ['node:net', 'node:tls', 'node:dgram']
const WEB = ['node:http', 'node:https', 'node:http2']
const ORPC = ['@orpc/client', '@orpc/contract', '@orpc/server']
const TIPTAP = ['@tiptap/core', '@tiptap/pm', '@tiptap/react', '@tiptap/starter-kit']

export const ROOMS: Readonly<Record<string, Room>> = {
  'core/base': { may: [] },
  'core/model': { may: [base], uses: ['intl-messageformat'], withoutNode: true },
  'core/settings.ts': { may: [base, model], uses: ['zod'], withoutNode: true },
  'core/wire': { may: [base, model], withoutNode: true },
  'core/wire/smtp': { may: [base, model, scram, saslName], withoutNode: true },
  'core/wire/pop3': { may: [base, model, scram, saslName, clientSasl, ...serverWords], withoutNode: true },
  'core/message': { may: [base, model], uses: ['nodemailer'] },
  'core/transcript': { may: [base, model] },
  'core/net': { may: [base, model, wire, transcript], uses: [...SOCKETS, ...WEB, 'dns-packet'] },
  'core/store': { may: [base, model], uses: ['better-sqlite3'] },
  'core/vault': { may: [base, model, store, net] },
  'core/queue': { may: [base, model, message, store] },
  'core/relay': { may: [base, model, wire, net, transcript] },
  'core/serve': { may: [base, model, store, wire, net, transcript], uses: SOCKETS },
  'core/fetch': { may: [base, model, message, store, wire, net, transcript] },
  'core/fetch/imap*.ts': {
    may: ['core/fetch/*.ts', base, model, message, store, wire, net, transcript],
    uses: ['imapflow'],
  },
  'core/fetch/discover*.ts': {
    may: ['core/fetch/*.ts', base, model, message, store, wire, net, transcript],
    uses: ['tldts'],
  },
  'core/console': { may: [base, model, net] },
  'core/mailbox': { may: [base, model, message, store], uses: ['re2js'] },
  'core/rpc': { may: [base, model], uses: ['zod', ...ORPC] },
  'core/engine*.ts': {
    may: [
      'core/engine*.ts',
      'core/base',
      'core/model',
      'core/wire',
      'core/message',
      'core/transcript',
      'core/net',
      'core/store',
      'core/vault',
    ].concat([
      'core/queue',
      'core/relay',
      'core/serve',
      'core/fetch',
      'core/mailbox',
      'core/console',
      'core/rpc',
      settings,
    ]),
    uses: ORPC,
  },
  'core/host': { may: [base, model, message, store, rpc, engine, lock], uses: [...SOCKETS, ...WEB, 'ws', ...ORPC] },
  'electron': {
    may: [base, model, settings, rpc, engine, lock, 'resources/words'],
    uses: ['electron', 'electron-updater', ...ORPC],
  },
  // The two places where the application is the command line, too, and the engine that commands ask.
  'electron/command-line.ts': { may: ['core/host/cli.ts'] },
  'electron/serve-commands.ts': {
    may: [engine, lock, 'core/host/commands.ts', 'core/host/local-socket.ts', 'core/host/unlock-command.ts'],
  },
  'renderer/src': {
    may: [rpc, model, base],
    uses: [
      'react',
      'react-dom',
      'react-aria',
      'react-aria-components',
      '@tanstack/react-virtual',
      'dompurify',
      'pdfjs-dist',
      ...TIPTAP,
      ...ORPC,
    ],
    withoutNode: true,
  },
}

/** What a test beside its file may import on top of its room's imports; `node:*` is open to it too. */
const TESTS: Room = {
  may: ['test/support'],
  uses: ['vitest', 'fast-check', 'mailauth', 'postal-mime', ...SOCKETS, ...WEB],
}
/** A room's handlers speak the contract, whatever the room. */
const HANDLERS: Room = { may: [rpc], uses: ORPC }

/** One room with all that several allow. A test stands in Node, whatever its room does. */
const joined = ({ withoutNode, ...room }: Room, ...more: readonly Room[]): Room => ({
  may: [room, ...more].flatMap(({ may }) => may),
  uses: [room, ...more].flatMap(({ uses = [] }) => uses),
  ...(withoutNode && !more.includes(TESTS) ? { withoutNode } : {}),
})

/** Every package of ours and every Node module that is not for all: a room names the ones it uses. */
const manifest = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))
const GUARDED = [...Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }), ...SOCKETS, ...WEB]

/** How many folders deep a room may go. Relative imports are told apart by their `../`, so each depth has its own rule. */
const DEPTH = 4

function restrictions(room: string, folder: string, { may, uses = [], withoutNode }: Room) {
  // Any room may ask what a setting looks like; values are handed to it.
  const open = room === base || room === model ? may : [...may, settings]
  const outside = room.endsWith('.ts') ? ['./**', '../**'] : [`${'../'.repeat(depthOf(folder) - depthOf(room) + 1)}**`]
  const doors = open.map((to) => `!${from(folder, to)}${to.endsWith('.ts') ? '' : '/**'}`)
  const guarded = `^(${GUARDED.filter((name) => !uses.includes(name)).join('|')})(/|$)`
  const message = `${room} may import ${[...open, ...uses].join(', ') || 'nothing'}: see the table in ARCHITECTURE.md`
  const patterns = [
    { group: [...outside, ...doors], message },
    { regex: guarded, message },
    ...(withoutNode ? [{ regex: '^node:', message: `${room} runs without Node` }] : []),
  ]
  return { 'no-restricted-imports': ['error', { patterns }] }
}

const depthOf = (path: string) => path.split('/').length

/** The path an import in `folder` names `to` by. */
function from(folder: string, to: string): string {
  const path = relative(folder, to)
  return path.startsWith('.') ? path : `./${path}`
}

/** The overrides of one room. A later one replaces an earlier one, so the particular comes after the general. */
function wall(name: string, room: Room) {
  const isFile = name.endsWith('.ts')
  const stems = isFile
    ? [name.slice(0, -3)]
    : Array.from({ length: DEPTH }, (_, depth) => `${name}/${'*/'.repeat(depth)}*`)
  return stems.flatMap((stem) => {
    const folder = stem.slice(0, stem.lastIndexOf('/')).replaceAll('*', '_')
    const hold = (files: readonly string[], ...more: readonly Room[]) => ({
      files,
      rules: restrictions(name, folder, joined(room, ...more)),
    })
    const handlers = (ending: string) => [`${folder}/handlers${ending}`, `${folder}/*-handlers${ending}`]
    const hasHandlers = !isFile && name.startsWith('core/') && folder === name
    return [
      hold([`${stem}.ts`, `${stem}.tsx`]),
      hold([`${stem}.test.ts`, `${stem}.test.tsx`], TESTS),
      ...(hasHandlers ? [hold(handlers('.ts'), HANDLERS), hold(handlers('.test.ts'), HANDLERS, TESTS)] : []),
    ]
  })
}

export default {
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'promise', 'react', 'jsx-a11y'],
  categories: { correctness: 'error', suspicious: 'error' },
  ignorePatterns: ['dist', 'release', 'node_modules'],
  rules: {
    'import/no-cycle': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/consistent-type-imports': 'error',
    'eslint/eqeqeq': 'error',
    'react/react-in-jsx-scope': 'off',
    // Matters of taste, or blind to what the rule can't see.
    'eslint/no-shadow': 'off',
    'eslint/no-control-regex': 'off', // mail is made of control characters
    'eslint/no-unmodified-loop-condition': 'off', // knows nothing of `signal.aborted`
    'eslint/no-unused-private-class-members': 'off', // the compiler says it, and knows `??=`
    'eslint/require-yield': 'off', // a stream that ends at once yields nothing
    'import/no-named-as-default-member': 'off', // `fc.assert` is how fast-check is written
    'import/no-unassigned-import': 'off', // style sheets
    'jsx-a11y/prefer-tag-over-role': 'off', // `output` is no status line; axe looks at the real page
    'promise/always-return': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'unicorn/no-array-reverse': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/require-post-message-target-origin': 'off', // threads have no origin
    // For code that React's compiler is to rewrite, which this is not.
    'react/exhaustive-effect-dependencies': 'off',
    'react/immutability': 'off',
    'react/no-unstable-nested-components': ['error', { allowAsProps: true }], // the places of `tx` are no components
    'react/incompatible-library': 'off',
    'react/memo-dependencies': 'off',
    'react/refs': 'off',
  },
  overrides: Object.entries(ROOMS).flatMap(([name, room]) => wall(name, room)),
}
