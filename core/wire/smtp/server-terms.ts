import type { Envelope, ForwardPath, ReversePath } from '../../model/address.ts'
import type { MailOptions, RecipientOptions } from '../../model/envelope-options.ts'
import type { Reply } from '../../model/reply.ts'
import type { BindingName, ClientFirst, ScramExchange } from '../scram.ts'
import type { Command } from './command.ts'
import type { SecretRange } from './secrets.ts'

/** What this connection is offered. It changes once, when TLS begins. */
export interface Terms {
  /** Our name in the greeting and in EHLO. */
  readonly name: string
  /** `submission` takes mail of our users for anywhere (RFC 6409), `inbound` mail of anybody for our own domains. */
  readonly kind: 'submission' | 'inbound'
  /** RFC 1870. */
  readonly messageBytes: number
  readonly recipients: number
  /** Transactions a session may begin, as LIMITS says it (RFC 9422 §4.1); undefined: as many as it likes. */
  readonly transactions: number | undefined
  readonly isSecure: boolean
  /** STARTTLS can be had. */
  readonly offersTls: boolean
  /** The client's network is trusted: no login needed. */
  readonly isTrusted: boolean
  /** Who has not signed in sends nothing, trusted networks apart (RFC 6409 §4.3). */
  readonly requiresLogin: boolean
  readonly offersLogin: boolean
  /** Passwords are taken without TLS, too: only where nobody else can listen. */
  readonly allowsClearLogin: boolean
  readonly offersScram: boolean
  /** Channel bindings at hand (RFC 5929, RFC 9266): none without TLS. */
  readonly bindings: readonly BindingName[]
  /** EXPN can be answered. */
  readonly offersLists: boolean
  /** Longest wait FUTURERELEASE offers (RFC 4865 §4); 0: not offered. */
  readonly longestHoldSeconds: number
  /** The client waits so long for our greeting. Who speaks earlier is no mail server, and is sent away. */
  readonly greetingDelayMs: number
  /** The wall clock, Unix ms: FUTURERELEASE and DELIVERBY name moments. */
  readonly nowMs: () => number
}

/** Who is on the other end, once EHLO or HELO is said. It outlives the transaction. */
export interface Client {
  readonly hello: string
  /** Said EHLO. */
  readonly isExtended: boolean
  /** The local user who signed in. */
  readonly userId: number | undefined
  readonly failedLogins: number
  /** Transactions begun. */
  readonly transactions: number
}
/** Between MAIL and the end of data. */
export interface Transaction extends Envelope {
  readonly utf8: boolean
  readonly options: MailOptions
  /** Of each recipient, at the same place; there once one of them was asked something of. */
  readonly recipientOptions?: readonly (RecipientOptions | undefined)[]
}

/** Where one session stands. A state holds only what is true while in it. */
export type State =
  | { readonly at: 'connected'; readonly failedLogins: number }
  | { readonly at: 'idle'; readonly client: Client }
  | { readonly at: 'plain'; readonly client: Client }
  | { readonly at: 'login-user'; readonly client: Client }
  | { readonly at: 'login-password'; readonly client: Client; readonly user: string }
  | { readonly at: 'scram-first'; readonly client: Client; readonly isPlus: boolean }
  | { readonly at: 'finding-scram'; readonly client: Client; readonly first: ClientFirst }
  | { readonly at: 'scram-final'; readonly client: Client; readonly exchange: ScramExchange }
  | { readonly at: 'checking-scram'; readonly client: Client; readonly user: string }
  | { readonly at: 'scram-end'; readonly client: Client; readonly userId: number }
  | { readonly at: 'checking-login'; readonly client: Client }
  | { readonly at: 'expanding'; readonly client: Client; readonly back: State }
  | { readonly at: 'checking-sender'; readonly client: Client; readonly transaction: Transaction }
  | { readonly at: 'mail'; readonly client: Client; readonly transaction: Transaction }
  | {
      readonly at: 'checking-recipient'
      readonly client: Client
      readonly transaction: Transaction
      readonly options: RecipientOptions | undefined
    }
  | { readonly at: 'data'; readonly client: Client; readonly transaction: Transaction }
  /** Within a chunk of BDAT (RFC 3030 §2), or between two; `isLast` is known of the one under way. */
  | { readonly at: 'chunks'; readonly client: Client; readonly transaction: Transaction; readonly isLast: boolean }

