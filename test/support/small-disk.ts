import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A disk of 16 MiB. */
export interface SmallDisk {
  readonly path: string
  /** False where this user may not mount; with CI=true root must be able to. */
  readonly isMounted: boolean
  remove(): void
}

/** Mounts one in a folder of its own. */
export function mountSmallDisk(): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'posthorn-disk-'))
  const isMounted = process.platform === 'linux' && mount(path)
  return {
    path,
    isMounted,
    remove() {
      if (isMounted) execFileSync('umount', ['--lazy', path])
      rmSync(path, { recursive: true, force: true })
    },
  }
}

function mount(path: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', path], { stdio: 'pipe' })
    return true
  } catch (error) {
    if (process.env['CI'] === 'true' && process.getuid?.() === 0) throw error
    return false
  }
}
