import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { localSocketPath } from '../base/paths.ts'
import { Fault, isFault, reasonOf } from '../base/fault.ts'
import { readFrames, sendFrame, type Frame } from './frames.ts'

/** What a command of another process sees of its caller. */
export interface CommandIo {
  readonly cwd: string
  readonly stdin: AsyncIterable<Uint8Array>
  /** Resolves when the caller can take more. */
  stdout(text: string | Uint8Array): Promise<void>
  stderr(text: string): Promise<void>
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal
}
export type RunCommand = (argv: readonly string[], io: CommandIo) => Promise<number>

const HANDSHAKE_MS = 5000
/** A command that is not done by then when the engine closes is cut off. */
const CLOSE_MS = 3000
const BYTES_A_FRAME = 256 * 1024
const tokenFile = (dataFolder: string) => join(dataFolder, 'control.token')

/** The proof that an end knows the token of the data folder: neither end says the token itself. */
function proofOf(token: Buffer, end: 'client' | 'engine', engineNonce: string, clientNonce: string): string {
  return createHmac('sha256', token).update(`${end} ${engineNonce} ${clientNonce}`).digest('base64')
}
function sameProof(a: unknown, b: string): boolean {
  if (typeof a !== 'string') return false
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Makes the 0700 folder of the socket and refuses one that belongs to somebody else. */
function prepareFolder(folder: string): void {
  if (folder === '') return
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const at = lstatSync(folder)
  if (!at.isDirectory() || (process.getuid && at.uid !== process.getuid())) {
    throw new Fault('engine.unreachable', `open the local socket in "${folder}": that folder belongs to another user`, {
      path: folder,
      reason: 'owner',
    })
  }
  chmodSync(folder, 0o700)
}

/**
 * Takes commands from other processes of this user. The caller holds the data folder's lock, so a socket file that is in the
 * way is a dead one.
 */
export async function listenLocal(
  dataFolder: string,
  run: RunCommand,
): Promise<{ readonly path: string; close(): Promise<void> }> {
  const { folder, path } = localSocketPath(dataFolder)
  prepareFolder(folder)
  if (folder !== '') rmSync(path, { force: true })
  const token = randomBytes(32)
  writeToken(dataFolder, token, path)
  const open = new Set<Socket>()
  const running = new Set<Promise<void>>()
  const closing = new AbortController()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => socket.destroy())
    const served = serveOne(socket, token, run, closing.signal)
      .catch(() => void socket.destroy())
      .finally(() => running.delete(served))
    running.add(served)
  })
  server.maxConnections = 64
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new Fault(
          'engine.unreachable',
          `open the local socket "${path}": ${error.message}`,
          { path, reason: error.message },
          error,
        ),
      ),
    )
    server.listen(path, resolve)
  })
  server.on('error', () => {}) // as in core/serve/listen.ts
  if (folder !== '') chmodSync(path, 0o600)
  return {
    path,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      closing.abort()
      // A command that has done its work must be able to say so: a caller who hears nothing does it again.
      const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref())
      await Promise.race([Promise.all(running), late])
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

/**
 * Writes the token of this engine and where its socket lies: cron has another runtime folder than a session. The file of the one before is written over and not made anew: on a full disk there may be no
 * room for another.
 */
function writeToken(dataFolder: string, token: Buffer, socketPath: string): void {
  const path = tokenFile(dataFolder)
  try {
    if (existsSync(path) && !lstatSync(path).isFile()) rmSync(path, { recursive: true })
    const file = openSync(path, constants.O_CREAT | constants.O_RDWR, 0o600)
    try {
      ftruncateSync(file, writeSync(file, `${token.toString('hex')}\n${socketPath}\n`, 0))
    } finally {
      closeSync(file)
    }
    chmodSync(path, 0o600)
  } catch (error) {
    throw new Fault(
      'engine.unreachable',
      `write the token of the local socket to "${path}": ${reasonOf(error)}`,
      { path, reason: reasonOf(error) },
      error,
    )
  }
}

