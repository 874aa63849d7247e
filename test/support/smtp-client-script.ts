import { readFileSync, readdirSync } from 'node:fs'
import { pbkdf2Sync } from 'node:crypto'
import type { Domain, ForwardPath } from '../../core/model/address.ts'
import { saslPrimitives } from '../../core/net/sasl-primitives.ts'
import { ClientSession } from '../../core/wire/smtp/client-session.ts'
import type { ClientOptions, Effect, Transaction, Verdict } from '../../core/wire/smtp/client-words.ts'
import { DotStuffer, FINAL_DOT } from '../../core/wire/smtp/dot-stuffing.ts'
import { encodeCommand } from '../../core/wire/smtp/encode-command.ts'
import { parseDialogue, type BareMachine, type Dialogue } from './dialogue.ts'

export { saslPrimitives }

/** What a script wants besides its recipients, by lines `# name: value` at its head. */
export interface ScriptTerms {
  /** `# login: password USER SECRET` or `token …`: a smarthost on this computer. */
  readonly login?: { readonly kind: 'password' | 'token'; readonly user: string; readonly secret: string }
  /** `# nonce: …`: what SCRAM says first; such a script is for the bare machine. */
  readonly nonce?: string
  /** `# chunk-from: BYTES`. */
  readonly chunkFromBytes?: number
  /** `# message: 8bit utf8`. */
  readonly is8bit: boolean
  readonly needsUtf8: boolean
  /** `# from: ADDRESS`. */
  readonly from: string
  /** `# mail: {JSON}` and `# rcpt: {JSON}`, the latter for every recipient. */
  readonly options?: Transaction['options']
  readonly recipientOptions?: NonNullable<Transaction['recipientOptions']>[number]
}

/** A dialogue in which the script plays the server, with the jobs its `# to:` line names: a job each `;`. */
export interface ClientScript {
  readonly name: string
  readonly dialogue: Dialogue
  readonly jobs: readonly (readonly string[])[]
  readonly terms: ScriptTerms
}

const FOLDERS = ['smtp-client', 'smtp-client-hostile']

/** All dialogues of the SMTP client. */
export function clientScripts(): ClientScript[] {
  return FOLDERS.flatMap((folder) => {
    const at = new URL(`../dialogues/${folder}/`, import.meta.url)
    return readdirSync(at).map((file) => {
      const text = readFileSync(new URL(file, at), 'utf8')
      const to = /^# to: (.*)$/m.exec(text)?.[1] ?? 'bob@dest.test'
      const jobs = to.split(';').map((job) => job.trim().split(/\s+/))
      const name = `${folder}/${file}`
      return { name, dialogue: parseDialogue(text, name), jobs, terms: termsOf(text) }
    })
  })
}

function termsOf(text: string): ScriptTerms {
  const head = (name: string) => new RegExp(`^# ${name}: (.*)$`, 'm').exec(text)?.[1]?.trim()
  const [kind, user = '', secret = ''] = head('login')?.split(' ') ?? []
  const message = head('message') ?? ''
  const nonce = head('nonce')
  const chunkFrom = head('chunk-from')
  const mail = head('mail')
  const rcpt = head('rcpt')
  return {
    is8bit: message.includes('8bit'),
    needsUtf8: message.includes('utf8'),
    from: head('from') ?? 'ada@sender.test',
    ...(kind === 'password' || kind === 'token' ? { login: { kind, user, secret } } : {}),
    ...(nonce === undefined ? {} : { nonce }),
    ...(chunkFrom === undefined ? {} : { chunkFromBytes: Number(chunkFrom) }),
    ...(mail === undefined ? {} : { options: JSON.parse(mail) }),
    ...(rcpt === undefined ? {} : { recipientOptions: JSON.parse(rcpt) }),
  }
}

/** What every script sends. */
export const SCRIPT_MESSAGE = 'Subject: hi\r\n\r\nhello\r\n'

const pathOf = (address: string): ForwardPath => {
  const [local = '', domain = ''] = address.split('@')
  return { local, domain: domain as Domain }
}

