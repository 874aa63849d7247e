import { describe, test } from 'vitest'
import { findProgram, whyNot, type Program } from '../../scripts/programs.mjs'

type Body = () => void | Promise<void>

/** With `CI=true` on Linux every program is there, so a test that can't run is a failure and not a gap. */
const mayNotSkip = process.env['CI'] === 'true' && process.platform === 'linux'

/** The path of a program that `needs` has named. Throws where it is missing. */
export function pathOf(program: Program): string {
  const path = findProgram(program)
  if (path === undefined) throw new Error(`run ${program}: it is not installed`)
  return path
}

/**
 * `test` and `describe` for what talks to other programs. Where one of them is missing or may not be started, the test
 * is skipped and its name says why; in CI on Linux it fails instead.
 */
export function needs(...programs: readonly Program[]): {
  test(name: string, body: Body, timeoutMs?: number): void
  describe(name: string, body: () => void): void
} {
  const missing = programs.map(whyNot).filter((why) => why !== undefined)
  if (missing.length === 0) return { test, describe }

  const why = missing.join(', ')
  const refuse = () => {
    throw new Error(`nothing may be skipped in CI: ${why}`)
  }
  if (mayNotSkip) {
    return { test: (name) => test(name, refuse), describe: (name) => describe(name, () => test('runs', refuse)) }
  }
  return {
    test: (name, body) => test.skip(`${name} (${why})`, body),
    describe: (name, body) => describe.skip(`${name} (${why})`, body),
  }
}
