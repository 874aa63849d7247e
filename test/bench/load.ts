import { output } from './processes.ts'

/** The domain the load's senders are in: local to Posthorn, whose trusted clients send as one of its own. */
export const SENDER_DOMAIN = 'load.bench.test'

/** What smtp-source is told. */
export interface Load {
  readonly port: number
  readonly messages: number
  readonly sessions: number
  readonly sizeBytes: number
  readonly keepsSessions: boolean
  readonly to: string
  /** Recipients of each message, numbered in front of `to`. */
  readonly recipients?: number
}

/** Drives one server with Postfix's smtp-source; resolves with the time it took in ms. Throws when any message was refused. */
export async function load({
  port,
  messages,
  sessions,
  sizeBytes,
  keepsSessions,
  to,
  recipients,
}: Load): Promise<number> {
  const args = ['-s', sessions, '-m', messages, '-l', sizeBytes, '-C', 50, '-M', 'client.bench.test']
  args.push('-f', `from@${SENDER_DOMAIN}`, '-t', to)
  if (keepsSessions) args.push('-d')
  if (recipients !== undefined) args.push('-r', recipients)
  const { ms } = await output('smtp-source', [...args, `127.0.0.1:${port}`].map(String))
  return ms
}
