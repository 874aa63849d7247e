import { readdirSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { playBare, readDialogue } from '../../../test/support/dialogue.ts'
import { House } from '../../../test/support/submission-house.ts'
import { BareSubmission } from '../../../test/support/submission-machine.ts'

const folder = new URL('../../../test/dialogues/smtp-server/', import.meta.url)
const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .sort()

test.each(scripts)('plays %s', async (name) => {
  const house = new House()
  await playBare(readDialogue(new URL(name, folder)), 'S', () => new BareSubmission(house), { facts: house.facts })
})