function optionsOf({ login, nonce, chunkFromBytes }: ScriptTerms): ClientOptions {
  const primitives = nonce === undefined ? saslPrimitives : { ...saslPrimitives, nonce: () => nonce }
  return {
    mx: 'mx.test',
    ehloName: 'client.test',
    tls: 'opportunistic',
    isSecured: false,
    ...(login && { login: { ...login, host: 'mx.test', port: 587, allowClear: true, primitives } }),
    ...(chunkFromBytes === undefined ? {} : { chunkFromBytes }),
  }
}

/** The client machine with nothing around it, and a relay of a few lines that knows one host. */
export function bareClient({ jobs, terms }: Pick<ClientScript, 'jobs' | 'terms'>, facts: string[]): BareMachine {
  const session = new ClientSession(optionsOf(terms))
  const waiting = [...jobs]
  let open: readonly string[] | undefined
  let closed = false
  const say = (to: string, words: string) => facts.push(`${to.split('@')[0]} ${words}`)
  const settle = (verdicts: readonly Verdict[]) => {
    const again = (open ?? []).filter((to, n) => {
      const verdict = verdicts[n]
      if (verdict === undefined || verdict.kind === 'again') return true
      say(to, wordsOf(verdict))
      return false
    })
    open = again.length > 0 ? again : undefined
  }
  const body = new Uint8Array(Buffer.from(SCRIPT_MESSAGE))
  const perform = (effects: readonly Effect[]): Uint8Array[] => {
    const said: Uint8Array[] = []
    let sending: Extract<Effect, { do: 'send-body' }> | undefined
    for (const effect of effects) {
      if (effect.do === 'send') said.push(...effect.commands.map((command) => encodeCommand(command)))
      else if (effect.do === 'derive')
        said.push(...perform(session.derived(pbkdf2Sync(effect.password, effect.salt, effect.rounds, 32, 'sha256'))))
      else if (effect.do === 'send-body') sending = effect
      else if (effect.do === 'send-empty') said.push(FINAL_DOT)
      else if (effect.do === 'settle') settle(effect.verdicts)
      else if (effect.do === 'hang-up') closed = true
      else if (effect.do === 'fail') {
        const kind = effect.isFinal ? 'bounced' : effect.why.at === 'login' ? 'held' : 'deferred'
        const why = effect.why.at === 'reply' ? `${effect.why.verb} ${effect.why.reply.code}` : effect.why.at
        for (const to of waiting.splice(0).flat()) say(to, `${kind} ${why}`)
      }
    }
    if (sending && session.at === 'body') {
      session.dot()
      if (sending.chunked) said.push(encodeCommand({ verb: 'BDAT', bytes: body.length, isLast: true }), body)
      else said.push(new DotStuffer().push(body) ?? new Uint8Array(0), FINAL_DOT)
    }
    if (closed) for (const to of [...(open ?? []), ...waiting.splice(0).flat()]) say(to, 'deferred lost')
    if (effects.some((effect) => effect.do === 'ready') && session.at === 'ready') {
      open ??= session.isSpent ? undefined : waiting.shift()
      const next = open && !session.isSpent ? session.transact(transactionOf(open, terms)) : session.quit()
      said.push(...perform(next))
    }
    return said
  }
  return {
    open: () => [],
    receive: (bytes) => perform(session.receive(bytes)),
    secured: () => perform(session.secured(false)),
    ended: () => void perform(session.lost('the server closed the connection')),
    get closed() {
      return closed
    },
  }
}

function transactionOf(to: readonly string[], terms: ScriptTerms): Transaction {
  const { is8bit, needsUtf8, options, recipientOptions } = terms
  return {
    from: terms.from === '<>' ? null : pathOf(terms.from),
    to: to.map((address) => pathOf(address)),
    sizeBytes: SCRIPT_MESSAGE.length,
    is8bit,
    needsUtf8,
    ...(options && { options }),
    ...(recipientOptions && { recipientOptions: to.map(() => recipientOptions) }),
  }
}

/** A verdict as the scripts' facts say it. */
export function wordsOf(verdict: Exclude<Verdict, { kind: 'again' }>): string {
  if (verdict.kind === 'delivered' || verdict.kind === 'unknown') return verdict.kind
  const { why } = verdict
  if (why.at === 'feature') return `${verdict.kind} no ${why.missing}`
  return `${verdict.kind} ${why.at === 'reply' ? `${why.verb} ${why.reply.code}` : why.at}`
}
