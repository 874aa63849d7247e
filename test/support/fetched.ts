import type { Home } from './posthorn.ts'
import { shortLife, type End, type ShortLife } from './short-life.ts'

/** Adds a POP3 account on this computer that leaves nothing on the server. */
export async function addAccount(home: Home, server: { readonly port: number; readonly password: string }) {
  const at = ['--host', '127.0.0.1', '--port', String(server.port), '--user', 'nora', '--tls', 'none']
  await home.json(['account', 'add', 'pop3', ...at, '--password-stdin'], `${server.password}\n`)
}

/** The subjects of all mail in the store, in order. */
export async function subjectsIn(home: Home): Promise<string[]> {
  const rows = await home.json<{ readonly subject: string }[]>(['list'])
  return rows.map(({ subject }) => subject).toSorted()
}

/** A message that is told from all others by its subject. */
export function messageCalled(subject: string): Buffer {
  return Buffer.from(
    `From: ada@author.test\r\nTo: nora@feldt.test\r\nSubject: ${subject}\r\n\r\n${'text\r\n.dots\r\n'.repeat(60)}`,
  )
}

/** A life that fetches as soon as it is ready, however the last one said its fetch had ended. */
export function fetchingLife(home: Home, end: End): ShortLife {
  let fetch: Promise<unknown> = Promise.resolve()
  const life = shortLife(home, end, () => (fetch = home.run(['fetch'])))
  // The command that finds nobody there fetches by itself: the next life waits for it.
  return { strike: life.strike, ended: life.ended.then(() => fetch).then(() => {}) }
}
