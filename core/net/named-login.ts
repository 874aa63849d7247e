/** Joint: net ← whoever serves. Whether a name that somebody signs in with may be kept in the log. */
export type IsNameKept = (name: string) => boolean

type Range = readonly [number, number]
/** What is noted of a line of a login. */
export interface NotedLine {
  readonly secrets: readonly Range[]
  readonly odd: boolean
  readonly user?: string
}

/**
 * How a client's line goes to the log. A name may be a password that was typed in the wrong place: only one that `isKept` knows is
 * noted, and where another stands bare in the line (`nameAt`) it is a secret, too. A question that fails is answered no.
 */
export function notedLine(
  heard: {
    readonly secrets: readonly Range[]
    readonly isOdd: boolean
    readonly name?: string
    readonly nameAt?: Range
  },
  isKept: IsNameKept | undefined,
): NotedLine {
  const { secrets, isOdd: odd, name, nameAt } = heard
  if (name === undefined && nameAt === undefined) return { secrets, odd }
  const isKnown = name !== undefined && mayKeep(name, isKept)
  if (nameAt !== undefined) return { secrets: isKnown ? secrets : [nameAt, ...secrets], odd }
  return { secrets, odd, ...(isKnown && { user: name }) }
}

function mayKeep(name: string, isKept: IsNameKept | undefined): boolean {
  try {
    return isKept?.(name) ?? false
  } catch {
    return false
  }
}
