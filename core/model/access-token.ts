/** A token to sign in with now (RFC 6749 §1.4), or why there is none: `needsPerson` where only signing in again helps. */
export type AccessToken =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly needsPerson: boolean; readonly reason: string }

/** Joint: a token of a sign-in, made anew where it has run out or is the one that was `refused`. Never throws. */
export type TokenOf = (signInId: number, refused?: string) => Promise<AccessToken>

/** A token that was made just now: for a test, which must not fail for one that has ended before its hour. Never throws. */
export async function newToken(tokenOf: (refused?: string) => Promise<AccessToken>): Promise<AccessToken> {
  const known = await tokenOf()
  return known.ok ? tokenOf(known.token) : known
}
