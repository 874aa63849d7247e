import type { ConsoleArgument, ConsoleVerb } from '../../model/console-state.ts'

/** An argument of a form; what is left out is as usual: required, alone, typed freely. */
export function argument(
  name: string,
  label: string,
  more: Partial<Omit<ConsoleArgument, 'name' | 'label'>> = {},
): ConsoleArgument {
  return { name, label, hint: '', before: '', after: '', options: [], isOptional: false, value: '', ...more }
}

/** A parameter that may be left out: ` NAME=value`. */
export function parameter(name: string, more: Partial<ConsoleArgument> = {}): ConsoleArgument {
  return argument(name.toLowerCase(), name, { before: ` ${name}=`, isOptional: true, ...more })
}

/** A command of a form. */
export function command(
  verb: string,
  whyNot: string,
  more: Partial<Omit<ConsoleVerb, 'verb' | 'whyNot'>> = {},
): ConsoleVerb {
  return { verb, begin: verb, args: [], isSignIn: false, whyNot, ...more }
}

/** Bytes of one line as a person may type it; RFC 4954 §4 lets an answer within AUTH have so many. */
export const LONGEST_LINE = 12_288
/** Bytes of one message typed here. */
export const LONGEST_MESSAGE = 1024 * 1024

/** Why nothing is sent that would break the lines; undefined where it is one line. */
export function whyNoLine(line: Uint8Array): string | undefined {
  if (line.includes(13) || line.includes(10)) return 'A line cannot hold a line end.'
  return line.length > LONGEST_LINE ? 'The line is too long.' : undefined
}

export const WAITS = 'The server has not answered yet.'
export const NOT_GREETED = 'The server speaks first: wait for its greeting.'
export const NOT_OFFERED = 'This server does not offer it.'
export const ENCRYPTED = 'The session is encrypted already.'
export const SIGNED_IN = 'You have signed in already.'
export const UNKNOWN = 'That is no command that may be said here. It can be said all the same.'
export const OVER = 'The session is over.'
