// The shell speaks its menus and dialogs itself, and the window all the rest: of the catalogues it takes its own sentences alone,
// which are one in thirty.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the shell's sentences stand in, commands' labels among them. */
const SOURCES = ['electron/*.ts', 'core/model/command-table.ts']

/**
 * The sentences of a catalogue that a text of sources names.
 * @param {Readonly<Record<string, string>>} catalogue
 * @param {string} sources
 */
export const namedIn = (catalogue, sources) =>
  Object.fromEntries(Object.entries(catalogue).filter(([sentence]) => sources.includes(sentence)))

/**
 * Leaves out of the catalogues what the shell never says.
 * @param {string} root
 * @returns {import('vite').Plugin}
 */
export function shellWords(root) {
  const sources = globSync(SOURCES, { cwd: root })
    .filter((path) => !path.endsWith('.test.ts'))
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n')
  return {
    name: 'posthorn:shell-words',
    enforce: 'pre',
    transform: {
      filter: { id: /[\\/]resources[\\/]words[\\/]\w+\.json$/ },
      handler: (code) => ({ code: JSON.stringify(namedIn(JSON.parse(code), sources)), map: null }),
    },
  }
}
