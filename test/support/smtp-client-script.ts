import { readFileSync, readdirSync } from 'node:fs'
import type { Domain, ForwardPath } from '../../core/model/address.ts'
import { ClientSession } from '../../core/wire/smtp/client-session.ts'
import type { Effect, Verdict } from '../../core/wire/smtp/client-words.ts'
import { DotStuffer, FINAL_DOT } from '../../core/wire/smtp/dot-stuffing.ts'
import { encodeCommand } from '../../core/wire/smtp/encode-command.ts'
import { parseDialogue, type BareMachine, type Dialogue } from './dialogue.ts'

/** A dialogue in which the script plays the server, with the jobs its `# to:` line names: a job each `;`. */
export interface ClientScript {
  readonly name: string
  readonly dialogue: Dialogue
  readonly jobs: readonly (readonly string[])[]
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
      return { name: `${folder}/${file}`, dialogue: parseDialogue(text, `${folder}/${file}`), jobs }
    })
  })
}

/** What every script sends. */
export const SCRIPT_MESSAGE = 'Subject: hi\r\n\r\nhello\r\n'

const pathOf = (address: string): ForwardPath => {
  const [local = '', domain = ''] = address.split('@')
  return { local, domain: domain as Domain }
}

/** The client machine with nothing around it, and a relay of a few lines that knows one host. */
export function bareClient(jobs: ClientScript['jobs'], facts: string[]): BareMachine {
  const session = new ClientSession({
    mx: 'mx.test',
    ehloName: 'client.test',
    tls: 'opportunistic',
    isSecured: false,
  })
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
  const perform = (effects: readonly Effect[]): Uint8Array[] => {
    const said: Uint8Array[] = []
    let accepted: readonly number[] | undefined
    for (const effect of effects) {
      if (effect.do === 'send') said.push(...effect.commands.map((command) => encodeCommand(command)))
      else if (effect.do === 'send-body') accepted = effect.accepted
      else if (effect.do === 'send-empty') said.push(FINAL_DOT)
      else if (effect.do === 'settle') settle(effect.verdicts)
      else if (effect.do === 'hang-up') closed = true
      else if (effect.do === 'fail') {
        const kind = effect.isFinal ? 'bounced' : 'deferred'
        for (const to of waiting.splice(0).flat()) say(to, wordsOf({ kind, why: effect.why, elsewhere: true }))
      }
    }
    if (accepted && session.at === 'body') {
      const stuffer = new DotStuffer()
      const body = stuffer.push(new Uint8Array(Buffer.from(SCRIPT_MESSAGE))) ?? new Uint8Array(0)
      session.dot()
      said.push(body, FINAL_DOT)
    }
    if (closed) for (const to of [...(open ?? []), ...waiting.splice(0).flat()]) say(to, 'deferred lost')
    if (effects.some((effect) => effect.do === 'ready') && session.at === 'ready') {
      open ??= waiting.shift()
      const to = open?.map((address) => pathOf(address))
      const from = pathOf('ada@sender.test')
      const sizeBytes = SCRIPT_MESSAGE.length
      const next = to ? session.transact({ from, to, sizeBytes, is8bit: false, needsUtf8: false }) : session.quit()
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

/** A verdict as the scripts' facts say it. */
export function wordsOf(verdict: Exclude<Verdict, { kind: 'again' }>): string {
  if (verdict.kind === 'delivered' || verdict.kind === 'unknown') return verdict.kind
  const { why } = verdict
  return `${verdict.kind} ${why.at === 'reply' ? `${why.verb} ${why.reply.code}` : why.at}`
}
