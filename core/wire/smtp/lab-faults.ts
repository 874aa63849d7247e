import { labReply, type LabFaults, type LabStep } from '../../model/lab.ts'
import type { Command } from './command.ts'
import type { AnswerCommand, Effect, State, Step } from './server-terms.ts'
import { onCommand } from './server.ts'

function stepOf(command: Command): LabStep | undefined {
  switch (command.verb) {
    case 'HELO':
      return 'EHLO'
    case 'BDAT':
      return 'DATA'
    case 'EHLO':
    case 'STARTTLS':
    case 'MAIL':
    case 'RCPT':
    case 'DATA':
      return command.verb
    default:
      return undefined
  }
}

const refuses = (effect: Effect | undefined) => effect?.do === 'reply' && effect.reply.code >= 500

/** Answers as the machine does, and wrongly where it is told to. What is out of order is refused for that first. */
export function answerWithFaults(faults: () => LabFaults): AnswerCommand {
  return (state, command, terms) => {
    const right = onCommand(state, command, terms)
    if (refuses(right[1])) return right
    const { slowSeconds } = faults()
    const [next, ...effects] = faulty(state, command, right, faults())
    return slowSeconds > 0 ? [next, { do: 'wait', ms: slowSeconds * 1000 }, ...effects] : [next, ...effects]
  }
}

function faulty(state: State, command: Command, right: Step, { answers, cutsOff }: LabFaults): Step {
  const step = stepOf(command)
  const answer = step === undefined ? 'fine' : answers[step]
  if (step === undefined || answer === 'fine') {
    const isContent = right.some(
      (effect) => 'do' in effect && (effect.do === 'read-message' || effect.do === 'read-chunk'),
    )
    if (!cutsOff || !isContent) return right
    // Of DATA the client is told to go on, and then nobody is there.
    return [state, ...right.slice(1).filter(isReply), { do: 'hang-up' }]
  }
  const reply = labReply(step, answer)
  if (reply === undefined) return [state, { do: 'hang-up' }]
  const end: Effect[] = answer === 'busy' ? [{ do: 'hang-up' }] : []
  // The octets of a chunk come whatever is said to it (RFC 3030 §2).
  const chunk = right.find(
    (effect): effect is Extract<Effect, { do: 'read-chunk' }> => 'do' in effect && effect.do === 'read-chunk',
  )
  if (chunk !== undefined) return [right[0], { ...chunk, refusal: reply }, ...end]
  return [state, { do: 'reply', reply }, ...end]
}

const isReply = (effect: State | Effect): effect is Extract<Effect, { do: 'reply' }> =>
  'do' in effect && effect.do === 'reply'
