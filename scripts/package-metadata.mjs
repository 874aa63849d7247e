// What travels with every package besides the program: the licences of all that is in it, and a bill of materials (CycloneDX
// 1.6), both made of what the bundles hold. Into dist/package.
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packagesOf } from './bundled-packages.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

/** @typedef {{ folder: string, name: string, version: string, license: string, texts: string[], sha512?: string, dependsOn: string[] }} Bundled */
/** @typedef {'electron' | 'headless'} Host */

/** Licences whose code may be in a bundle that anybody may hand on. */
const PERMISSIVE =
  /^(MIT|MIT-0|ISC|0BSD|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|BlueOak-1\.0\.0|CC0-1\.0|Unlicense|Python-2\.0)$/

/**
 * The packages that a host's bundles and the window hold code of. Throws where one has no permissive licence or no text of it.
 * @param {Host} host
 * @returns {Bundled[]}
 */
export function bundledIn(host) {
  const parts = readdirSync(join(dist, '.packages')).map((name) => basename(name, '.json'))
  const folders = packagesOf(
    dist,
    parts.filter((part) => part === 'renderer' || part.startsWith(`${host}-`)),
  )
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  return folders.map((folder) => {
    const { name, version, license, author } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    if (!mayBeBundled(license)) throw new Error(`${folder} is under "${license}", which no package of ours may hold`)
    const files = globSync('{LICEN[CS]E,licen[cs]e,License,COPYING,NOTICE}*', { cwd: join(root, folder) }).toSorted()
    // Of a choice of licences we take the permissive one: the text of the other would only mislead.
    const texts = files
      .filter((file) => !/eupl|gpl/i.test(file))
      .map((file) => readFileSync(join(root, folder, file), 'utf8'))
    // Some name the MIT licence and hold no text of it: there is only one, with their own name in it.
    if (texts.length === 0 && license === 'MIT') texts.push(mitOf(nameOf(author) ?? `the authors of ${name}`))
    if (texts.length === 0) throw new Error(`${folder} has no text of its licence`)
    const entry = packages[folder] ?? {}
    const hash = /^sha512-(.+)$/.exec(entry.integrity ?? '')?.[1]
    const dependsOn = Object.keys(entry.dependencies ?? {}).flatMap((wanted) => resolve(folder, wanted, folders))
    return {
      folder,
      name,
      version,
      license,
      texts,
      ...(hash === undefined ? {} : { sha512: Buffer.from(hash, 'base64').toString('hex') }),
      dependsOn,
    }
  })
}

/** @type {(holder: string) => string} */
function mitOf(holder) {
  const own = readFileSync(join(root, 'LICENSE'), 'utf8')
  return `MIT License\n\nCopyright (c) ${holder}\n\n${own.slice(own.indexOf('Permission is hereby granted'))}`
}

/**
 * The name in package.json's `author`, which is a text or an object.
 * @param {unknown} author
 */
