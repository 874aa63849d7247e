import { Fault } from './base/fault.ts'
import { httpsUrl, parseOwnProvider } from './model/sign-in-provider.ts'
import { LANGUAGES, PSEUDO } from './model/languages.ts'
import { KEY_SCHEMES, parseBinding, type KeyScheme } from './model/command-table.ts'
import { parseQuietHours } from './model/quiet-hours.ts'

/** One setting: what it may be, what it is when nobody says, and the sentence the settings page shows. */
export interface Setting<T> {
  readonly about: string
  readonly default: T
  readonly unit?: 'seconds' | 'port' | 'connections'
  /** All it may be, where that is a few words. */
  readonly choices?: readonly string[]
  /** What is allowed, in words for a person who wrote something else. */
  readonly allowed: string
  /** The value, or undefined when it is not allowed. */
  readonly parse: (value: unknown) => T | undefined
}

type Extra = { readonly unit?: Setting<unknown>['unit'] }

function flag(about: string, value: boolean, extra: Extra = {}): Setting<boolean> {
  return {
    about,
    default: value,
    allowed: 'true or false',
    parse: (v) => (typeof v === 'boolean' ? v : undefined),
    ...(extra as object),
  }
}
function whole(about: string, value: number, least: number, most: number, extra: Extra = {}): Setting<number> {
  const parse = (v: unknown) =>
    typeof v === 'number' && Number.isInteger(v) && v >= least && v <= most ? v : undefined
  return { about, default: value, allowed: `a whole number from ${least} to ${most}`, parse, ...(extra as object) }
}
function port(about: string, value: number | null, extra: Extra = {}): Setting<number | null> {
  const parse = (v: unknown) =>
    v === null || (typeof v === 'number' && Number.isInteger(v) && v >= 0 && v <= 65535) ? v : undefined
  return {
    about,
    default: value,
    unit: 'port',
    allowed: 'a port from 1 to 65535, 0 for any free port, null for off',
    parse,
    ...(extra as object),
  }
}
function text(
  about: string,
  value: string,
  allowed: string,
  ok: (v: string) => boolean,
  extra: Extra = {},
): Setting<string> {
  return {
    about,
    default: value,
    allowed,
    parse: (v) => (typeof v === 'string' && ok(v) ? v : undefined),
    ...(extra as object),
  }
}
function choice<V extends string>(about: string, value: V, choices: readonly V[], allowed: string): Setting<V> {
  return { about, default: value, allowed, choices, parse: (v) => choices.find((one) => one === v) }
}
function list<T>(
  about: string,
  value: readonly T[],
  allowed: string,
  ok: (v: unknown) => v is T,
  extra: Extra = {},
): Setting<readonly T[]> {
  return {
    about,
    default: value,
    allowed,
    parse: (v) => (Array.isArray(v) && v.every(ok) ? v : undefined),
    ...(extra as object),
  }
}

