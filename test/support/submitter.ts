import { connect, type Socket } from 'node:net'

/** Submits messages over one connection, one after the other, and remembers which were answered `250`. */
export interface Submitter {
  /** Message-IDs whose final dot got a `250`. */
  readonly accepted: Set<string>
  /** Resolves when the connection has gone, whoever ended it. */
  readonly ended: Promise<void>
  stop(): void
}

/** Starts submitting to that port, until it is stopped or the server dies. `next` makes the next message. */
export function startSubmitter(
  port: number,
  from: string,
  next: () => { readonly id: string; readonly to: string | readonly string[]; readonly text: string } | undefined,
  accepted: Set<string>,
): Submitter {
  const socket: Socket = connect(port, '127.0.0.1')
  let current: ReturnType<typeof next>
  let step: 'greeting' | 'ehlo' | 'mail' | 'rcpt' | 'data' | 'dot' = 'greeting'
  let received = ''
  /** Recipients not named yet. */
  let left: string[] = []
  const say = (line: string) => socket.write(`${line}\r\n`)
  const begin = () => {
    current = next()
    step = 'mail'
    left = [current?.to ?? []].flat()
    if (current) say(`MAIL FROM:<${from}>`)
    else socket.end()
  }
  const onReply = (code: string) => {
    if (!current && step !== 'greeting' && step !== 'ehlo') return
    switch (step) {
      case 'greeting':
        step = 'ehlo'
        return say('EHLO client.test')
      case 'ehlo':
        return begin()
      case 'mail':
      case 'rcpt':
        step = left.length > 0 ? 'rcpt' : 'data'
        return say(left.length > 0 ? `RCPT TO:<${left.shift()}>` : 'DATA')
      case 'data':
        step = 'dot'
        return say(`${current?.text}\r\n.`)
      case 'dot':
        if (code === '250' && current) accepted.add(current.id)
        return begin()
    }
  }
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString()
    for (let end = received.indexOf('\r\n'); end >= 0; end = received.indexOf('\r\n')) {
      const line = received.slice(0, end)
      received = received.slice(end + 2)
      if (line[3] === ' ') onReply(line.slice(0, 3))
    }
  })
  socket.on('error', () => {}) // the server was killed: that is the point
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return { accepted, ended, stop: () => void socket.destroy() }
}
