import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { selfSigned } from '../../core/vault/certificate.ts'

/** A certificate of the tests for these names, and a PEM file that names it as an authority. */
export interface TestCertificate {
  readonly key: string
  readonly cert: string
  readonly caFile: string
  remove(): void
}

/** Makes one; `remove` in `afterAll`. */
export function testCertificate(...names: string[]): TestCertificate {
  const { key, cert } = selfSigned(names)
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-ca-'))
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, cert)
  return { key, cert, caFile, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** A certificate in memory, for rooms that may not import the vault. */
export const selfSignedOf = selfSigned
