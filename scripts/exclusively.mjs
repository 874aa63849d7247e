import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'

const WAIT_MS = 10 * 60_000
const POLL_MS = 250
/** A lock file is made first and filled with its holder's process id a moment later. */
const FILL_MS = 2000

/**
 * Runs `work` while holding the lock file: two commands begun at the same moment in one clone take turns. A lock whose
 * holder is gone is taken over. Throws after ten minutes of waiting.
 * @template T
 * @param {string} lock
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function exclusively(lock, work) {
  const deadlineMs = Date.now() + WAIT_MS
  let hasSaid = false
  while (!take(lock)) {
    if (isAbandoned(lock)) {
      rmSync(lock, { force: true })
      continue
    }
    if (Date.now() > deadlineMs) throw new Error(`another command has held ${lock} for too long`)
    if (!hasSaid) console.error('posthorn: waiting for another command of this clone')
    hasSaid = true
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  try {
    return await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

/** @param {string} lock */
function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** @param {string} lock */
function isAbandoned(lock) {
  try {
    const holder = Number(readFileSync(lock, 'utf8'))
    if (holder === 0) return Date.now() - statSync(lock).mtimeMs > FILL_MS
    process.kill(holder, 0)
    return false
  } catch (error) {
    return codeOf(error) === 'ESRCH'
  }
}

/** @param {unknown} error */
const codeOf = (error) => (error instanceof Error && 'code' in error ? error.code : undefined)
