import { parentPort } from 'node:worker_threads'
import { reasonOf } from '../base/fault.ts'
import { decide } from '../model/rule-evaluate.ts'
import { isSending, type Rule } from '../model/rule.ts'
import type { JudgeAnswer, JudgeRequest } from './rule-judge.ts'
import { RuleMail } from './rule-mail.ts'
import { Patterns } from './rule-regex.ts'

/** The thread that asks rules about mail: patterns and mail are anybody's, and no window waits for them. */
const patterns = new Patterns()
let rules: readonly Rule[] = []

parentPort?.on('message', (request: JudgeRequest) => {
  let said: JudgeAnswer
  try {
    if (request.rules !== undefined) rules = request.rules
    const mail = new RuleMail(request.raw, request.known)
    const finds = (pattern: string, text: string) => patterns.finds(pattern, text)
    const fitting = decide(rules, mail.facts(), request.tags, finds)
    const sends = rules.some(({ id, actions }) => fitting.includes(id) && actions.some(isSending))
    said = { id: request.id, fitting, sending: sends ? mail.sending() : null }
  } catch (error) {
    said = { id: request.id, reason: reasonOf(error) }
  }
  parentPort?.postMessage(said)
})
