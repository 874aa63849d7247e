/** Which way somebody chose for a recipient; `automatic` leaves it to the rules. */
export type Way =
  | { readonly kind: 'automatic' }
  | { readonly kind: 'direct' }
  | { readonly kind: 'smarthost'; readonly routeId: number }

/** Who keeps a recipient back: a person, a route that waits for its user, or a rule. */
export type HeldBy = 'user' | 'route' | 'rule'
