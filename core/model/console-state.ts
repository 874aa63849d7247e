/** What the guided console knows of a session: shared by its machines, the engine and the window. */

/** One argument of a command, as a form asks for it. The line is `begin`, then of each argument `before`, its value, `after`. */
export interface ConsoleArgument {
  readonly name: string
  readonly label: string
  /** What may stand there; '' where the label says it all. */
  readonly hint: string
  readonly before: string
  readonly after: string
  /** Values to choose from; empty where anything may be typed. */
  readonly options: readonly string[]
  /** Without a value the argument is left out: `before` and `after`, too. */
  readonly isOptional: boolean
  /** What it begins with. */
  readonly value: string
}

/** A command as it can be chosen. */
export interface ConsoleVerb {
  readonly verb: string
  /** The line up to its first argument. */
  readonly begin: string
  readonly args: readonly ConsoleArgument[]
  /** Why it may not be said now; '' where it may. */
  readonly whyNot: string
  /** It begins a sign-in that is asked for by user and secret, and carried out for the person. */
  readonly isSignIn: boolean
}

/** What the next line of the person is taken for. */
export type ConsolePrompt =
  | { readonly is: 'command' }
  /** A line of the message; a dot alone ends it. */
  | { readonly is: 'message' }
  /** An answer within AUTH. `asks`: what the server asks for in words, '' where it is no word. */
  | { readonly is: 'answer'; readonly asks: string }
  /** So many bytes of a chunk are to come. */
  | { readonly is: 'chunk'; readonly left: number }

/** Where the classic dialogue stands, and what comes next in it. */
export interface ConsoleGuide {
  /** The stations on the way, and which of them is next; past the last one it is done. */
  readonly stations: readonly string[]
  readonly at: number
  /** Stations before that one that were passed by: nothing was encrypted, or no message was taken. */
  readonly missed: readonly number[]
  /** What comes next and why, in a sentence or two. */
  readonly text: string
  /** The command that comes next; '' where it is no command. */
  readonly verb: string
  /** The way has been gone, or left: the guide steps aside. */
  readonly isOver: boolean
}

/** All that may be said now, and why not the rest. */
export interface ConsoleStanding {
  readonly verbs: readonly ConsoleVerb[]
  readonly prompt: ConsolePrompt
  /** The server has not answered what was said. */
  readonly waits: boolean
  readonly isSignedIn: boolean
  /** Mechanisms a sign-in can be carried out with here. */
  readonly mechanisms: readonly string[]
  readonly guide: ConsoleGuide
}

/** Half-open byte ranges of a line that are never stored. */
type Ranges = readonly (readonly [number, number])[]

/** What is to be done about what was said or heard, in order. */
export type ConsoleEffect =
  /** A line of the server. `code`: of an answer that is whole now, for lists; `listing`: which line of a long answer it is, from 1. */
  | {
      readonly do: 'heard'
      readonly line: Uint8Array
      readonly odd: boolean
      readonly secrets: Ranges
      readonly code: string
      readonly listing: number
    }
  /** The long answer is whole. */
  | { readonly do: 'listed' }
  /** A line to be sent; the CRLF comes behind it. */
  | { readonly do: 'send'; readonly line: Uint8Array; readonly secrets: Ranges }
  /** The line was not sent, in words for the person. */
  | { readonly do: 'refuse'; readonly why: string }
  | { readonly do: 'note'; readonly text: string }
  /** TLS begins now. */
  | { readonly do: 'secure' }
  /** PBKDF2 for a sign-in by SCRAM; `derived` goes on. */
  | { readonly do: 'derive'; readonly password: string; readonly salt: Uint8Array; readonly rounds: number }
  /** The server took a message, or gave one. */
  | { readonly do: 'message' }

/** What a sign-in is made of. */
export interface ConsoleLogin {
  readonly mechanism: string
  readonly user: string
  readonly secret: string
}

/** One protocol as the console speaks it: knows what is legal, owns no socket. */
export interface ConsoleMachine {
  readonly standing: ConsoleStanding
  receive(bytes: Uint8Array): Iterable<ConsoleEffect>
  /** A line of the person, without its end. `anything`: whatever the protocol says of it. */
  say(line: Uint8Array, anything: boolean): readonly ConsoleEffect[]
  /** A whole message where one is due: dots are doubled, and the one that ends it comes behind. */
  sayMessage(lines: readonly Uint8Array[]): readonly ConsoleEffect[]
  signIn(login: ConsoleLogin): readonly ConsoleEffect[]
  derived(salted: Uint8Array): readonly ConsoleEffect[]
  /** TLS stands. */
  secured(): void
}

/** The line of a command with these values of its arguments. */
export function composeConsoleLine(
  { begin, args }: Pick<ConsoleVerb, 'begin' | 'args'>,
  values: Readonly<Record<string, string>>,
): string {
  const parts = args.map(({ name, before, after, isOptional, value }) => {
    const given = (values[name] ?? value).trim()
    return given === '' && isOptional ? '' : `${before}${given}${after}`
  })
  return `${begin}${parts.join('')}`.trimEnd()
}
