/**
 * @typedef {{ link?: boolean; integrity?: string; optionalDependencies?: Record<string, string> }} Entry
 */

/**
 * What is wrong with a package-lock.json. One written where the registry lacked the packages of other systems names
 * them as optional and holds no entry for them, and `npm ci` then fails on every machine.
 * @param {Readonly<Record<string, Entry>>} packages
 * @returns {string[]}
 */
export function faultsOfLock(packages) {
  const entries = Object.entries(packages)
  const missing = entries.flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !foldersAbove(path).some((folder) => `${folder}node_modules/${name}` in packages))
      .map((name) => `package-lock.json: ${path} names ${name}, which has no entry`),
  )
  const unchecked = entries
    .filter(([path, entry]) => path.startsWith('node_modules/') && !entry.link && entry.integrity === undefined)
    .map(([path]) => `package-lock.json: ${path} has no integrity`)
  return [...missing, ...unchecked]
}

/**
 * Every folder in which a package at `path` finds the ones it asks for, nearest first.
 * @param {string} path
 */
function foldersAbove(path) {
  const folders = path === '' ? [] : [`${path}/`]
  for (let at = path.lastIndexOf('/node_modules/'); at > 0; at = path.lastIndexOf('/node_modules/', at - 1)) {
    folders.push(path.slice(0, at + 1))
  }
  return [...folders, '']
}
