import { test } from 'vitest'
import { fuzzBytes, fuzzOrder } from '../support/pop3-server-fuzz.ts'

const TEN_MINUTES = 600_000

test('100,000 orders of commands of a POP3 client', () => fuzzOrder(100_000), TEN_MINUTES)
test('50,000 broken POP3 sessions', () => fuzzBytes(50_000), TEN_MINUTES)
