import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Whether a program can be run. */
export function has(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** CPU time in ms (user and system) that a process and its descendants, living or waited for, have used so far. */
export function cpuMs(pid: number): number {
  const children = new Map<number, number[]>()
  const ticks = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const id = Number(name)
    if (!Number.isInteger(id)) continue
    const fields = statOf(id)
    if (!fields) continue
    const parent = Number(fields[1])
    children.set(parent, [...(children.get(parent) ?? []), id])
    const [user, system, ofUser, ofSystem] = fields.slice(11, 15).map(Number)
    ticks.set(id, (user ?? 0) + (system ?? 0) + (ofUser ?? 0) + (ofSystem ?? 0))
  }
  let sum = 0
  for (const left = [pid]; left.length > 0;) {
    const one = left.pop() as number
    sum += ticks.get(one) ?? 0
    left.push(...(children.get(one) ?? []))
  }
  return (sum * 1000) / TICKS_PER_SECOND
}

/** Threads of V8 and libuv that serve all others. */
const HELPERS = /^(?:V8Worker|libuv-worker|DelayedTask)/

/** CPU time in ms that each thread of one process has used so far, by name; helpers of the runtime are one. */
export function threadCpuMs(pid: number): ReadonlyMap<string, number> {
  const used = new Map<string, number>()
  for (const id of readdirSync(`/proc/${pid}/task`)) {
    const read = (file: string) => readFileSync(`/proc/${pid}/task/${id}/${file}`, 'utf8').trim()
    try {
      const name = id === String(pid) ? 'main' : read('comm').replace('posthorn ', '')
      const ms = Number(read('schedstat').split(' ')[0]) / 1e6
      const of = HELPERS.test(name) ? 'runtime' : name
      used.set(of, (used.get(of) ?? 0) + ms)
    } catch {
      // It has ended meanwhile.
    }
  }
  return used
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** The fields of /proc/PID/stat behind the name, from the third (the state) on; undefined when the process is gone. */
function statOf(pid: number): string[] | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return line.slice(line.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

/** Memory of one process in MiB: now, and at most so far. */
export function memoryMib(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN)
  return { now: kib('VmRSS') / 1024, peak: kib('VmHWM') / 1024 }
}

/** Share of the processors' time that was idle, from 0 to 1, over so many ms. */
async function idleShare(ms: number): Promise<number> {
  const read = () => {
    const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? ''
    const fields = line.split(/\s+/).slice(1, 9).map(Number)
    return { all: fields.reduce((sum, one) => sum + one, 0), idle: (fields[3] ?? 0) + (fields[4] ?? 0) }
  }
  const before = read()
  await pause(ms)
  const after = read()
  return (after.idle - before.idle) / Math.max(after.all - before.all, 1)
}

/**
 * Writes out what the last run left behind, so that it is not this run's cost, and waits a little for a quiet machine. Returns
 * the idle share last seen.
 */
export async function quiet(longestMs = 4000): Promise<number> {
  execFileSync('sync')
  const untilMs = performance.now() + longestMs
  for (;;) {
    const idle = await idleShare(250)
    if (idle >= 0.85 || performance.now() > untilMs) return idle
  }
}

/** Resolves after so many ms. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
