import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, matchesGlob } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOMS } from '../../oxlint.config.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** One line each: the file it is planted in, then what it imports. */
const forbidden = `
core/base/planted.ts              ../model/address.ts
core/base/planted.ts              ../settings.ts
core/model/planted.ts             ../store/open.ts
core/model/planted.ts             node:fs
core/settings.ts                  ./store/open.ts
core/settings.ts                  node:os
core/wire/smtp/planted.ts         ../pop3/session.ts
core/wire/smtp/planted.ts         ../../net/dial.ts
core/wire/smtp/planted.ts         node:crypto
core/wire/pop3/planted.ts         ../../store/open.ts
core/message/planted.ts           ../store/open.ts
core/transcript/planted.ts        ../store/open.ts
core/net/planted.ts               ../store/open.ts
core/net/planted.ts               better-sqlite3
core/net/planted.ts               ws
core/store/planted.ts             ../queue/submit.ts
core/store/planted.ts             node:net
core/store/migrations/planted.ts  ../../queue/submit.ts
core/vault/planted.ts             ../serve/login.ts
core/queue/planted.ts             ../relay/attempt.ts
core/queue/planted.ts             ../relay/attempt.test.ts
core/queue/planted.ts             ../engine.ts
core/queue/planted.ts             node:net
core/queue/planted.ts             ../rpc/contract.ts
core/queue/handlers.ts            ../relay/attempt.ts
core/queue/deep/planted.ts        ../../relay/attempt.ts
core/queue/deep/er/planted.ts     ../../../relay/attempt.ts
core/queue/planted.test.ts        ../relay/attempt.ts
core/queue/planted.test.ts        ../rpc/contract.ts
core/queue/handlers.test.ts       ../relay/attempt.ts
core/queue/deep/handlers.ts       ../../rpc/contract.ts
core/relay/planted.ts             ../queue/submit.ts
core/relay/planted.ts             ../store/open.ts
core/serve/planted.ts             ../queue/submit.ts
core/serve/planted.ts             ../fetch/pop3.ts
core/fetch/planted.ts             ../mailbox/deliver.ts
core/mailbox/planted.ts           ../queue/submit.ts
core/rpc/planted.ts               ../store/open.ts
core/engine.ts                    ./host/cli.ts
core/engine.ts                    ../electron/main.ts
core/engine.ts                    node:net
core/engine-settings.ts           ./host/cli.ts
core/host/planted.ts              ../queue/submit.ts
core/host/planted.ts              electron
electron/planted.ts               ../core/store/open.ts
electron/planted.ts               ../core/host/cli.ts
electron/planted.ts               better-sqlite3
electron/planted.ts               node:http
renderer/src/planted.tsx          ../../core/store/open.ts
renderer/src/planted.tsx          ../../core/engine.ts
renderer/src/views/mail/p.tsx     ../../../../core/queue/submit.ts
renderer/src/planted.tsx          ../../electron/main.ts
renderer/src/planted.tsx          node:fs
renderer/src/planted.tsx          electron
renderer/src/planted.tsx          zod/v4
`
const allowed = `
core/model/planted.ts             ../base/never.ts
core/settings.ts                  ./model/address.ts
core/wire/smtp/planted.ts         ../../model/address.ts
core/store/planted.ts             better-sqlite3
core/store/migrations/planted.ts  ../migrate.ts
core/net/planted.ts               node:tls
core/queue/planted.ts             ./schedule.ts
core/queue/planted.ts             ../store/open.ts
core/queue/planted.ts             ../settings.ts
core/queue/planted.ts             node:crypto
core/queue/deep/planted.ts        ../schedule.ts
core/queue/deep/planted.ts        ../../store/open.ts
core/queue/handlers.ts            ../rpc/contract.ts
core/queue/planted.test.ts        ../../test/support/clock.ts
core/queue/planted.test.ts        fast-check
core/queue/planted.test.ts        node:net
core/queue/handlers.test.ts       ../rpc/contract.ts
core/queue/handlers.test.ts       @orpc/server
core/queue/handlers.test.ts       vitest
core/model/planted.test.ts        node:fs
core/engine.ts                    ./queue/submit.ts
core/engine.ts                    ./engine-settings.ts
core/host/planted.ts              ../engine.ts
core/host/planted.ts              node:http
electron/planted.ts               ../core/engine.ts
electron/planted.ts               electron
renderer/src/planted.tsx          ../../core/rpc/contract.ts
renderer/src/views/mail/p.tsx     ../../../../core/model/address.ts
renderer/src/views/mail/p.tsx     ../queue/list.tsx
renderer/src/planted.tsx          react-dom/client
`

interface Planted {
  readonly file: string
  readonly imports: string
  readonly at: string
}
/** Plants of one and the same file go to different houses. */
const taken = new Map<string, number>()
function rows(table: string): Planted[] {
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [file = '', imports = ''] = line.split(/ +/)
      const house = (taken.get(file) ?? 0) + 1
      taken.set(file, house)
      return { file, imports, at: `house-${house}` }
    })
}
const red = rows(forbidden)
const green = rows(allowed)

const folder = mkdtempSync(join(tmpdir(), 'posthorn-walls-'))
const complaints = new Map<string, string>()

function plant(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}

function lint(at: string): Map<string, string> {
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint')
  const run = spawnSync(process.execPath, [oxlint, '--format', 'json'], { cwd: join(folder, at), encoding: 'utf8' })
  const found = new Map<string, string>()
  for (const { code, filename } of JSON.parse(run.stdout).diagnostics)
    found.set(filename, `${found.get(filename) ?? ''}${code} `)
  return found
}

beforeAll(() => {
  for (const { file, imports, at } of [...red, ...green]) plant(`${at}/${file}`, `export * from '${imports}'\n`)
  plant('cycle/core/queue/a.ts', `import { b } from './b.ts'\nexport const a = () => b\n`)
  plant('cycle/core/queue/b.ts', `import { a } from './a.ts'\nexport const b = () => a\n`)
  for (const at of readdirSync(folder)) {
    copyFileSync(join(root, 'oxlint.config.ts'), join(folder, at, 'oxlint.config.ts'))
    copyFileSync(join(root, 'package.json'), join(folder, at, 'package.json'))
    for (const [file, codes] of lint(at)) complaints.set(`${at}/${file}`, codes)
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(red)('the check goes red when $file imports $imports', ({ file, at }) => {
  expect(complaints.get(`${at}/${file}`) ?? '').toContain('no-restricted-imports')
})
test.each(green)('$file may import $imports', ({ file, at }) => {
  expect(complaints.get(`${at}/${file}`) ?? '').not.toContain('no-restricted-imports')
})
test('the check goes red when two files import each other', () => {
  expect(complaints.get('cycle/core/queue/a.ts')).toContain('no-cycle')
})
test('every room of the house has its wall', () => {
  const rooms = readdirSync(join(root, 'core'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || (entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts')))
    .map((entry) => `core/${entry.name}`)
  expect(rooms.filter((room) => !Object.keys(ROOMS).some((name) => matchesGlob(room, name)))).toEqual([])
})
