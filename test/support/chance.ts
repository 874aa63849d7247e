import { randomInt } from 'node:crypto'

/** Numbers from 0 up to 1 that come again with the same seed. */
export function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** The seed that variable of the environment gives, else a new one; printed, so that a run can be had again. */
export function printedSeed(variable: string): number {
  const seed = Number(process.env[variable] ?? randomInt(2 ** 31))
  console.log(`${variable}=${seed}`)
  return seed
}
