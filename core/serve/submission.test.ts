import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { playOverSocket } from '../../test/support/dialogue-socket.ts'
import { readDialogue } from '../../test/support/dialogue.ts'
import { impatientClock } from '../../test/support/impatient-clock.ts'
import { localhost } from '../../test/support/localhost.ts'
import { House } from '../../test/support/submission-house.ts'
import { isFault } from '../base/fault.ts'
import { defaultSettings, type Settings } from '../settings.ts'
import { createRecorder } from '../transcript/recorder.ts'
import type { TranscriptBatch } from '../transcript/sink.ts'
import { startSubmission, type SubmissionOptions, type SubmissionServer } from './submission.ts'

const folder = new URL('../../test/dialogues/smtp-server/', import.meta.url)
const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .toSorted()
const tls = { ca: localhost.cert, servername: 'localhost', rejectUnauthorized: true }

let server: SubmissionServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

async function start(house: House, settings: Partial<Settings> = {}, more: Partial<SubmissionOptions> = {}) {
  const batches: TranscriptBatch[] = []
  const recorder = createRecorder({
    sink: async (batch) => void batches.push(batch),
    clock: impatientClock,
    firstSessionId: 1,
  })
  server = await startSubmission({
    settings: { ...defaultSettings(), 'submission.port': 0, 'local.domains': ['local.example'], ...settings },
    recorder,
    clock: impatientClock,
    accept: house.accept,
    stage: house.stage,
    login: house.login,
    certificate: localhost,
    ownAddresses: house.ownAddresses,
    resolveLocal: house.resolveLocal,
    ...more,
  })
  return { ...server, recorder, batches }
}

test.each(scripts)('plays %s over loopback', async (name) => {
  const house = new House()
  const { port } = await start(house)
  await playOverSocket(readDialogue(new URL(name, folder)), { port, tls, facts: house.facts })
})
