import { readdirSync } from 'node:fs'
import { test } from 'vitest'
import { playBare, readDialogue } from '../../../test/support/dialogue.ts'
import { Pop3House } from '../../../test/support/pop3-server-house.ts'
import { BarePop3 } from '../../../test/support/pop3-server-machine.ts'

const folder = new URL('../../../test/dialogues/pop3-server/', import.meta.url)
const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .toSorted()

test.each(scripts)('plays %s', async (name) => {
  const house = new Pop3House()
  await playBare(readDialogue(new URL(name, folder)), 'S', () => new BarePop3(house), { facts: house.facts })
})
