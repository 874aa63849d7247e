// Every sentence of the window: what is said through t(), tx() and said(), and what the engine says and the window tells.
// `node scripts/sentences.mjs` lists, by language, what resources/words has no translation of yet;
// `--tidy` sorts the catalogues and drops what nobody says any more.
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseSync } from 'vite'
import { engineSentences } from './engine-sentences.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A node of a syntax tree (ESTree with JSX and TypeScript). @typedef {{ type: string, start: number, end: number, [name: string]: any }} Node */

const SAYING = new Set(['t', 'tx', 'said'])
/** Attributes and properties whose text a person reads. */
const READ = new Set(
  'aria-label title label placeholder hint action what on off unit yes no nothing text legend none note caption'.split(
    ' ',
  ),
)
/** Attributes that are never anything but words. */
const TITLES = new Set(['aria-label', 'title', 'placeholder'])
/** @param {string} text */
const isReadable = (text) => /\p{L}{2}/u.test(text)
/** A host or a path, as examples are: the same in every language. @param {string} text */
const isExample = (text) => /^\S*[./]\S*$/.test(text)

/** The files whose words a person reads. */
export const spokenFiles = () =>
  [...globSync('renderer/src/**/*.{ts,tsx}', { cwd: root }), ...globSync('electron/**/*.ts', { cwd: root })]
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !/\.test\.|\/words\/|\/gallery\//.test(file))
    .toSorted()

/**
 * What one file says, and where it has words that did not come through the catalogue.
 * @param {string} file
 * @param {string} source
 */
export function read(file, source = readFileSync(join(root, file), 'utf8')) {
  /** @type {Set<string>} */
  const sentences = new Set()
  /** @type {string[]} */
  const loose = []
  /** @param {Node} node */
  const line = (node) => source.slice(0, node.start).split('\n').length
  /** @type {(node: Node, text: string) => unknown} */
  const complain = (node, text) => loose.push(`${file}:${line(node)}: ${text.trim().replace(/\s+/g, ' ').slice(0, 80)}`)
  const isWindow = file.startsWith('renderer/')

  /**
   * The literals an expression may come to.
   * @param {Node} node
   * @returns {string[]}
   */
  function literals(node) {
    if (node.type === 'Literal' && typeof node.value === 'string') return [node.value]
    if (node.type === 'ConditionalExpression') return [...literals(node.consequent), ...literals(node.alternate)]
    if (node.type === 'ParenthesizedExpression') return literals(node.expression)
    complain(node, `not a literal sentence: ${source.slice(node.start, node.end)}`)
    return []
  }

  /**
   * @param {unknown} tree
   * @param {readonly Node[]} parents
   */
  function walk(tree, parents) {
    if (Array.isArray(tree)) {
      for (const each of tree) walk(each, parents)
      return
    }
    if (typeof tree !== 'object' || tree === null || !('type' in tree) || typeof tree.type !== 'string') return
    const node = /** @type {Node} */ (tree)
    if (node.type === 'ImportDeclaration' || /^TS(?:Literal|TypeAlias|Interface|TypeAnn|TypeParam)/.test(node.type))
      return
    const [parent] = parents
    if (node.type === 'CallExpression' && node.callee.type === 'Identifier' && SAYING.has(node.callee.name)) {
      for (const text of literals(node.arguments[0])) sentences.add(text)
      walk(node['arguments'].slice(1), [node, ...parents])
      return
    }
    if (isWindow && node.type === 'JSXText' && isReadable(node.value)) complain(node, node.value)
    if (isWindow && node.type === 'JSXAttribute' && READ.has(node.name.name)) {
      if (node.value?.type === 'Literal' && isReadable(node.value.value) && /\s|^\p{Lu}/u.test(node.value.value))
        complain(node, node.value.value)
      // A title is for nobody but a reader; a label of ours may be a name a program looks for.
      if (node.value?.type === 'JSXExpressionContainer')
        for (const text of shown(node.value.expression))
          if (!isExample(text) && (/\s|^\p{Lu}/u.test(text) || TITLES.has(node.name.name))) complain(node, text)
    }
    if (isWindow && node.type === 'Property' && READ.has(node.key.name ?? node.key.value))
      if (
        node.value.type === 'Literal' &&
        typeof node.value.value === 'string' &&
        /^\p{Lu}\p{Ll}/u.test(node.value.value)
      )
        complain(node, node.value.value)
    if (isWindow && node.type === 'JSXExpressionContainer' && parent?.type === 'JSXElement')
      for (const text of shown(node.expression)) complain(node, text)
    for (const [name, value] of Object.entries(node)) if (name !== 'type') walk(value, [node, ...parents])
  }
  walk(parseSync(file, source).program, [])
  return { sentences, loose }
}