const isText = (v: unknown): v is string => typeof v === 'string'
const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`)
const isAddress = (v: string) => IPV4.test(v) || (/^[0-9a-fA-F:.]{2,45}$/.test(v) && v.includes(':'))
const isServer = (v: unknown): v is string =>
  isText(v) &&
  (/^\[[0-9a-fA-F:.]+\](?::\d{1,5})?$/.test(v) ||
    isAddress(v) ||
    (IPV4.test(v.split(':')[0] ?? '') && /^[^:]+:\d{1,5}$/.test(v)))
const isNetwork = (v: unknown): v is string => {
  if (!isText(v)) return false
  const [address = '', bits, ...rest] = v.split('/')
  return (
    rest.length === 0 &&
    isAddress(address) &&
    (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (address.includes(':') ? 128 : 32)))
  )
}
const LABEL = /^(?!-)[\p{L}\p{N}-]{1,63}(?<!-)$/u
const isDomainName = (v: unknown): v is string =>
  isText(v) && v.length <= 253 && v.split('.').every((label) => LABEL.test(label))
const isClientWord = (v: string) => /^[!-~]{0,1000}$/.test(v)
const clientWord = (about: string) => text(about, '', 'printable ASCII without spaces, or "" for none', isClientWord)
const isOwnProvider = (v: unknown): v is string => isText(v) && parseOwnProvider(v) !== undefined
const isSeconds = (v: unknown): v is number => typeof v === 'number' && Number.isInteger(v) && v >= 1 && v <= 864_000
const isLanguageTag = (v: unknown): v is string => isText(v) && /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/.test(v)
const isHost = (v: string) => isAddress(v) || v === 'localhost'

/** First waits 15 minutes up to 4 h, then hourly up to 24 h, then every 4 h (the last is repeated). */
const SCHEDULE = [...Array<number>(16).fill(900), ...Array<number>(20).fill(3600), 14_400]

/** Every setting of the product by its dotted name. The file is the same, nested. */
export const SETTINGS = {
  'submission.host': text(
    'Address the submission server listens on.',
    '127.0.0.1',
    'an IP address or "localhost"',
    isHost,
  ),
  'submission.port': port('Port other mail programs submit mail to.', 2587),
  'submission.tlsPort': port('Port for submission inside TLS from the first byte.', 2465),
  'submission.allowClearTextLogin': flag(
    'Let programs on this computer sign in without TLS, to submit mail or to read it. Their password then crosses the loopback interface readable.',
    false,
  ),
  'submission.trustedAddresses': list(
    'Networks whose programs may submit without a login, with a local domain as their address.',
    [] as readonly string[],
    'a list of IP networks such as "127.0.0.1" or "192.0.2.0/24"',
    isNetwork,
  ),
  'submission.maxConnections': whole('Most connections at once.', 20, 1, 10_000, { unit: 'connections' }),
  'submission.maxPerClient': whole('Most connections at once from one address.', 10, 1, 10_000, {
    unit: 'connections',
  }),
  'tls.name': text(
    "A name or address other computers reach this one by; the servers' own certificate is then for that, too.",
    '',
    'a host name or an IP address, or ""',
    (v) => v === '' || isAddress(v) || isDomainName(v),
  ),
  'tls.certificateFile': text(
    "A PEM file with the servers' certificate and its chain, in place of the one made here; read again when it changes.",
    '',
    'a path, or "" for the certificate made here',
    () => true,
  ),
  'tls.keyFile': text(
    'A PEM file with the private key of tls.certificateFile; when empty, the key is read from that file, too.',
    '',
    'a path, or "" for none',
    () => true,
  ),
  'inbound.enabled': flag('Accept mail from other servers for the local domains.', false),
  'inbound.host': text('Address the inbound server listens on.', '0.0.0.0', 'an IP address or "localhost"', isHost),
  'inbound.port': port('Port other servers deliver to.', 25),
  'inbound.trustedAddresses': list(
    'Networks whose mail waits for no greeting, is never greylisted and counts towards no rate.',
    [] as readonly string[],
    'a list of IP networks such as "192.0.2.1" or "192.0.2.0/24"',
    isNetwork,
  ),
  'inbound.maxConnections': whole('Most connections from other servers at once.', 20, 1, 10_000, {
    unit: 'connections',
  }),
  'inbound.maxPerClient': whole('Most connections at once from one other server.', 10, 1, 10_000, {
    unit: 'connections',
  }),
  'inbound.connectionsPerMinute': whole('Connections one other server may open in a minute.', 60, 1, 100_000),
  'inbound.messagesPerMinute': whole('Messages one other server may deliver in a minute.', 100, 1, 100_000),
  'inbound.delaySeconds': whole(
    'Wait before the greeting; a client that speaks first is turned away, as programs that send spam do.',
    3,
    0,
    60,
    { unit: 'seconds' },
  ),
  'inbound.greylist': flag('Ask servers that are not known to come again after five minutes; spam seldom does.', false),
  'pop3.enabled': flag('Let other mail programs read the Inbox of local users and of identities by POP3.', false),
  'pop3.host': text('Address the POP3 server listens on.', '127.0.0.1', 'an IP address or "localhost"', isHost),
  'pop3.port': port('Port of the POP3 server.', 2110),
  'pop3.tlsPort': port('Port of the POP3 server inside TLS from the first byte.', 2995),
  'pop3.maxConnections': whole('Most programs that read mail here at once.', 20, 1, 10_000, { unit: 'connections' }),
  'pop3.maxPerClient': whole('Most of them at once from one address.', 10, 1, 10_000, { unit: 'connections' }),
  'dns.servers': list(
    "Name servers to ask, as address or address:port; the system's when empty.",
    [] as readonly string[],
    'a list of "address" or "address:port"',
    isServer,
  ),
  'relay.port': whole('Port of the receiving servers.', 25, 1, 65535, { unit: 'port' }),
  'relay.caFile': text(
    "A PEM file of authorities to trust besides the system's.",
    '',
    'a path, or "" for none',
    () => true,
  ),
  'relay.allowPrivateAddresses': flag(
    "Deliver to private and loopback addresses, too. For tests of one's own network only.",
    false,
  ),
  'relay.family': choice(
    'Which addresses of other servers are dialled.',
    'both',
    ['both', 'ipv4', 'ipv6'],
    '"both", "ipv4" (never IPv6) or "ipv6" (never IPv4)',
  ) as Setting<'both' | 'ipv4' | 'ipv6'>,
  'relay.ehloName': text(
    'Name given in EHLO; the address of the connection when empty.',
    '',
    'a full domain name, or ""',
    (v) => v === '' || (isDomainName(v) && v.includes('.')),
  ),
  'preflight.blocklist': text(
    'The list of unwelcome addresses that is asked when the network is looked at; none when empty.',
    'zen.spamhaus.org',
    'a domain name, or ""',
    (v) => v === '' || isDomainName(v),
  ),
  'relay.mtaSts': flag('Fetch and obey the MTA-STS policies of the domains mail goes to.', true),
  'relay.tlsRatchetSeconds': whole(
    'How long a domain that had verified TLS gets no mail without it, counted from the last time; 0 for not at all.',
    7_776_000,
    0,
    315_360_000,
    { unit: 'seconds' },
  ),
  'local.domains': list(
    'Domains whose mail stays in this program.',
    [] as readonly string[],
    'a list of domain names',
    isDomainName,
  ),
  'local.quotaBytes': whole('Most bytes of mail one local user may keep here; 0 for no limit.', 0, 0, 2 ** 50),
  'junk.certaintyPercent': whole(
    'How sure it must be that a message is junk before rules hold it for that, in percent.',
    90,
    50,
    99,
  ),
  'rules.forwardsPerDay': whole('Most messages a day that rules forward or redirect; 0 for none.', 200, 0, 100_000),
  'rules.repliesPerDay': whole('Most answers a day that rules give; 0 for none.', 100, 0, 100_000),
  'rules.sendMaxAgeDays': whole(
    'Rules send nothing because of mail that came to its server more than so many days ago.',
    7,
    1,
    3650,
  ),
  'rules.historyDays': whole('How long it is kept what rules did to a message, in days.', 365, 1, 36_500),
  'queue.mode': choice(
    'Whether mail leaves at once or at intervals.',
    'at-once',
    ['at-once', 'interval'],
    '"at-once" or "interval"',
  ) as Setting<'at-once' | 'interval'>,
  'queue.intervalSeconds': whole('Time between two runs of the queue when it leaves at intervals.', 1800, 1, 864_000, {
    unit: 'seconds',
  }),
  'queue.paused': flag('Accept mail and send nothing.', false),
  'queue.undoSeconds': whole(
    'How long mail written here can be taken back before it leaves; 0 for not at all.',
    10,
    0,
    60,
    {
      unit: 'seconds',
    },
  ),
  'queue.retireAfterDays': whole('When the queue forgets a message that is done, in days.', 30, 1, 3650),
  'pace.profile': choice(
    'How gently mail leaves: as a home line must, or at full speed to a relay of your own.',
    'home',
    ['home', 'relay'],
    '"home" or "relay"',
  ) as Setting<'home' | 'relay'>,
  'pace.connections': whole('Most connections at once to all other servers together.', 10, 1, 1000, {
    unit: 'connections',
  }),
  'pace.connectionsPerDestination': whole(
    'Most connections at once to one destination; it begins with one and earns the others.',
    2,
    1,
    100,
    { unit: 'connections' },
  ),
  'pace.gapSeconds': whole('Least time between two connections to one destination.', 3, 0, 3600, { unit: 'seconds' }),
  'pace.messagesPerConnection': whole('Most messages on one connection.', 50, 1, 10_000),
  'pace.messagesPerMinute': whole('Most messages a minute to one destination; 0 for no limit.', 20, 0, 1_000_000),
  'pace.messagesPerHour': whole('Most messages an hour to one destination; 0 for no limit.', 0, 0, 1_000_000),
  'pace.messagesPerDay': whole('Most messages a day to one destination; 0 for no limit.', 0, 0, 10_000_000),
  'pace.warnPerDay': whole(
    'Messages a day to one destination from which on a warning is shown; nothing waits for it. 0 for none.',
    200,
    0,
    10_000_000,
  ),
  'retry.profile': choice(
    'When mail is tried again: by "retry.scheduleSeconds", or every 15 minutes as sendmail does.',
    'schedule',
    ['schedule', 'sendmail'],
    '"schedule" or "sendmail"',
  ) as Setting<'schedule' | 'sendmail'>,
  'retry.scheduleSeconds': list(
    'Waits between two tries; the last one is repeated.',
    SCHEDULE,
    'a list of whole numbers from 1 to 864000, not empty',
    isSeconds,
    { unit: 'seconds' },
  ),
  'retry.warnAfterSeconds': whole('When the author is told that a message is still waiting.', 14_400, 1, 8_640_000, {
    unit: 'seconds',
  }),
  'retry.giveUpAfterSeconds': whole('When a message that cannot be delivered is returned.', 432_000, 1, 8_640_000, {
    unit: 'seconds',
  }),
  'retry.reportGiveUpAfterSeconds': whole(
    'When a report, which has no sender to return it to, is given up.',
    172_800,
    1,
    8_640_000,
    { unit: 'seconds' },
  ),
  'retry.minTries': whole('Tries that must have been made before a message is returned.', 12, 1, 1000),
  'retry.minOnlineSeconds': whole(
    'Time online there must have been before a message is returned.',
    86_400,
    0,
    8_640_000,
    { unit: 'seconds' },
  ),
  'retry.unknownAfterSeconds': whole(
    'Wait before a message is sent again whose arrival is unknown.',
    3600,
    1,
    864_000,
    { unit: 'seconds' },
  ),
  'discovery.ispdbUrl': text(
    "Where the settings of well-known providers are looked up by their domain's name; empty for nowhere.",
    'https://live.thunderbird.net/autoconfig/v1.1/',
    'an https URL that ends in a slash, or ""',
    (v) => v === '' || (v.endsWith('/') && httpsUrl(v) !== undefined),
  ),
  'discovery.allowPrivateAddresses': flag(
    "Look for settings at private and loopback addresses, too. For one's own network only.",
    false,
  ),
  'oauth.google.clientId': clientWord('Client id with which Posthorn signs people in at Google.'),
  'oauth.google.clientSecret': clientWord(
    'Client secret that Google gives with it; of an installed program it is no secret (RFC 8252 §8.5).',
  ),
  'oauth.microsoft.clientId': clientWord('Client id with which Posthorn signs people in at Microsoft.'),
  'oauth.yahoo.clientId': clientWord('Client id with which Posthorn signs people in at Yahoo.'),
  'oauth.yahoo.clientSecret': clientWord('Client secret that Yahoo gives with it.'),
  'oauth.fastmail.clientId': clientWord('Client id with which Posthorn signs people in at Fastmail.'),
  'oauth.providers': list(
    'Further providers that sign people in by OAuth 2.0, such as the one of a firm.',
    [] as readonly string[],
    'a list of "id=ID authorize=URL token=URL client=ID", each also with name=, secret=, scope=A+B and hosts=A+B',
    isOwnProvider,
  ),
  'console.idleSeconds': whole(
    'When a session of the guided console ends in which nothing is said any more.',
    600,
    10,
    86_400,
    { unit: 'seconds' },
  ),
  'lab.domain': text(
    'Domain whose mail goes to the rehearsal lab on this computer and never leaves it.',
    'lab.posthorn.invalid',
    'a domain that ends in .invalid or .test, in small letters',
    (v) => /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}(?:invalid|test)$/.test(v),
  ),
  'lab.retrySeconds': whole(
    'When a rehearsal that was put off is tried again, sooner than other mail; each further wait is twice as long.',
    5,
    1,
    86_400,
    { unit: 'seconds' },
  ),
  'log.protocols': list(
    'Protocols whose sessions are recorded in the protocol log.',
    ['smtp', 'pop3', 'imap'] as readonly ('smtp' | 'pop3' | 'imap')[],
    'a list of "smtp", "pop3" and "imap"',
    (v) => v === 'smtp' || v === 'pop3' || v === 'imap',
  ),
  'log.smtp.keepDays': whole('How long sessions of SMTP stay in the protocol log, in days.', 30, 1, 36_500),
  'log.smtp.keepBytes': whole(
    'Most bytes all sessions of SMTP may take in the protocol log; the oldest go first. 0 for no limit.',
    128 * 1024 * 1024,
    0,
    2 ** 50,
  ),
  'log.pop3.keepDays': whole('How long sessions of POP3 stay in the protocol log, in days.', 30, 1, 36_500),
  'log.pop3.keepBytes': whole(
    'Most bytes all sessions of POP3 may take in the protocol log; the oldest go first. 0 for no limit.',
    32 * 1024 * 1024,
    0,
    2 ** 50,
  ),
  'log.imap.keepDays': whole('How long sessions of IMAP stay in the protocol log, in days.', 30, 1, 36_500),
  'log.imap.keepBytes': whole(
    'Most bytes all sessions of IMAP may take in the protocol log; the oldest go first. 0 for no limit.',
    64 * 1024 * 1024,
    0,
    2 ** 50,
  ),
  'ui.port': whole('Port the window is served on in the browser; 0 for any free one.', 0, 0, 65535, { unit: 'port' }),
  'privacy.remoteImagesFrom': list(
    'Whose mail may load pictures of the web at once: addresses, or domains as "@shop.example".',
    [] as readonly string[],
    'a list of addresses such as "ada@one.example", or "@one.example" for all of a domain',
    (v): v is string => isText(v) && v.length <= 320 && /^[^\s@]*@[^\s@]+$/.test(v),
  ),
  'privacy.allowPrivateAddresses': flag(
    'Let pictures of mail be loaded from private and loopback addresses, too.',
    false,
  ),
  'look.language': choice<string>(
    'The language of the window: that of the system, or one of those Posthorn speaks.',
    'system',
    ['system', ...Object.keys(LANGUAGES), PSEUDO],
    'system, en, de, fr, ja, ar, or en-XA (for translators: English with every letter changed)',
  ),
  'look.theme': choice(
    'Light or dark window, or as the system has it.',
    'system',
    ['system', 'light', 'dark'],
    '"system", "light" or "dark"',
  ) as Setting<'system' | 'light' | 'dark'>,
  'look.density': choice(
    'How close together the rows of lists stand.',
    'normal',
    ['compact', 'normal', 'roomy'],
    '"compact", "normal" or "roomy"',
  ) as Setting<'compact' | 'normal' | 'roomy'>,
  'look.conversations': flag('Show the messages of a conversation as one row, and read them as one.', true),
  'look.newestFirst': flag('In a conversation, show the newest message first.', false),
  'look.list': choice(
    'How lists of messages look: two lines for each, or a table.',
    'cards',
    ['cards', 'table'],
    '"cards" or "table"',
  ) as Setting<'cards' | 'table'>,
  'look.readingPane': choice(
    'Where a message is read: beside the list, below it, or in its place.',
    'right',
    ['right', 'below', 'off'],
    '"right", "below" or "off"',
  ) as Setting<'right' | 'below' | 'off'>,
  'look.columns': list(
    'How wide the columns of the table are, in pixels.',
    [] as readonly string[],
    'a list of lines such as "from=220"; the columns are from, date and size',
    (v): v is string => isText(v) && /^(?:from|date|size)=\d{2,3}$/.test(v),
  ),
  'look.panes': list(
    'How wide the folders and the list are, in pixels, where somebody has drawn them.',
    [] as readonly string[],
    'a list of lines such as "folders=240"; the panes are folders and list',
    (v): v is string => isText(v) && /^(?:folders|list)=\d{2,3}$/.test(v),
  ),
  'look.sorting': list(
    'What folders are sorted by where that is not the newest first: the number of a folder, or "all" for the unified inbox.',
    [] as readonly string[],
    'a list of lines such as "all=date-up" or "7=subject-down", by date, from, subject or size',
    (v): v is string => isText(v) && /^(?:all|\d{1,16})=(?:date|from|subject|size)-(?:up|down)$/.test(v),
  ),
  'look.unifiedInbox': flag('Show all inboxes together as one, above the folders.', true),
  'compose.format': choice(
    'How new messages are written: rich text, which is sent as plain text where nothing is formatted, or plain text.',
    'rich',
    ['rich', 'plain'],
    '"rich" or "plain"',
  ) as Setting<'rich' | 'plain'>,
  'compose.answer': choice(
    'Where an answer stands: above what is quoted, below it, or without a quote.',
    'above',
    ['above', 'below', 'alone'],
    '"above", "below" or "alone"',
  ) as Setting<'above' | 'below' | 'alone'>,
  'compose.review': flag(
    "Look at a message before it is sent: its recipients' domains in DNS, a missing subject or attachment, many visible recipients.",
    true,
  ),
  'keys.scheme': choice<KeyScheme>(
    'Which keys act in the window: its own, those of Thunderbird or Gmail, or none that are single letters.',
    'posthorn',
    KEY_SCHEMES,
    '"posthorn", "thunderbird", "gmail" or "off"',
  ),
  'keys.own': list(
    'Keys of your own, which win over the scheme: a command and what is pressed for it, or nothing.',
    [] as readonly string[],
    'a list of lines such as "archive=y", "log=Mod+Shift+L" or "junk="',
    (v): v is string => isText(v) && parseBinding(v) !== undefined,
  ),
  'desktop.closing': choice(
    'What closing the last window of the desktop application does: ask once, keep it running in the tray, or quit.',
    'ask',
    ['ask', 'tray', 'quit'],
    '"ask", "tray" or "quit"',
  ) as Setting<'ask' | 'tray' | 'quit'>,
  'desktop.startAtLogin': flag('Start the desktop application, without a window, when you sign in.', false),
  'desktop.notify': flag('Let the desktop application tell of new mail in an inbox.', true),
  'desktop.notifyWords': flag('Show author and subject in what it tells, also on a locked screen.', true),
  'desktop.quietHours': text(
    'Hours of each day in which it tells of nothing.',
    '',
    'two times such as "22:00-07:00", or ""',
    (v) => v === '' || parseQuietHours(v) !== undefined,
  ),
  'desktop.badge': flag('Show the number of unread messages at the icon of the desktop application.', true),
  'desktop.spellLanguages': list(
    'Languages whose spelling the desktop application checks; but on macOS, their dictionaries are fetched once from Google.',
    [] as readonly string[],
    'a list of languages such as "en-GB" or "de"; none for no check',
    isLanguageTag,
  ),
  'updates.feed': text(
    'Folder on a web server where the desktop application looks once a day for a newer version; empty to look nowhere.',
    '',
    'a URL such as https://updates.example.org/posthorn/ that ends in a slash, or empty',
    (v) => v === '' || (v.endsWith('/') && httpsUrl(v) !== undefined),
  ),
  'updates.key': text(
    'Public key (Ed25519, base64) of whoever makes these versions: no other signature is believed, and without it nothing is looked for.',
    '',
    'the 44 characters that scripts/sign-feed.mjs prints, or empty',
    (v) => v === '' || /^[A-Za-z0-9+/]{43}=$/.test(v),
  ),
} as const

export type SettingKey = keyof typeof SETTINGS
type ValueOf<S> = S extends Setting<infer T> ? T : never
/** All settings by dotted name, each with its value. */
export type Settings = { readonly [K in SettingKey]: ValueOf<(typeof SETTINGS)[K]> }

/** Every setting at its default. */
export function defaultSettings(): Settings {
  return Object.fromEntries(
    Object.entries(SETTINGS).map(([key, setting]) => [key, setting.default]),
  ) as unknown as Settings
}

/**
 * One setting's value from outside. Throws `settings.invalid` with key, value and what is allowed, also for a key that
 * does not exist.
 */
export function parseSetting<K extends SettingKey>(key: K, value: unknown): Settings[K]
export function parseSetting(key: string, value: unknown): unknown
export function parseSetting(key: string, value: unknown): unknown {
  const shown = shorten(JSON.stringify(value) ?? String(value))
  const refuse = (allowed: string) =>
    new Fault('settings.invalid', `read the setting "${key}": ${shown} is not allowed; allowed is ${allowed}`, {
      key,
      value: shown,
      allowed,
    })
  if (!Object.hasOwn(SETTINGS, key)) {
    const allowed = keysNear(key).join(', ')
    throw new Fault(
      'settings.invalid',
      `read the settings: there is no setting "${shorten(key)}" (it was set to ${shown}); allowed is one of ${allowed}`,
      { key, value: shown, allowed },
    )
  }
  const setting = SETTINGS[key as SettingKey] as Setting<unknown>
  const parsed = setting.parse(value)
  if (parsed === undefined || (key === 'retry.scheduleSeconds' && (parsed as readonly unknown[]).length === 0))
    throw refuse(setting.allowed)
  return parsed
}

const SHOWN_LENGTH = 200
const shorten = (text: string) => (text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text)

/** The keys a person may have meant: those of the same group, else all. */
function keysNear(key: string): string[] {
  const all = Object.keys(SETTINGS)
  const group = all.filter((one) => one.startsWith(`${key.split('.', 1)[0]}.`))
  return group.length > 0 ? group : all
}

/**
 * A settings file's content as settings. Nested objects name keys part by part; what is not said keeps its default.
 * Throws `settings.invalid`.
 */
export function parseSettings(json: unknown): Settings {
  const found: Record<string, unknown> = {}
  const walk = (value: unknown, path: string): void => {
    if (path !== '' && Object.hasOwn(SETTINGS, path)) {
      found[path] = parseSetting(path, value)
      return
    }
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      if (path !== '') parseSetting(path, value)
      const shown = shorten(JSON.stringify(value) ?? String(value))
      const allowed = 'an object such as {"submission":{"port":2587}}'
      throw new Fault('settings.invalid', `read the settings: the whole file is ${shown}; allowed is ${allowed}`, {
        key: '(the whole file)',
        value: shown,
        allowed,
      })
    }
    // A group that is not there is named as a whole, however deep it goes.
    if (path !== '' && !Object.keys(SETTINGS).some((key) => key.startsWith(`${path}.`))) parseSetting(path, value)
    for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`)
  }
  walk(json, '')
  return { ...defaultSettings(), ...found } as Settings
}
