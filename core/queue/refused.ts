import type { Reply } from '../model/reply.ts'

/** A message that can't be taken, with the reply that says so. */
export class Refused extends Error {
  readonly reply: Reply
  constructor(code: number, enhanced: string, words: string) {
    super(words)
    this.reply = { code, enhanced, lines: [words] }
  }
}
