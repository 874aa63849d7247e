import { never } from '../base/never.ts'
import { adviceOf, adviceOfText, type Advice } from '../model/explain-reply.ts'
import type { Settings } from '../settings.ts'
import type { QueueRecipient } from '../store/queue.ts'
import { duration, explain } from './why.ts'

/** One sentence or two for a person: why a recipient stands where it stands, and what comes next. Null when it is plain. */
export function whyItStands(recipient: QueueRecipient, settings: Settings): string | null {
  const { state, lastCause } = recipient
  switch (state) {
    case 'waiting':
      return waiting(settings)
    case 'trying':
      return recipient.cancelAsked
        ? 'Being tried now. It is cancelled if this try does not deliver it.'
        : 'Being tried now.'
    case 'deferred':
      return `${lastCause ? explain(lastCause, false).words : 'It did not go through.'} ${again(settings)}`
    case 'unknown':
      return [unknown(recipient, settings), laterWords(recipient)].filter((words) => words !== null).join(' ')
    case 'bounced':
      return lastCause ? explain(lastCause, true).words : 'It could not be delivered.'
    case 'held':
      return 'Held back until somebody releases it.'
    case 'cancelled':
      return 'Cancelled. It is not sent any more.'
    case 'delivered':
      return laterWords(recipient)
    default:
      return never(state, 'recipient state')
  }
}

function waiting(settings: Settings): string {
  if (settings['queue.paused']) return 'Sending is paused. It leaves when sending goes on.'
  if (settings['queue.mode'] === 'interval')
    return `Mail leaves every ${duration(settings['queue.intervalSeconds'] * 1000)}. Use "retry now" to send it at once.`
  return 'Its turn comes soon. A server that could not be reached a moment ago is left alone for some minutes.'
}

const again = (settings: Settings) => (settings['queue.paused'] ? 'Sending is paused.' : 'It is tried again by itself.')

function unknown({ mx, unknowns }: QueueRecipient, settings: Settings): string {
  const server = mx ?? 'the server'
  const broke = `The message was sent, but the connection to ${server} broke off before it was confirmed. It may have arrived.`
  return unknowns > 1
    ? `${broke} It was sent twice already and is not sent again by itself: ask, and then say whether it arrived.`
    : `${broke} ${settings['queue.paused'] ? 'Sending is paused.' : 'It is sent once more by itself, unless you say that it arrived.'}`
}

/** What another server reported after the message was taken; null where none did. Whoever wrote it is not known for certain. */
function laterWords({ laterReports: [latest], mx }: QueueRecipient): string | null {
  if (latest === undefined) return null
  const by = latest.reporter === '' ? 'another server' : latest.reporter
  const said = latest.diagnostic === '' ? '' : `: "${latest.diagnostic.slice(0, 500)}"`
  switch (latest.action) {
    case 'failed':
      return `${mx ?? 'The server'} took it, and then it was returned by ${by}${said}.`
    case 'delayed':
      return `${mx ?? 'The server'} took it; ${by} says that it waits there${said}.`
    case 'delivered':
      return `${by} says that it is in the mailbox.`
    case 'relayed':
      return `${by} says that it was handed on.`
    default:
      return never(latest.action, 'reported action')
  }
}

/** What the refusal a recipient stands at means, by the reply dictionary; null where no server refused. */
export function adviceFor({ state, lastCause, laterReports }: QueueRecipient): Advice | null {
  const [latest] = laterReports
  if (latest && (latest.action === 'failed' || latest.action === 'delayed')) return adviceOfText(latest.diagnostic)
  if (state === 'delivered' || state === 'waiting') return null
  const cause = lastCause?.at === 'expired' ? lastCause.last : lastCause
  return (cause && 'reply' in cause && cause.reply ? adviceOf(cause.reply) : undefined) ?? null
}
