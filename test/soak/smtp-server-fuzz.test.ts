import { test } from 'vitest'
import { fuzzBytes, fuzzOrder, fuzzSmuggling } from '../support/smtp-server-fuzz.ts'

const RUNS = 100_000

test(`${RUNS} sequences of commands are answered as the model says`, () => fuzzOrder(RUNS))
test(`${RUNS} mutated sessions never break the server`, () => fuzzBytes(RUNS))
test(`${RUNS} hostile contents never become a second message`, () => fuzzSmuggling(RUNS))
