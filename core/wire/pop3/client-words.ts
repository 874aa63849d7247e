import type { ClientSaslPrimitives } from '../smtp/client-sasl.ts'

/** How the connection is protected (RFC 8314): TLS from the first byte, after STLS (RFC 2595 §4), or not at all. */
export type Pop3Tls = 'implicit' | 'starttls' | 'none'

/** What signing in needs of the platform. `md5`: of latin1 text, in hex. */
export interface Pop3Primitives extends ClientSaslPrimitives {
  md5(text: string): string
}

export interface ClientOptions {
  readonly tls: Pop3Tls
  readonly user: string
  /** What `login` says it is. */
  readonly password: string
  /** `token`: an OAuth 2.0 access token. A password where this is left out. */
  readonly login?: 'password' | 'token'
  /** Whether APOP may be used where there is nothing better; it may where this is left out. */
  readonly allowApop?: boolean
  /** The server as the user named it, for OAUTHBEARER (RFC 7628 §3.1). */
  readonly host: string
  readonly port: number
  readonly primitives: Pop3Primitives
}

/** What a session can be asked for once it is signed in. `sizeBytes`: what LIST has said of it, where that is known. */
export type Want =
  | { readonly verb: 'UIDL' | 'LIST' | 'QUIT' }
  | { readonly verb: 'DELE'; readonly number: number }
  | { readonly verb: 'RETR'; readonly number: number; readonly sizeBytes?: number }
  /** The header, and none of the lines after it. */
  | { readonly verb: 'TOP'; readonly number: number }

/** What a server says of itself (RFC 2449), and how it let us in. */
export interface ServerFacts {
  readonly pipelining: boolean
  /** It gives out headers alone (RFC 2449 §6.2). */
  readonly top: boolean
  readonly utf8: boolean
  /** Such as `SCRAM-SHA-256`, `APOP` or `USER`. */
  readonly signedInBy: string
  /** Seconds between two logins; null where it does not say. */
  readonly loginDelaySeconds: number | null
  /** Days after which it deletes; null where it never does or does not say. */
  readonly expireDays: number | null
}

/** Why a session could not go on. `reply` is the server's own words, secrets cut out. */
export type Failure =
  | { readonly kind: 'refused'; readonly at: 'greeting' | 'tls' | 'login'; readonly reply: string }
  | { readonly kind: 'no-stls' }
  /** It offers no way to sign in that this login could take. */
  | { readonly kind: 'no-way-in'; readonly login: 'password' | 'token'; readonly offered: readonly string[] }
  | { readonly kind: 'unsayable'; readonly what: 'user name' | 'password' }
  | { readonly kind: 'protocol'; readonly reason: string }

/** What the driver does next, in order. */
export type Effect =
  /** A whole line with CRLF; `secrets` are never stored. */
  | { readonly do: 'send'; readonly line: Uint8Array; readonly secrets: readonly (readonly [number, number])[] }
  /** For the transcript: a line of the server without its line end. */
  | {
      readonly do: 'heard'
      readonly line: Uint8Array
      readonly odd: boolean
      readonly secrets: readonly (readonly [number, number])[]
    }
  | { readonly do: 'listing'; readonly bytes: Uint8Array }
  /** TLS now; the driver comes back through `secured()`. */
  | { readonly do: 'secure' }
  /** Where sign-in stands, for somebody who watches. */
  | { readonly do: 'step'; readonly step: 'login' }
  /** A sentence for the transcript. */
  | { readonly do: 'note'; readonly text: string }
  /** PBKDF2 with HMAC-SHA-256; the driver comes back through `derived()`. */
  | { readonly do: 'derive'; readonly password: string; readonly salt: Uint8Array; readonly rounds: number }
  | { readonly do: 'ready'; readonly facts: ServerFacts }
  /** A want is answered. `listing`: of UIDL and LIST that were granted. For RETR and TOP it comes after the message's end. */
  | {
      readonly do: 'answer'
      readonly want: Want
      readonly ok: boolean
      readonly text: string
      readonly listing?: Uint8Array
    }
  /** A piece of what RETR or TOP brings. */
  | { readonly do: 'data'; readonly number: number; readonly bytes: Uint8Array }
  /** Nothing more can be said: hang up. */
  | { readonly do: 'fail'; readonly failure: Failure }
