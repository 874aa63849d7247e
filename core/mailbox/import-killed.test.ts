import { test } from 'vitest'
import { printedSeed } from '../../test/support/chance.ts'
import { killImports } from '../../test/support/import-kills.ts'

test('an import that is killed goes on, and each message is there once', async () => {
  await killImports(3, 1200, printedSeed('IMPORT_SEED'))
}, 60_000)
