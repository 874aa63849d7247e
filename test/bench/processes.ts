import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { freePort, listening } from '../support/postfix.ts'

/** Runs a program to its end. Throws on any status but 0. */
export async function output(program: string, args: readonly string[]): Promise<{ stdout: string; ms: number }> {
  const startedMs = performance.now()
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stderr}`)
  return { stdout, ms: performance.now() - startedMs }
}

/** Postfix's smtp-sink, counting. */
export interface Sink {
  readonly port: number
  /** Resolves when that many messages have come since the start; gives up after `timeoutMs`. */
  until(messages: number, timeoutMs: number): Promise<void>
  stop(): Promise<void>
}
export async function startSink(host: string): Promise<Sink> {
  const port = await freePort(host)
  const child = spawn('smtp-sink', ['-u', 'nobody', '-c', `${host}:${port}`, '1000'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let messages = 0
  let tail = ''
  let wake = () => {}
  child.stdout.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-400)
    const counts = tail.match(/sess=\d+ quit=\d+ mesg=(\d+)/g)
    const last = counts?.at(-1)?.match(/mesg=(\d+)/)?.[1]
    if (last !== undefined) messages = Number(last)
    wake()
  })
  await listening(host, port)
  return {
    port,
    async until(wanted, timeoutMs) {
      const late = setTimeout(() => wake(), timeoutMs)
      const untilMs = performance.now() + timeoutMs
      while (messages < wanted) {
        if (performance.now() > untilMs)
          throw new Error(`the sink got ${messages} of ${wanted} messages in ${timeoutMs} ms`)
        await new Promise<void>((resolve) => (wake = resolve))
      }
      clearTimeout(late)
    },
    stop: () => stop(child),
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await exited
  clearTimeout(late)
}
