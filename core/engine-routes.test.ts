import type { ContractRouterClient } from '@orpc/contract'
import { createRouterClient } from '@orpc/server'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openInlineStore } from '../test/support/inline-store.ts'
import { Bench } from '../test/support/mx-zone.ts'
import { openQueueHouse, submissionOf, type QueueHouse } from '../test/support/queue-house.ts'
import type { SinkCommand, SmtpSink } from '../test/support/smtp-sink.ts'
import type { TestStore } from '../test/support/store.ts'
import { systemClock } from './base/clock.ts'
import { openRoutes, releaseHeld, type Routes } from './engine-routes.ts'
import { parseMailbox } from './model/address.ts'
import { makeDialer } from './net/dial.ts'
import { makeDeliver } from './relay/deliver.ts'
import type { RelayDeps } from './relay/deps.ts'
import type { Contract } from './rpc/contract.ts'
import { defaultSettings } from './settings.ts'
import { createRecorder } from './transcript/recorder.ts'

/** Routes from the window's call to the wire and back, with a real store, queue and relay. */

const bench = new Bench()
let store: TestStore
let routes: Routes
let house: QueueHouse
let api: Pick<ContractRouterClient<Contract>, 'route'>
let notes: string[]
let flush: () => Promise<void>

/** Nobody signs in by a provider's page here. */
const signIns = {
  troubleOf: () => null,
  tokenOf: async () => ({ ok: false, needsPerson: true, reason: 'There is none.' }) as const,
}

beforeEach(async () => {
  store = openInlineStore(systemClock)
  routes = openRoutes({ store, isLocal: () => false, signIns })
  notes = []
  const settings = { ...defaultSettings(), 'relay.ehloName': 'client.test' }
  const recorder = createRecorder({
    clock: systemClock,
    firstSessionId: 1,
    async sink({ events }) {
      for (const part of events) for (const one of part.events) if (one.kind === 'note') notes.push(one.text)
    },
  })
  flush = () => recorder.flush()
  const relay: RelayDeps = {
    settings: () => settings,
    resolver: await bench.resolver({}),
    dial: makeDialer(),
    recorder,
    openBody: store.openBody,
    clock: systemClock,
    signInOf: routes.signInOf,
    onLoginRefused: routes.onLoginRefused,
  }
  house = await openQueueHouse({ store, deliver: makeDeliver(relay), routeFor: routes.routeFor })
  const handlers = routes.handlers(
    relay,
    releaseHeld(store, () => settings, house.queue),
  )
  api = createRouterClient({ route: handlers } as Parameters<typeof createRouterClient>[0]) as unknown as typeof api
})
afterEach(async () => {
  await house.close()
  await bench.close()
})

/** A busy machine has time. */
const WAIT = { timeout: 20_000, interval: 10 }

const send = async (to = 'bob@remote.example'): Promise<number> => {
  const taken = await house.submit(submissionOf(['Subject: hi', 'Message-ID: <1@x.test>', '', 'hello'], [to]))
  return taken.accepted ? taken.entryId : 0
}
const settled = async (entryId: number, state: string) => {
  await vi.waitFor(() => expect(house.states(entryId)).toEqual([state]), WAIT)
}
const attempts = () => store.read.prepare('SELECT outcome, route, tls FROM attempt ORDER BY id').all()
const identity = (routeId: number | null) => {
  const mailbox = parseMailbox('ada@author.example')!
  return store.write('identity.save', { name: 'Ada', mailbox, routeId })
}
const smarthost = (password: () => string): Promise<SmtpSink> =>
  bench.sink({
    offers: ['PIPELINING', 'AUTH PLAIN'],
    answer({ verb, line }: SinkCommand) {
      if (verb !== 'AUTH') return undefined
      const right = Buffer.from(`\0ada\0${password()}`).toString('base64')
      return line === `AUTH PLAIN ${right}` ? '235 2.7.0 welcome' : '535 5.7.8 wrong password'
    },
  })

