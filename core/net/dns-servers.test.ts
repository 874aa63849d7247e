import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'posthorn-resolv-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const mounts = ['--mount', '--propagation', 'private']
/** Whether this process may have a resolv.conf of its own. Where CI=true on Linux it must. */
function mayMount(): boolean {
  if (process.platform !== 'linux') return false
  try {
    execFileSync('unshare', [...mounts, 'true'], { stdio: 'pipe' })
    return true
  } catch (error) {
    if (process.env['CI'] === 'true') throw error
    return false
  }
}

test.skipIf(!mayMount())('the name servers are those of the network one is in now', () => {
  const file = join(folder, 'resolv.conf')
  writeFileSync(file, 'nameserver 192.0.2.1\n')
  const script = join(folder, 'script.ts')
  writeFileSync(
    script,
    `import { writeFileSync } from 'node:fs'
     import { dnsServers } from ${JSON.stringify(new URL('dns-servers.ts', import.meta.url).href)}
     const before = dnsServers([])
     writeFileSync('/etc/resolv.conf', 'nameserver 192.0.2.2\\n')
     console.log(JSON.stringify([before, dnsServers([])]))`,
  )
  const said = execFileSync(
    'unshare',
    [...mounts, 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$1" "$2"', file, process.execPath, script],
    { encoding: 'utf8' },
  )
  expect(JSON.parse(said)).toEqual([[{ address: '192.0.2.1', port: 53 }], [{ address: '192.0.2.2', port: 53 }]])
})