/** The states in which the next line is an answer within AUTH. */
export type AuthState = Extract<
  State,
  { at: 'plain' | 'login-user' | 'login-password' | 'scram-first' | 'scram-final' | 'scram-end' }
>

/** What the driver does next, in order. The machine owns no socket, clock or store. */
export type Effect =
  /** `isPardoned`: not counted among the client's errors. `isSecret`: its text is never stored. */
  | { readonly do: 'reply'; readonly reply: Reply; readonly isPardoned?: true; readonly isSecret?: true }
  /** Nothing is read or answered for so long. */
  | { readonly do: 'wait'; readonly ms: number }
  /** TLS begins behind the reply that was just given. */
  | { readonly do: 'secure' }
  | { readonly do: 'check-login'; readonly user: string; readonly password: string }
  /** Salt, rounds and keys of that user. */
  | { readonly do: 'find-scram'; readonly user: string }
  /** Whether the client's last message proves that it knows the password. */
  | { readonly do: 'check-scram'; readonly exchange: ScramExchange; readonly message: string }
  /** A login by SCRAM failed: whoever counts the guesses at a user wants to know. */
  | { readonly do: 'login-failed'; readonly user: string }
  /** VERB: from here on replies explain themselves, or no longer do. */
  | { readonly do: 'explain'; readonly isOn: boolean }
  | { readonly do: 'expand'; readonly list: string; readonly userId: number }
  | {
      readonly do: 'check-sender'
      readonly from: ReversePath
      readonly userId: number | undefined
      readonly sizeBytes: number | undefined
    }
  | {
      readonly do: 'check-recipient'
      readonly to: ForwardPath | 'postmaster'
      readonly from: ReversePath
      readonly userId: number | undefined
    }
  | { readonly do: 'read-message' }
  /** The octets of a chunk come next. `refusal`: they are read past, and then it is said. */
  | { readonly do: 'read-chunk'; readonly sizeBytes: number; readonly refusal: Reply | undefined }
  | { readonly do: 'hang-up' }

/** Where the session stands next, and what is done before it reads on. */
export type Step = readonly [State, ...Effect[]]
/** Who answers the commands of a session. */
export type AnswerCommand = (state: State, command: Command, terms: Terms) => Step

/** What the driver does next: the machine's effects, what was heard, and the content of messages. */
export type SessionEffect =
  | Exclude<Effect, { do: 'read-message' | 'read-chunk' | 'explain' }>
  /** A line that came, for the transcript. `isOdd`: it did not end in CRLF, or is only the start of one too long. */
  | {
      readonly do: 'heard'
      readonly line: Uint8Array
      readonly secrets: readonly SecretRange[]
      readonly isOdd: boolean
      /** Whom a step of a login names. It may be anything that somebody typed in the wrong place. */
      readonly name?: string
    }
  /** Content begins. `discard` or `message` ends it. */
  | { readonly do: 'begin' }
  /** A piece of content, valid until the next push. `isSpoiled`: it will be refused, so nothing more need be kept. */
  | { readonly do: 'content'; readonly bytes: Uint8Array; readonly isSpoiled: boolean }
  /** The content is whole and sound. The driver answers by `onMessage`. */
  | { readonly do: 'message'; readonly message: Incoming }
  /** The content came to its end, or was given up, and is refused by the reply that follows. */
  | { readonly do: 'discard' }

/** A whole message as the session knows it; the driver has its bytes. */
export interface Incoming extends Transaction {
  readonly userId: number | undefined
  /** The client's own name for itself, as it said it. */
  readonly hello: string
  readonly isExtended: boolean
  readonly isSecure: boolean
  readonly sizeBytes: number
  readonly headBytes: number
  readonly has8bit: boolean
  /** A line of the body is longer than RFC 5321 §4.5.3.1.6 allows: it has to be encoded, or the message refused. */
  readonly hasLongLines: boolean
}

/** The one way out of a transaction or of AUTH, whatever ended it: nothing of it is left to the next. */
export function resetTransaction(client: Client): State {
  return { at: 'idle', client }
}
