import { afterAll, afterEach, expect, test } from 'vitest'
import { testCertificate } from '../../test/support/certificate.ts'
import { playAsServer, type PlayedServer } from '../../test/support/dialogue-socket.ts'
import { Bench, ONE_MX, short } from '../../test/support/mx-zone.ts'
import type { TestJob } from '../../test/support/relay.ts'
import { clientScripts, SCRIPT_MESSAGE, type ScriptTerms } from '../../test/support/smtp-client-script.ts'
import { parseDialogue } from '../../test/support/dialogue.ts'

const bench = new Bench()
const certificate = testCertificate('mx1.dest.test')
let server: PlayedServer | undefined
afterEach(async () => {
  await Promise.all([bench.close(), server?.close()])
})
afterAll(() => certificate.remove())

/** Facts of a script name no host: there is only one. */
const words = (line: string) => line.replace(/ (?:mx1\.dest\.test|127\.0\.0\.1)$/, '')

/** What a script asks of its messages, as the queue says it. */
function jobOf({ is8bit, needsUtf8, from, options, recipientOptions }: ScriptTerms): Partial<TestJob> {
  const { deliverBy, ...others } = options ?? {}
  // Half a second more, so that the whole seconds that are left are those of the script.
  const by = deliverBy && { ...deliverBy, atMs: Date.now() + deliverBy.seconds * 1000 + 500 }
  return {
    is8bit,
    needsUtf8,
    from: from === '<>' ? '' : from,
    ...(options && { options: { ...others, ...(by && { deliverBy: by }) } }),
    ...(recipientOptions && { recipientOptions }),
  }
}

const overLoopback = clientScripts().filter(({ terms }) => terms.nonce === undefined)

test.each(overLoopback)('smtp client, over loopback: $name', async ({ dialogue, jobs, terms }) => {
  let facts: string[] = []
  const relayed = Promise.withResolvers<void>()
  server = await playAsServer(dialogue, {
    tls: certificate,
    facts: async () => {
      await relayed.promise
      return facts
    },
  })
  const played = await bench.deliver(
    ONE_MX,
    server.port,
    jobs.map((to) => ({ to, message: SCRIPT_MESSAGE, ...jobOf(terms) })),
    {
      ...(terms.login && {
        route: { kind: 'smarthost', routeId: 1, host: '127.0.0.1', port: server.port, tls: 'none' },
      }),
      deps: {
        ...(terms.login && { signInOf: () => ({ login: terms.login! }) }),
        ...(terms.chunkFromBytes === undefined ? {} : { chunkFromBytes: terms.chunkFromBytes }),
      },
    },
  )
  facts = short(played).map((line) => words(line))
  relayed.resolve()
  await server.done
})

test('a session of the relay, exported as lines, is a script again', async () => {
  const mx = await bench.sink()
  const played = await bench.deliver(ONE_MX, mx.port)
  const script = played
    .dialogue()
    .filter((line) => !line.startsWith('!'))
    .map((line) => line.replace(/^\[content (\d+)\]$/, 'C~ $1'))
  server = await playAsServer(parseDialogue(script.join('\n')))
  expect(short(await bench.deliver(ONE_MX, server.port))).toEqual(['bob delivered mx1.dest.test'])
  await server.done
})
