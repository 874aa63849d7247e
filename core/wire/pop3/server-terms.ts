import type { BindingName, ClientFirst, ScramCredentials, ScramExchange, ScramLogin } from '../scram.ts'
import type { Ranges } from './secrets.ts'
import type { Marks } from './server-marks.ts'

/** What this connection is offered. It changes once, when TLS begins. */
export interface Terms {
  readonly isSecure: boolean
  /** STLS can be had. */
  readonly offersTls: boolean
  /** Passwords are taken without TLS, too: only where nobody else can listen. */
  readonly allowsClearLogin: boolean
  /** Channel bindings at hand (RFC 5929, RFC 9266): none without TLS. */
  readonly bindings: readonly BindingName[]
}

/** A maildrop as it was when it was locked. Messages are numbered from 1 and stay what they are for the session. */
export interface Maildrop {
  readonly count: number
  readonly totalBytes: number
  sizeOf(number: number): number
  /** 1 to 70 printable characters (RFC 1939 §7), the same in each session and never another message's. */
  uidlOf(number: number): string
}

/** RFC 2449 §8 and RFC 3206: what a program may know of a refusal. */
export type ResponseCode = 'IN-USE' | 'AUTH' | 'SYS/TEMP' | 'SYS/PERM'
/** One status line of ours. */
export interface Status {
  readonly isOk: boolean
  readonly code?: ResponseCode
  readonly text: string
}

/** Where one session stands (RFC 1939 §3). A state holds only what is true while in it. */
export type State =
  /** `user`: the name that USER gave, for PASS. */
  | { readonly at: 'authorization'; readonly failedLogins: number; readonly user?: string }
  | { readonly at: 'plain'; readonly failedLogins: number }
  | { readonly at: 'scram-first'; readonly failedLogins: number; readonly isPlus: boolean }
  | { readonly at: 'finding-scram'; readonly failedLogins: number; readonly first: ClientFirst }
  | { readonly at: 'scram-final'; readonly failedLogins: number; readonly exchange: ScramExchange }
  | { readonly at: 'checking-scram'; readonly failedLogins: number; readonly user: string }
  | { readonly at: 'scram-end'; readonly failedLogins: number; readonly login: ScramLogin }
  | { readonly at: 'checking-login'; readonly failedLogins: number }
  | { readonly at: 'opening'; readonly failedLogins: number }
  | { readonly at: 'transaction'; readonly drop: Maildrop; readonly marks: Marks }
  /** `lines`: of the body, for TOP; undefined for the whole message. */
  | {
      readonly at: 'finding'
      readonly drop: Maildrop
      readonly marks: Marks
      readonly number: number
      readonly lines: number | undefined
    }
  | { readonly at: 'sending'; readonly drop: Maildrop; readonly marks: Marks }
  | { readonly at: 'update'; readonly marks: Marks }
  | { readonly at: 'over' }

/** The states in which the next line is an answer within AUTH. */
export type AuthState = Extract<State, { at: 'plain' | 'scram-first' | 'scram-final' | 'scram-end' }>

/** What the driver does next, in order. The machine owns no socket, clock or store. */
export type Effect =
  /** `isPardoned`: not counted among the client's errors. */
  | { readonly do: 'status'; readonly status: Status; readonly isPardoned?: true }
  /** A challenge of SASL in base64: its text is never stored. */
  | { readonly do: 'challenge'; readonly text: string }
  /** Lines behind a status, without CRLF and final dot: a few. */
  | { readonly do: 'lines'; readonly lines: readonly string[] }
  /** A line for each message that is not marked, as many as there are. */
  | { readonly do: 'listing'; readonly of: 'sizes' | 'uidls' }
  /** Nothing is read or answered for so long. */
  | { readonly do: 'wait'; readonly ms: number }
  /** TLS begins behind the status that was just given. */
  | { readonly do: 'secure' }
  | { readonly do: 'check-login'; readonly user: string; readonly password: string }
  /** Salt, rounds and keys of that user. */
  | { readonly do: 'find-scram'; readonly user: string }
  /** Whether the client's last message proves that it knows the password. */
  | { readonly do: 'check-scram'; readonly exchange: ScramExchange; readonly message: string }
  /** A login by SCRAM failed: whoever counts the guesses at a user wants to know. */
  | { readonly do: 'login-failed'; readonly user: string }
  /** Locks the maildrop of whoever signed in, and lists it. */
  | { readonly do: 'open-maildrop'; readonly login: ScramLogin }
  /** Looks for that message. */
  | { readonly do: 'find-message'; readonly number: number }
  /** Sends what was found, its dots doubled, and the final dot. `lines` as in the state. */
  | { readonly do: 'send-message'; readonly number: number; readonly lines: number | undefined }
  /** Removes these for good. */
  | { readonly do: 'remove'; readonly numbers: readonly number[] }
  | { readonly do: 'hang-up' }

/** Where the session stands next, and what is done before it reads on. */
export type Step = readonly [State, ...Effect[]]

/** The answer to `check-login` and `check-scram`: who it is, or `unknown` when nobody could look. */
export type LoginAnswer = ScramLogin | 'refused' | 'unknown'
/** The answer to `find-scram`. */
export type ScramAnswer = ScramCredentials | 'unknown'
/** The answer to `open-maildrop`. */
export type MaildropAnswer = Maildrop | 'in-use' | 'unknown'
/** The answer to `find-message`; `revoked`: so is the password that this session signed in with. */
export type MessageAnswer = 'found' | 'gone' | 'damaged' | 'unknown' | 'revoked'
/** The answer to `remove`. */
export type RemoveAnswer = 'done' | 'unknown' | 'revoked'

/** What the driver does next: the machine's effects as lines to write, and what was heard. */
export type SessionEffect =
  | Exclude<Effect, { do: 'status' | 'challenge' | 'lines' | 'listing' }>
  /** One status line or challenge, without CRLF. `secretFrom`: from there on nothing is stored. */
  | { readonly do: 'say'; readonly line: string; readonly isOk: boolean; readonly secretFrom?: number }
  /** Lines of a listing with their CRLFs, as they go out; with the last ones comes the final dot. */
  | { readonly do: 'list'; readonly text: string; readonly isLast: boolean }
  /** A line that came, for the transcript. `isOdd`: it did not end in CRLF, or is only the start of one too long. */
  | {
      readonly do: 'heard'
      readonly line: Uint8Array
      readonly secrets: Ranges
      readonly isOdd: boolean
      /** Whom a login names. It may be anything that somebody typed in the wrong place. */
      readonly name?: string
      /** Where it stands bare in the line. */
      readonly nameAt?: readonly [number, number]
    }
