import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Notes which packages a bundle holds code of, as a list of their folders below the root: what the licence notices and the bill
 * of materials are made of. What was left out of the bundle is not named.
 * @param {string} file
 * @returns {import('vite').Plugin}
 */
export function notePackages(file) {
  return {
    name: 'posthorn:packages',
    generateBundle(_options, bundle) {
      const folders = new Set()
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue
        for (const [id, { renderedLength }] of Object.entries(chunk.modules)) {
          const folder = renderedLength > 0 ? packageFolderOf(id) : undefined
          if (folder !== undefined) folders.add(folder)
        }
      }
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, JSON.stringify([...folders].toSorted()))
    },
  }
}

/**
 * `node_modules/a/node_modules/@b/c` of a module inside of that package; undefined for a module of ours.
 * @param {string} id
 */
export function packageFolderOf(id) {
  const path = id.replaceAll('\\', '/').replace(/^\0/, '').replace(/\?.*$/, '')
  const first = path.indexOf('/node_modules/')
  const last = path.lastIndexOf('/node_modules/')
  if (last === -1) return undefined
  const [scope = '', name = ''] = path.slice(last + '/node_modules/'.length).split('/')
  const own = scope.startsWith('@') ? `${scope}/${name}` : scope
  return `${path.slice(first + 1, last + 1)}node_modules/${own}`
}

/**
 * What the parts of the last build hold, each package once.
 * @param {string} dist
 * @param {readonly string[]} parts
 * @returns {string[]}
 */
export function packagesOf(dist, parts) {
  const noted = parts.flatMap((part) => JSON.parse(readFileSync(join(dist, '.packages', `${part}.json`), 'utf8')))
  return [...new Set(noted)].toSorted()
}
