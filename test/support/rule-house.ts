import { Changes } from '../../core/base/changes.ts'
import { systemClock, type Clock } from '../../core/base/clock.ts'
import { openLocalMail, type LocalMail } from '../../core/mailbox/local.ts'
import { RuleJudge } from '../../core/mailbox/rule-judge.ts'
import { ruleNames } from '../../core/mailbox/rule-names.ts'
import { RuleRunner } from '../../core/mailbox/rule-runner.ts'
import { parseActions } from '../../core/model/rule-action-text.ts'
import { parseCondition } from '../../core/model/rule-text.ts'
import type { RuleScope } from '../../core/model/rule.ts'
import { readFields } from '../../core/message/read.ts'
import type { Accept } from '../../core/model/submission.ts'
import { makeSubmit } from '../../core/queue/submit.ts'
import { defaultSettings, type Settings } from '../../core/settings.ts'
import { findFolder, listFolders, PERSON, type FolderOwner } from '../../core/store/folder.ts'
import { getMessage, listPage, type Message } from '../../core/store/message-list.ts'
import { getEntry, listRecipients } from '../../core/store/queue.ts'
import { listRuleHistory } from '../../core/store/rule-history.ts'
import { listRules } from '../../core/store/rule.ts'
import type { Store } from '../../core/store/types.ts'
import { openInlineStore } from './inline-store.ts'
import { mailboxOf } from './mailbox.ts'
import type { TestStore } from './store.ts'

/** One thread for all houses of all test files: it takes a while to start, and ends by itself when nobody asks. */
export const sharedJudge = new RuleJudge(systemClock)

/** Mail rules have put into the queue. */
export interface SentByRule {
  readonly entryId: number
  readonly from: string | null
  readonly to: readonly string[]
  readonly raw: string
}

/** A store with rules at work on what comes: the person is me@here.test, and bob@here.test is a local user. */
export class RuleHouse {
  readonly store: TestStore
  readonly clock: Clock
  readonly local: LocalMail
  readonly logged: string[] = []
  settings: Settings = { ...defaultSettings(), 'local.domains': ['here.test'] }
  accept: Accept
  runner!: RuleRunner
  judge!: RuleJudge
  userId = 0
  #serial = 0
  readonly mailChanges = new Changes<number>(0)

  constructor(clock: Clock, store: TestStore = openInlineStore(clock)) {
    this.clock = clock
    this.store = store
    this.local = openLocalMail({ read: store.read, settings: () => this.settings })
    this.accept = this.acceptInto(store)
  }

  acceptInto(store: Pick<Store, 'write' | 'query' | 'stage' | 'openBody'>): Accept {
    return makeSubmit({
      store,
      clock: this.clock,
      describe: readFields,
      onAccepted: () => {},
      onFolders: () => {},
    })
  }

  async open(): Promise<this> {
    const { store } = this
    const bob = await store.write('user.add', { mailbox: mailboxOf('bob@here.test'), verifier: Buffer.from('bob') })
    this.userId = bob.id
    await store.write('identity.save', { name: 'Me, Myself', mailbox: mailboxOf('me@here.test'), routeId: null })
    this.begin()
    return this
  }

  /** Starts what sorts mail, as a program does that was started again. */
  begin(wrap: (store: TestStore) => Store = (store) => store, judge = sharedJudge): void {
    this.judge = judge
    const store = wrap(this.store)
    this.runner = new RuleRunner({
      store,
      clock: this.clock,
      local: this.local,
      settings: () => this.settings,
      describe: readFields,
      accept: (submission) => this.accept(submission),
      judge,
      mailChanges: this.mailChanges,
      onFolders: () => {},
      ruleChanges: new Changes<number>(),
      log: (line) => void this.logged.push(line),
    })
  }

  /** Adds a rule as it is typed; returns its id. */
  async rule(when: string, what: string, scope: RuleScope = { kind: 'all' }): Promise<number> {
    const names = ruleNames(this.store.read)
    const { condition, error } = parseCondition(when, names)
    const { actions, error: wrong } = parseActions(what, names)
    if (condition === null || actions === null) throw new Error(`${error?.reason ?? ''} ${wrong?.reason ?? ''}`)
    const name = `${when} → ${what}`
    return this.store.write('rule.save', { name, enabled: true, scope, condition, actions })
  }

  /** Delivers a message as the inbound server does; returns its id. Headers first, then an empty line and the text. */
  async arrive(raw: string, owner: FolderOwner = PERSON, prefix = 'Return-Path: <ada@far.test>\r\n'): Promise<number> {
    const bytes = Buffer.from(raw.replaceAll(/\r?\n/g, '\r\n'))
    const { delivered } = await this.store.write('inbound.deliver', {
      body: { raw: bytes },
      fields: readFields(bytes),
      mailboxes: [{ owner, prefix }],
      forwards: [],
      from: mailboxOf('ada@far.test'),
      options: {},
      is8bit: false,
      needsUtf8: false,
    })
    return delivered[0]?.messageId ?? 0
  }

  /** Lets rules be asked about all that has come, and all be sent. */
  async sorted(): Promise<void> {
    this.runner.wake()
    await this.runner.idle()
  }

  message(id: number): Message | undefined {
    return getMessage(this.store.read, id)
  }
  /** The name of the folder a message is in. */
  where(id: number): string | undefined {
    const folderId = this.message(id)?.folderId
    return listFolders(this.store.read).find((folder) => folder.id === folderId)?.name
  }
  inFolder(role: 'inbox' | 'archive' | 'trash' | 'junk', owner: FolderOwner = PERSON): Message[] {
    const folder = findFolder(this.store.read, owner, role)
    return folder === undefined ? [] : listPage(this.store.read, folder.id, null, 200).rows
  }
  /** What rules did to a message, in words, first to last. */
  told(id: number): string[] {
    return listRuleHistory(this.store.read, id)
      .toReversed()
      .flatMap(({ steps }) => steps.map(({ text }) => text))
  }
  trouble(): string | null {
    return listRules(this.store.read).find((rule) => rule.trouble !== null)?.trouble ?? null
  }

  /** Everything in the queue, first to last. */
  async sent(): Promise<SentByRule[]> {
    const out: SentByRule[] = []
    for (let entryId = 1; ; entryId++) {
      const entry = getEntry(this.store.read, entryId)
      if (entry === undefined) return out
      const to = listRecipients(this.store.read, entryId).map((one) => `${one.to.local}@${one.to.domain}`)
      const raw = (await this.store.readBody(entry.view)).toString('latin1')
      out.push({ entryId, from: entry.from && `${entry.from.local}@${entry.from.domain}`, to, raw })
    }
  }

  /** A short message to me@here.test, each with a Message-ID of its own. */
  mail(fields: Readonly<Record<string, string>> = {}, text = 'hello'): string {
    const all = {
      'From': 'Ada <ada@far.test>',
      'To': 'me@here.test',
      'Subject': 'hi',
      'Message-ID': `<${++this.#serial}@far.test>`,
      'Date': 'Thu, 01 Jan 2026 00:00:00 +0000',
      ...fields,
    }
    const lines = Object.entries(all).filter(([, value]) => value !== '')
    return `${lines.map(([name, value]) => `${name}: ${value}\n`).join('')}\n${text}\n`
  }

  async close(): Promise<void> {
    await this.runner.close()
    await this.store.closeAndRemove()
  }
}
