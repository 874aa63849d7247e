import type { Command } from './command.ts'

/** Errors after which every further one costs a second, and after which the session ends. Postfix's numbers. */
const SOFT_ERRORS = 10
const HARD_ERRORS = 20
/** Commands that bring no mail; each one beyond counts as an error. */
const JUNK_COMMANDS = 100
const JUNK: ReadonlySet<Command['verb']> = new Set<Command['verb']>([
  'NOOP',
  'RSET',
  'VRFY',
  'EXPN',
  'HELP',
  'VERB',
  'EHLO',
  'HELO',
])
/** A chunk smaller than this, the last one apart, costs more than it brings (Postfix was flooded so in 2026). */
const TINY_CHUNK_BYTES = 1024

/** How a client behaves: its errors and its idle talk, since its last message. */
export class ServerManners {
  #errors = 0
  #junk = 0

  /** A message was taken: what went before is forgiven. */
  forgive(): void {
    this.#errors = this.#junk = 0
  }

  /** Counts a command. True when it has become an error, for there were too many like it. */
  isTooMuch(command: Command): boolean {
    const isTiny = command.verb === 'BDAT' && !command.isLast && (command.sizeBytes ?? 0) < TINY_CHUNK_BYTES
    return (isTiny || JUNK.has(command.verb)) && ++this.#junk > JUNK_COMMANDS
  }

  /** Counts an error. True when the client has to wait for it. */
  countError(): boolean {
    return ++this.#errors > SOFT_ERRORS
  }

  /** The session has to end. */
  get isOver(): boolean {
    return this.#errors >= HARD_ERRORS
  }
}