test('a refused login holds the mail, tells the user, dials no more, and a new password lets it go', async () => {
  const host = await smarthost(() => 'right')
  const login = { user: 'ada', kind: 'password', secret: 'wrong' } as const
  const added = await api.route.add({ host: '127.0.0.1', port: host.port, tls: 'none', login })
  await identity(added.id)
  const first = await send()
  await settled(first, 'held')
  expect(routes.troubles()).toEqual([
    expect.stringContaining(`The login at 127.0.0.1:${host.port} was refused (wrong password)`),
  ])
  expect(await api.route.list()).toMatchObject([{ login: 'password', user: 'ada', trouble: 'wrong password' }])
  const second = await send()
  await settled(second, 'held')
  expect(host.connections).toBe(1)
  expect(await house.inbox()).toEqual([]) // nothing is returned
  expect(await api.route.explain({ from: 'ada@author.example', to: 'bob@remote.example', tries: 0 })).toMatchObject({
    kind: 'hold',
    why: expect.stringContaining('wrong password'),
  })

  const set = await api.route.setLogin({ id: added.id, login: { ...login, secret: 'right' } })
  expect(set).toMatchObject({ released: 2, route: { trouble: null } })
  await settled(first, 'delivered')
  await settled(second, 'delivered')
  expect(routes.troubles()).toEqual([])
  const why = `the identity ada@author.example sends by 127.0.0.1:${host.port}`
  expect(attempts()).toMatchObject([
    { outcome: 'held', route: why },
    { outcome: 'held', route: why },
    { outcome: 'delivered', route: why },
    { outcome: 'delivered', route: why },
  ])
  expect(attempts()[2]).toMatchObject({ tls: '{"policy":"none","facts":null,"trouble":null}' })
})

test('resuming tries once more with the login there is', async () => {
  let password = 'new'
  const host = await smarthost(() => password)
  const login = { user: 'ada', kind: 'password', secret: 'right' } as const
  const added = await api.route.add({ host: '127.0.0.1', port: host.port, tls: 'none', login })
  await identity(added.id)
  const entryId = await send()
  await settled(entryId, 'held')
  expect(await api.route.resume({ id: added.id })).toMatchObject({ released: 1 })
  await vi.waitFor(() => expect(routes.troubles()).not.toEqual([]), WAIT)
  await settled(entryId, 'held')
  password = 'right' // mended at the other end
  await api.route.resume({ id: added.id })
  await settled(entryId, 'delivered')
  expect(host.connections).toBe(3)
})

test('a rule holds, another one sends another way, and what was held follows the rules as they are', async () => {
  const host = await bench.sink()
  const { id: routeId } = await api.route.add({ host: '127.0.0.1', port: host.port, tls: 'none' })
  const rule = { sender: '', recipient: '', afterTries: 0, routeId: null } as const
  const hold = await api.route.saveRule({ ...rule, recipient: 'remote.example', action: 'hold' })
  const entryId = await send()
  await settled(entryId, 'held')
  expect(attempts()).toMatchObject([{ outcome: 'held', route: 'rule 1: Mail to remote.example is held' }])
  expect(host.connections).toBe(0)
  await expect(api.route.remove({ id: routeId })).resolves.toEqual({ ok: true })

  const again = await api.route.add({ host: '127.0.0.1', port: host.port, tls: 'none' })
  const all = { ...rule, sender: '*.example', action: 'smarthost', routeId: again.id } as const
  const sends = await api.route.saveRule(all)
  await expect(api.route.remove({ id: again.id })).rejects.toMatchObject({ code: 'conflict' })
  await api.route.saveRule({ ...all, id: sends.id, sender: 'author.example' })
  await settled(entryId, 'held') // the first rule still fits
  await api.route.removeRule({ id: hold.id })
  await settled(entryId, 'delivered')
  expect(host.messages).toHaveLength(1)
  await flush()
  expect(notes).toContain(`route: rule 2: Mail from author.example goes by 127.0.0.1:${host.port}`)
})