async function serveOne(socket: Socket, token: Buffer, run: RunCommand, closing: AbortSignal): Promise<void> {
  const deadline = setTimeout(() => socket.destroy(), HANDSHAKE_MS)
  socket.once('close', () => clearTimeout(deadline)) // or a process that has ended would wait for it
  const frames = readFrames(socket)
  const next = async (): Promise<Frame | undefined> => {
    const { value, done } = await frames.next()
    return done ? undefined : value
  }
  const engineNonce = randomBytes(32).toString('base64')
  await sendFrame(socket, { nonce: engineNonce })
  const hello = await next()
  if (
    !hello ||
    !('nonce' in hello) ||
    !('proof' in hello) ||
    !sameProof(hello.proof, proofOf(token, 'client', engineNonce, hello.nonce))
  ) {
    socket.destroy()
    return
  }
  await sendFrame(socket, { proof: proofOf(token, 'engine', engineNonce, hello.nonce) })
  const order = await next()
  clearTimeout(deadline)
  if (!order || !('command' in order)) {
    socket.destroy()
    return
  }
  const gone = new AbortController()
  socket.on('close', () => gone.abort())
  const signal = AbortSignal.any([gone.signal, closing])
  const input = inputOf(socket, next)
  const exit = await run(order.command, {
    cwd: order.cwd,
    stdin: input,
    stdout: (text) => sendBytes(socket, 'stdout', Buffer.from(text)),
    stderr: (text) => sendBytes(socket, 'stderr', Buffer.from(text)),
    signal,
  }).catch(async (error: unknown) => {
    await sendFrame(socket, { stderr: Buffer.from(`posthorn: ${reasonOf(error)}\n`).toString('base64') })
    return 70
  })
  await sendFrame(socket, { exit })
  await new Promise<void>((resolve) => socket.end(resolve))
  // What the caller has said that nobody asked for is read, or the end behind it is never seen and the connection stays for good.
  const late = setTimeout(() => socket.destroy(), HANDSHAKE_MS)
  socket.once('close', () => clearTimeout(late))
  while ((await next()) !== undefined);
  socket.destroy()
}

/** Sends bytes in frames well below the longest, in order, no faster than the other end takes them. */
async function sendBytes(to: Socket, as: 'stdin' | 'stdout' | 'stderr', bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += BYTES_A_FRAME) {
    const piece = bytes.subarray(at, at + BYTES_A_FRAME).toString('base64')
    await sendFrame(to, as === 'stdin' ? { stdin: piece } : as === 'stdout' ? { stdout: piece } : { stderr: piece })
  }
}

/** The caller's standard input, frame by frame; a caller that goes away before its end is an error, never a short message. */
async function* inputOf(
  socket: Socket,
  next: () => Promise<Frame | undefined>,
): AsyncGenerator<Uint8Array, void, void> {
  for (;;) {
    const frame = await next()
    if (!frame)
      throw new Fault('engine.unreachable', 'read the standard input of the caller: it went away before the end', {
        path: '',
        reason: 'caller gone',
      })
    if (!('stdin' in frame)) continue
    if (frame.stdin === null) return
    yield Buffer.from(frame.stdin, 'base64')
    if (socket.destroyed) return
  }
}

/**
 * Runs a command in the engine that serves `dataFolder`. Returns its exit status, or undefined when no engine runs there.
 * Throws `engine.unreachable` when one runs but can't be reached or does not know the folder's token.
 */
export async function callEngine(
  dataFolder: string,
  argv: readonly string[],
  io: CommandIo,
): Promise<number | undefined> {
  if (!existsSync(tokenFile(dataFolder))) return undefined
  const written = () => readFileSync(tokenFile(dataFolder), 'utf8').split('\n')
  const path = written()[1] || localSocketPath(dataFolder).path
  const socket = await connectTo(path)
  if (!socket) return undefined
  const token = Buffer.from(written()[0] ?? '', 'hex') // of whoever listens now
  const unreachable = (reason: string) =>
    new Fault('engine.unreachable', `talk to the running Posthorn at "${path}": ${reason}`, { path, reason })
  try {
    const frames = readFrames(socket)
    const hello = (await frames.next()).value
    if (!hello || !('nonce' in hello)) throw unreachable('it hung up')
    const clientNonce = randomBytes(32).toString('base64')
    await sendFrame(socket, { nonce: clientNonce, proof: proofOf(token, 'client', hello.nonce, clientNonce) })
    const proof = (await frames.next()).value
    if (!proof || !('proof' in proof) || !sameProof(proof.proof, proofOf(token, 'engine', hello.nonce, clientNonce)))
      throw unreachable('it does not know this data folder')
    await sendFrame(socket, { command: argv, cwd: io.cwd })
    void (async () => {
      for await (const chunk of io.stdin) await sendBytes(socket, 'stdin', Buffer.from(chunk))
      await sendFrame(socket, { stdin: null })
    })().catch(() => socket.destroy())
    for await (const frame of frames) {
      if ('stdout' in frame) await io.stdout(Buffer.from(frame.stdout, 'base64'))
      else if ('stderr' in frame) await io.stderr(Buffer.from(frame.stderr, 'base64').toString())
      else if ('exit' in frame) return frame.exit
    }
    throw unreachable('it ended before the command did')
  } catch (error) {
    if (isFault(error)) throw error
    // Which of the three is met depends on how far our last words have come.
    const isCut = error instanceof Error && 'code' in error && ['ECONNRESET', 'EPIPE'].includes(String(error.code))
    throw unreachable(isCut ? 'it hung up' : reasonOf(error))
  } finally {
    socket.destroy()
  }
}

function connectTo(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      socket.on('error', () => socket.destroy())
      resolve(socket)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined)
      else
        reject(
          new Fault(
            'engine.unreachable',
            `reach the running Posthorn at "${path}": ${error.message}`,
            { path, reason: error.message },
            error,
          ),
        )
    })
  })
}
