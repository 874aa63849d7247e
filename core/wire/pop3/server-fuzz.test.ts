import { test } from 'vitest'
import { fuzzBytes, fuzzOrder } from '../../../test/support/pop3-server-fuzz.ts'

// test/soak plays hundreds of times as many.
test('answers any order of commands as a small server by the RFC does', () => fuzzOrder(2000))
test('makes the same of broken sessions however they are cut, and removes nothing without QUIT', () => fuzzBytes(1000))
