import { globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { LACKING, missingPrograms, PROGRAMS } from '../../scripts/programs.mjs'

/*
 * The workflows run on machines that are not here; what can be known of them without, is. test/shell/README.md says what they alone
 * prove.
 */
const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, '.github/workflows')

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly run?: string
  readonly env?: Readonly<Record<string, string>>
}
interface Job {
  readonly 'runs-on': string
  readonly 'timeout-minutes'?: number
  readonly 'container'?: { readonly image: string }
  readonly 'permissions'?: Readonly<Record<string, string>>
  readonly 'strategy'?: {
    readonly matrix: { readonly os?: readonly string[]; readonly include?: readonly { readonly os: string }[] }
  }
  readonly 'if'?: string
  readonly 'needs'?: readonly string[]
  readonly 'steps': readonly Step[]
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}
const texts = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
const jobsText = (name: string) => texts.get(name) ?? ''
const workflow = (name: string) => parse(jobsText(name)) as Workflow
const scripts = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> })
  .scripts

describe.each([...texts.keys()])('%s', (name) => {
  const { on, permissions, jobs } = workflow(name)
  const steps = Object.values(jobs).flatMap((job) => job.steps)

  test('reads as YAML without a doubt, and may by itself only read the sources', () => {
    expect(permissions).toEqual({ contents: 'read' })
    expect(Object.keys(on)).not.toContain('pull_request_target')
    for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0)
  })

  test('takes actions of GitHub’s own alone, each by the hash of one commit', () => {
    const used = steps.flatMap(({ uses }) => uses ?? [])
    expect(used.length).toBeGreaterThan(0)
    for (const one of used) expect(one).toMatch(/^actions\/[\w-]+@[0-9a-f]{40}$/)
    // Beside each stands the version it is, for a person.
    const written = texts.get(name)?.match(/^.*uses: .*$/gm) ?? []
    for (const line of written) expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
    const versions = new Map(used.map((one, n) => [one.split('@')[0], [one, written[n]]]))
    for (const [n, one] of used.entries())
      expect([one, written[n]?.trim()]).toEqual([
        versions.get(one.split('@')[0])?.[0],
        versions.get(one.split('@')[0])?.[1]?.trim(),
      ])
  })

  test('runs commands and files that are there, and puts nothing of a stranger’s into a shell', () => {
    for (const { run = '' } of steps) {
      for (const [, script = ''] of run.matchAll(/npm run ([\w:]+)/g)) expect(Object.keys(scripts)).toContain(script)
      for (const [path] of run.matchAll(/(?:scripts\/[\w-]+\.mjs|\.ci\/run|resources\/linux\/[\w.]+)/g))
        statSync(join(root, path))
      // Titles, branches and names of others are only ever handed in as variables.
      for (const [, inserted = ''] of run.matchAll(/\$\{\{([^}]*)\}\}/g)) expect(inserted).toMatch(/^ ?matrix\./)
    }
  })
})

test('the tests run on three systems, on Linux as root in Debian 12 by the command of every other machine', () => {
  const { jobs } = workflow('test.yml')
  expect(jobs['linux']?.container?.image).toBe('debian:12')
  expect(jobs['linux']?.steps.at(-1)?.run).toBe('.ci/run')
  expect(jobs['others']?.strategy?.matrix.os?.map((os) => os.split('-')[0])).toEqual(['macos', 'windows'])
  const runs = jobs['others']?.steps.flatMap(({ run }) => run ?? []) ?? []
  expect(runs.slice(-2)).toEqual(['npm run check', 'npm test'])
  expect(runs).toContain('node scripts/programs.mjs')
  expect(readFileSync(join(root, '.ci/run'), 'utf8').trimEnd().split('\n').slice(-2)).toEqual(runs.slice(-2))
})

test('macOS is told of every address that a server of a test listens at', () => {
  const told =
    jobsText('test.yml')
      .match(/for address in ([\d. ]+);/)?.[1]
      ?.split(' ') ?? []
  const files = globSync('{core,test}/**/*.ts', { cwd: root }).map((path) => readFileSync(join(root, path), 'utf8'))
  const wanted = files.flatMap((text) =>
    [...text.matchAll(/host: '(127\.[\d.]+)'/g)].map(([, address]) => address ?? ''),
  )
  expect(new Set(wanted)).toContain('127.0.0.2')
  expect([...new Set(wanted)].filter((address) => address !== '127.0.0.1' && !told.includes(address))).toEqual([])
})

test('secrets are for tags alone, and only the last job may write', () => {
  const text = texts.get('release.yml') ?? ''
  const { jobs } = workflow('release.yml')
  const tagged = /github\.ref_type == 'tag'/
  for (const { steps } of Object.values(jobs))
    for (const step of steps)
      for (const value of Object.values(step.env ?? {}))
        if (value.includes('secrets.')) expect(JSON.stringify(step)).toMatch(tagged)
  expect(texts.get('test.yml')).not.toContain('secrets.')
  expect(text.match(/persist-credentials: false/g)?.length).toBe(text.match(/actions\/checkout@/g)?.length)
  const writing = Object.entries(jobs).filter(([, job]) => Object.values(job.permissions ?? {}).includes('write'))
  expect(writing.map(([name]) => name)).toEqual(['release'])
  expect(jobs['release']).toMatchObject({ if: "github.ref_type == 'tag'", needs: ['desktop', 'headless'] })
})

test('which programs a system lacks is written down, and nothing else is missing there', () => {
  for (const lacking of Object.values(LACKING))
    for (const program of lacking) expect(Object.keys(PROGRAMS)).toContain(program)
  expect(Object.keys(LACKING).toSorted()).toEqual(['darwin', 'win32'])
  if (process.env['CI'] !== 'true' || process.platform === 'linux') return
  const known: readonly string[] = LACKING[process.platform] ?? []
  expect(missingPrograms().filter(({ program }) => !known.includes(program))).toEqual([])
})
