/** How the connection is protected (RFC 8314): TLS from the first byte, after STLS (RFC 2595 §4), or not at all. */
export type Pop3Tls = 'implicit' | 'starttls' | 'none'

export interface ClientOptions {
  readonly tls: Pop3Tls
  readonly user: string
  readonly password: string
}

/** What a session can be asked for once it is signed in. */
export type Want =
  { readonly verb: 'UIDL' | 'LIST' | 'QUIT' } | { readonly verb: 'RETR' | 'DELE'; readonly number: number }

/** Why a session could not go on. `reply` is the server's own words, secrets cut out. */
export type Failure =
  | { readonly kind: 'refused'; readonly at: 'greeting' | 'tls' | 'login'; readonly reply: string }
  | { readonly kind: 'no-stls' }
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
  | { readonly do: 'ready'; readonly pipelining: boolean }
  /** A want is answered. `listing`: of UIDL and LIST that were granted. For RETR it comes after the message's end. */
  | {
      readonly do: 'answer'
      readonly want: Want
      readonly ok: boolean
      readonly text: string
      readonly listing?: Uint8Array
    }
  /** A piece of the message that RETR brings. */
  | { readonly do: 'data'; readonly number: number; readonly bytes: Uint8Array }
  /** Nothing more can be said: hang up. */
  | { readonly do: 'fail'; readonly failure: Failure }
