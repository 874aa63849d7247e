/** What the bench is asked to measure. */
export interface Options {
  readonly areas: ReadonlySet<Area>
  readonly acceptCells: readonly AcceptCell[]
  /** Numbers of domains. */
  readonly deliverCells: readonly number[]
  /** Words for cells of pop3. */
  readonly pop3Cells: ReadonlySet<string>
  readonly rounds: number
  readonly peers: ReadonlySet<Peer>
  /** Of one run of `deliver`. */
  readonly messages: number
  /** Messages that are searched. */
  readonly corpus: number
  /** Lines of the log that is searched. */
  readonly lines: number
  /** Of use before the window's memory is read. */
  readonly minutes: number
  /** Where the window's mailbox is kept from run to run. */
  readonly mailbox: string | undefined
  /** Scratch folder; must lie on the disk that is to be measured. */
  readonly work: string
  /** Where CPU profiles of Posthorn's threads go; a profiled run is slower. */
  readonly profile: string | undefined
}
const AREAS = ['accept', 'deliver', 'waiting', 'pop3', 'search', 'folder', 'start', 'log', 'window'] as const
export type Area = (typeof AREAS)[number]
const PEERS = ['postfix', 'haraka', 'notmuch', 'mpop', 'fetchmail', 'getmail'] as const
export type Peer = (typeof PEERS)[number]

/** One load of `accept`. */
export interface AcceptCell {
  readonly name: string
  readonly sizeBytes: number
  readonly sessions: number
  /** All messages on kept sessions, or a session each. */
  readonly keepsSessions: boolean
  /** Every flush takes 5 ms longer. */
  readonly slowFlush: boolean
}

const ACCEPT =
  '4k:1:reuse,4k:10:once,4k:50:once,4k:10:reuse,4k:50:reuse,4k:200:reuse,64k:1:reuse,64k:10:reuse,64k:50:reuse,4k:10:reuse:flush,4k:50:reuse:flush'
const DELIVER = '1,200'
const POP3 = ['here', 'line'] as const

/** How to call it. */
export const USAGE = `npm run bench -- [accept] [deliver] [waiting] [pop3] [search] [folder] [start] [log] [window] [options]
  accept    messages a second taken durably, beside the peers in the same run, and what the protocol log costs
  deliver   queued messages a second handed on to a sink, beside the peers in the same run
  waiting   memory with 100,000 recipients waiting, and what one look at the queue costs at three lengths
  pop3      messages a second fetched by POP3, here and over a slow line, beside mpop, fetchmail and getmail
  search    import of so many messages, ten queries in them, the pages of their folder and the size of the index, beside notmuch
  folder    the first page of a folder and a jump to its middle, memory, and the database's size for each message
  start     what is read before the window paints, and an engine with so many messages to its first list
  log       queries of the protocol log, over so many lines
  window    the window over so many messages in a real Chromium: opening, scrolling, searching, memory
  --cells CELLS   of accept SIZE:SESSIONS:reuse|once[:flush], of deliver the number of domains,
                  of pop3 here or line
                  (${ACCEPT},${DELIVER},${POP3.join()})
  --rounds N      figures are medians of so many rounds (3)
  --peers LIST    postfix, haraka, notmuch, mpop, fetchmail, getmail or none (all)
  --messages N    of one run of deliver (5000)
  --corpus N      messages of search, folder and start (100000)
  --lines N       of the log that is searched (1000000)
  --minutes N     of use before the window's memory is read (10)
  --mailbox DIR   of the window: a run makes it there and measures nothing; later runs measure it and leave it
  --work FOLDER   scratch, on the disk to be measured (/var/tmp)
  --profile DIR   write CPU profiles of Posthorn's threads there`

/** Reads the arguments. Throws with words for who wrote them. */
export function parseOptions(argv: readonly string[]): Options {
  const areas = new Set<Area>()
  const values = new Map<string, string>()
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? ''
    if (isOneOf(AREAS, word)) areas.add(word)
    else if (
      [
        '--cells',
        '--rounds',
        '--peers',
        '--messages',
        '--corpus',
        '--lines',
        '--minutes',
        '--mailbox',
        '--work',
        '--profile',
      ].includes(word)
    )
      values.set(word, argv[++i] ?? '')
    else throw new Error(`"${word}" is no argument of the bench\n${USAGE}`)
  }
  const cells = (values.get('--cells') ?? `${ACCEPT},${DELIVER},${POP3.join()}`).split(',')
  const peers = (values.get('--peers') ?? PEERS.join()).split(',').filter((one) => one !== 'none')
  for (const peer of peers) if (!isOneOf(PEERS, peer)) throw new Error(`"${peer}" is no peer\n${USAGE}`)
  return {
    areas: areas.size === 0 ? new Set(AREAS) : areas,
    acceptCells: cells.filter((cell) => cell.includes(':')).map(parseAcceptCell),
    deliverCells: cells.filter((cell) => !cell.includes(':') && !isOneOf(POP3, cell)).map((cell) => whole(cell, 200)),
    pop3Cells: new Set(cells.filter((cell) => isOneOf(POP3, cell))),
    rounds: whole(values.get('--rounds') ?? '3', 100),
    peers: new Set(peers as Peer[]),
    messages: whole(values.get('--messages') ?? '5000', 1_000_000),
    lines: whole(values.get('--lines') ?? '1000000', 100_000_000),
    minutes: whole(values.get('--minutes') ?? '10', 600),
    mailbox: values.get('--mailbox'),
    corpus: whole(values.get('--corpus') ?? '100000', 10_000_000),
    work: values.get('--work') ?? '/var/tmp', // kept over a restart, so it is never in memory
    profile: values.get('--profile'),
  }
}

function parseAcceptCell(name: string): AcceptCell {
  const match = /^(\d+)(k?):(\d+):(once|reuse)(:flush)?$/.exec(name)
  if (match === null) throw new Error(`"${name}" is no cell\n${USAGE}`)
  const [, size, kilo, sessions, mode, flush] = match
  return {
    name,
    sizeBytes: Number(size) * (kilo === 'k' ? 1024 : 1),
    sessions: Number(sessions),
    keepsSessions: mode === 'reuse',
    slowFlush: flush !== undefined,
  }
}

function whole(text: string, most: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new Error(`"${text}" is not a whole number from 1 to ${most}\n${USAGE}`)
  return value
}

const isOneOf = <T extends string>(all: readonly T[], word: string): word is T =>
  (all as readonly string[]).includes(word)
