import { expect, test } from 'vitest'
import { fuzzBytes, fuzzOrder, fuzzSmuggling, recordedSubmissions } from '../../../test/support/smtp-server-fuzz.ts'

// A hundred thousand of each are in test/soak.
test('two thousand sequences of commands are answered as the model says', () => fuzzOrder(2000))
test('recorded sessions, mutated and cut anywhere, never break the server', () => fuzzBytes(1500))
test('no content carried by an honest client becomes a second message', () => fuzzSmuggling(1500))
test('the sessions to mutate are those of the dialogues', () =>
  expect(recordedSubmissions().length).toBeGreaterThan(40))