function nameOf(author) {
  const text = author !== null && typeof author === 'object' && 'name' in author ? author.name : author
  return typeof text === 'string' ? text.replace(/ *[<(].*$/, '') : undefined
}

/**
 * True for an SPDX expression that leaves us a permissive licence.
 * @param {unknown} license
 */
export function mayBeBundled(license) {
  if (typeof license !== 'string') return false
  const words = license.replace(/[()]/g, ' ')
  if (/\bAND\b|\bWITH\b/.test(words)) return words.split(/\bAND\b/).every((one) => PERMISSIVE.test(one.trim()))
  return words.split(/\bOR\b/).some((one) => PERMISSIVE.test(one.trim()))
}

/**
 * Where a package at `folder` finds another one, if that is in the bundle.
 * @type {(folder: string, wanted: string, folders: readonly string[]) => string[]}
 */
function resolve(folder, wanted, folders) {
  for (let at = `${folder}/`; ; at = at.slice(0, at.lastIndexOf('node_modules/', at.length - 2))) {
    const found = `${at}node_modules/${wanted}`
    if (folders.includes(found)) return [found]
    if (at === '') return []
  }
}

/**
 * What SQLite's addon is made of besides its package: the notes of others in its source, as they stand there. SQLite itself is in
 * the public domain.
 */
function notesInTheAddon() {
  const source = readFileSync(join(root, 'node_modules/better-sqlite3/deps/sqlite3/sqlite3.c'), 'utf8')
  const comments = source.match(/\/\*(?:[^*]|\*(?!\/))*\*\//g) ?? []
  const notes = comments
    .filter((comment) => /copyright \(c\)|copyright 20\d\d|copyright:|public domain/i.test(comment))
    .filter(
      (comment) =>
        /licen[cs]e|permission|redistribut|public domain/i.test(comment) && !/^\/\*\s*\*\* 20\d\d/.test(comment),
    )
    .map((comment) =>
      comment
        .split('\n')
        .map((line) => line.replace(/^\s*\/?\*+\/? ?|\s*\*+\/\s*$/g, '').trimEnd())
        .join('\n')
        .trim(),
    )
  return ['SQLite is in the public domain: https://sqlite.org/copyright.html', ...new Set(notes)]
}

/**
 * The file THIRD-PARTY-NOTICES.txt.
 * @param {readonly Bundled[]} bundled
 * @param {Host} host
 */
export function noticesOf(bundled, host) {
  const rule = '-'.repeat(80)
  const entries = bundled.map(({ name, version, license, texts }) =>
    [
      rule,
      `${name} ${version} (${license})`,
      rule,
      '',
      ...texts.map((text) => text.replaceAll('\r', '').trim()),
      '',
    ].join('\n'),
  )
  const addon = notesInTheAddon().join('\n\n')
  const electron =
    host === 'headless'
      ? []
      : [
          rule,
          'Electron (MIT), and what Chromium is made of (LICENSES.chromium.html)',
          rule,
          '',
          readFileSync(join(root, 'node_modules/electron/LICENSE'), 'utf8').trim(),
          '',
        ]
  return [
    'Posthorn holds code of these packages.',
    '',
    ...entries,
    rule,
    "Inside of SQLite's addon",
    rule,
    '',
    addon,
    '',
    ...electron,
  ].join('\n')
}

/**
 * The bill of materials as CycloneDX 1.6 has it. The same build gives the same bytes.
 * @param {readonly Bundled[]} bundled
 * @param {{ host: Host, version: string, electronVersion: string }} about
 */
export function bomOf(bundled, { host, version, electronVersion }) {
  const product = `pkg:generic/posthorn-${host === 'electron' ? 'desktop' : 'headless'}@${version}`
  const refOf = (/** @type {string} */ folder) => {
    const one = bundled.find((other) => other.folder === folder)
    if (one === undefined) throw new Error(`${folder} is in no bundle`)
    const isCopy = bundled.some((other) => other.folder !== folder && purlOf(other) === purlOf(one))
    return isCopy ? `${purlOf(one)}#${folder}` : purlOf(one)
  }
  const electron = `pkg:npm/electron@${electronVersion}`
  const components = [
    ...bundled.map((one) => ({
      'type': 'library',
      'bom-ref': refOf(one.folder),
      ...(one.name.startsWith('@') ? { group: one.name.split('/')[0] } : {}),
      'name': one.name.split('/').at(-1),
      'version': one.version,
      'purl': purlOf(one),
      'licenses': [/ (OR|AND) /.test(one.license) ? { expression: one.license } : { license: { id: one.license } }],
      ...(one.sha512 === undefined ? {} : { hashes: [{ alg: 'SHA-512', content: one.sha512 }] }),
    })),
    ...(host === 'electron'
      ? [
          {
            'type': 'framework',
            'bom-ref': electron,
            'name': 'electron',
            'version': electronVersion,
            'purl': electron,
            'licenses': [{ license: { id: 'MIT' } }],
          },
        ]
      : []),
  ]
  const dependencies = [
    { ref: product, dependsOn: components.map((one) => one['bom-ref']) },
    ...bundled.map((one) => ({ ref: refOf(one.folder), dependsOn: one.dependsOn.map(refOf) })),
  ]
  const hash = createHash('sha256').update(JSON.stringify({ product, components, dependencies })).digest('hex')
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`,
    version: 1,
    metadata: {
      component: {
        'type': 'application',
        'bom-ref': product,
        'name': 'posthorn',
        version,
        'purl': product,
        'licenses': [{ license: { id: 'MIT' } }],
      },
    },
    components,
    dependencies,
  }
}

/** @type {(one: Bundled) => string} */
const purlOf = ({ name, version }) => `pkg:npm/${name.replace('@', '%40')}@${version}`

/**
 * Writes both files of a host into a folder.
 * @param {Host} host
 * @param {string} folder
 */
export function writeMetadata(host, folder) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const electronVersion = JSON.parse(readFileSync(join(root, 'node_modules/electron/package.json'), 'utf8')).version
  const bundled = bundledIn(host)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'THIRD-PARTY-NOTICES.txt'), noticesOf(bundled, host))
  const bom = bomOf(bundled, { host, version, electronVersion })
  writeFileSync(join(folder, 'sbom.cdx.json'), `${JSON.stringify(bom, undefined, 2)}\n`)
}
