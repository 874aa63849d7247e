// How the headless host is started, so that it stays small: for `npm run posthorn`, and for the bench, which measures that.
import { join } from 'node:path'

/**
 * Four threads that each keep room for a burst of garbage are a hundred megabytes nobody gets anything for. And what garbage has
 * lived for a moment, as all of a message does while it is on its way, is looked for before it has grown the heap by a half.
 */
export const HOST_FLAGS = ['--max-semi-space-size=4', '--heap-growing-percent=15']

/**
 * The allocator keeps an arena for each thread, and raises by itself the size from which on it gives memory back; compiled code is
 * kept beside the packages, and not in the shared temporary folder, where another user could leave some for us.
 * @param {string} root
 */
export const hostEnvironment = (root) => ({
  NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'posthorn'),
  MALLOC_ARENA_MAX: '2',
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_MMAP_THRESHOLD_: '131072',
})
