/** Marks a place no value can reach; a case that is forgotten in a `switch` fails to compile here. Throws if reached. */
export function never(value: never, what: string): never {
  throw new Error(`unexpected ${what}: ${JSON.stringify(value)}`)
}
