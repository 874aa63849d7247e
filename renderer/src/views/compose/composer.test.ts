import { expect, test } from 'vitest'
import { endsAfter, keepsWith, writing } from './composer.ts'

test('a window that ends waits for what is on its way out, whose draft goes only then', async () => {
  const said: string[] = []
  const sending = Promise.withResolvers<string>()
  const done = keepsWith(async () => void said.push('kept'))
  const sent = endsAfter(sending.promise.finally(() => said.push('sent')))
  const kept = writing.keep?.().then(() => said.push('ends'))
  await Promise.resolve()
  expect(said).toEqual(['kept'])
  sending.resolve('the answer')
  expect(await sent).toBe('the answer')
  await kept
  expect(said).toEqual(['kept', 'sent', 'ends'])
  done()
  expect(writing.keep).toBeUndefined()
})

test('a message that could not be sent keeps no window open, and fails for its sender alone', async () => {
  const sent = endsAfter(Promise.reject(new Error('refused')))
  await writing.keep?.()
  await expect(sent).rejects.toThrow('refused')
  expect(writing.keep).toBeUndefined()
})