/**
 * The words an expression among the children of an element would put on the page as they are.
 * @param {Node} node
 * @returns {string[]}
 */
function shown(node) {
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' && isReadable(node.value) ? [node.value] : []
    case 'TemplateLiteral':
      return [
        ...(node['quasis'].some((/** @type {Node} */ { value }) => isReadable(value.cooked))
          ? [node['quasis'].map((/** @type {Node} */ { value }) => value.cooked).join('…')]
          : []),
        ...node['expressions'].flatMap(shown),
      ]
    case 'ConditionalExpression':
      return [...shown(node.consequent), ...shown(node.alternate)]
    case 'LogicalExpression':
      return [...shown(node.left), ...shown(node.right)]
    case 'ParenthesizedExpression':
      return shown(node.expression)
    default:
      return []
  }
}

/** Sentences of the engine that the window tells: of settings and commands, advice about replies, words of protocols. */
export async function toldSentences() {
  /** @param {string} file */
  const load = (file) => import(pathToFileURL(join(root, file)).href)
  const { SETTINGS } = await load('core/settings.ts')
  const { COMMANDS } = await load('core/model/command-table.ts')
  const { PROTECTION_WORDS } = await load('core/model/protection-words.ts')
  const { MEANINGS } = await load('core/model/reply-advice.ts')
  const { CLASSES, EXPLAINED_WORDS } = await load('core/model/explain.ts')
  const { BASIC, STATUS } = await load('core/model/reply-status.ts')
  return [
    ...Object.values(SETTINGS).map(({ about }) => about),
    ...Object.values(COMMANDS).flatMap(({ label, group }) => [label, group]),
    ...Object.values(PROTECTION_WORDS),
    ...Object.values(MEANINGS).flatMap(({ title, meaning, next }) => [title, meaning, next]),
    ...Object.values(CLASSES),
    ...[...Object.values(BASIC), ...Object.values(STATUS)].flatMap((words) => [words[0], words[1]]),
    ...EXPLAINED_WORDS.flatMap((/** @type {{ title: string, text: string }} */ { title, text }) => [title, text]),
  ]
}

/** The steps of guides for other programs, as the engine has them: the literals of `step('…')`. */
function guideSentences() {
  /** @type {string[]} */
  const found = []
  for (const file of globSync('core/serve/connect*.ts', { cwd: root }))
    if (!file.includes('.test.'))
      for (const [, single, double] of readFileSync(join(root, file), 'utf8').matchAll(
        /\bstep\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g,
      ))
        found.push((single ?? double ?? '').replaceAll(String.raw`\'`, "'"))
  return found
}

/** What the guided console says to the person: the sentences and names among the literals of its machines. */
function consoleSentences() {
  const files = ['core/wire/console/*.ts', 'core/net/console-*.ts', 'core/console/replay-steps.ts']
  return globSync(files, { cwd: root })
    .filter((file) => !file.includes('.test.'))
    .flatMap((file) => [...readFileSync(join(root, file), 'utf8').matchAll(/'((?:[^'\\\n]|\\.)*)'/g)])
    .map(([, text = '']) => text.replaceAll(String.raw`\'`, "'"))
    .filter((text) => /^\p{Lu}.*\p{Ll}/u.test(text) && !/^[A-Z][a-z]+(?:[A-Z][a-z]+)+$/.test(text))
}

/** All sentences, sorted, each once. */
export async function allSentences() {
  const found = new Set([...(await toldSentences()), ...guideSentences(), ...consoleSentences(), ...engineSentences()])
  for (const file of spokenFiles()) for (const one of read(file).sentences) found.add(one)
  return [...found].filter((one) => one.trim() !== '').toSorted()
}

/**
 * The catalogue of a language.
 * @param {string} language
 * @returns {Record<string, string>}
 */
export const catalogueOf = (language) =>
  JSON.parse(readFileSync(join(root, `resources/words/${language}.json`), 'utf8'))

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const sentences = await allSentences()
  for (const language of ['de', 'fr', 'ja', 'ar']) {
    const catalogue = catalogueOf(language)
    const missing = sentences.filter((one) => catalogue[one] === undefined)
    if (process.argv.includes('--tidy')) {
      const kept = sentences.filter((one) => catalogue[one] !== undefined).map((one) => [one, catalogue[one]])
      writeFileSync(
        join(root, `resources/words/${language}.json`),
        `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`,
      )
    }
    process.stdout.write(`${language}: ${missing.length} of ${sentences.length} missing\n`)
    if (process.argv.includes(language))
      process.stdout.write(`${missing.map((one) => JSON.stringify(one)).join('\n')}\n`)
  }
}
