import type { ConsoleStanding } from '../model/console-state.ts'

/** One line of a stored session that is said again, with what came back then ('' where nothing did); or why it ends here. */
export type ReplayStep =
  | { readonly line: string; readonly code: string }
  /** The person goes on from here. */
  | { readonly stop: string }

/** What the person is told: that all was said, or that the server has something else to say. */
export interface AutopilotWords {
  readonly end: string
  readonly otherwise: string
}

const NO_CODE = ''
const REPLAY: AutopilotWords = {
  end: 'That is how far it goes: over to you.',
  otherwise: 'The server answers otherwise than it did then.',
}

/** Says stored lines again, each when its turn comes, until something is other than it was or the person has to go on. */
export class Autopilot {
  readonly #steps: readonly ReplayStep[]
  readonly #note: (text: string) => void
  readonly #words: AutopilotWords
  #at = 0
  #expected = NO_CODE
  #handedOver = ''

  constructor(steps: readonly ReplayStep[], note: (text: string) => void, words = REPLAY) {
    this.#steps = steps
    this.#note = note
    this.#words = words
  }

  get progress(): { readonly at: number; readonly of: number } | undefined {
    return this.#isOn ? { at: this.#at, of: this.#steps.length } : undefined
  }
  get handedOver(): string {
    return this.#handedOver
  }
  get #isOn(): boolean {
    return this.#steps.length > 0 && this.#handedOver === ''
  }

  /** An answer came. One of another class than then ends the replay: what follows would make no sense. */
  heard(code: string): void {
    if (!this.#isOn || this.#expected === NO_CODE) return
    const expected = this.#expected
    this.#expected = NO_CODE
    if (code.charAt(0) !== expected.charAt(0)) this.stop(this.#words.otherwise)
  }

  /** The next line to be said; undefined while there is none. */
  next({ waits, prompt }: ConsoleStanding): Uint8Array | undefined {
    if (!this.#isOn || waits) return undefined
    const step = this.#steps[this.#at]
    if (step === undefined || 'stop' in step) {
      this.stop(step?.stop ?? this.#words.end)
      return undefined
    }
    this.#at++
    this.#expected = step.code
    const bytes = Buffer.from(step.line, 'latin1')
    // As it went over the wire a dot was doubled, and it will be again.
    return prompt.is === 'message' && step.line.startsWith('..') ? bytes.subarray(1) : bytes
  }

  /** The person takes over. */
  stop(why: string): void {
    if (!this.#isOn) return
    this.#handedOver = why
    this.#note(`from here on the person speaks: ${why}`)
  }
}
