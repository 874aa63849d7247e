import type { Cancel, Clock } from '../base/clock.ts'
import { formatMailbox, parseMailbox } from '../model/address.ts'
import { isAppPassword, listLoginKeys, type LastUses, type LoginKey } from '../store/app-password.ts'
import { getUser, listUsers } from '../store/local-user.ts'
import { listIdentities } from '../store/identity.ts'
import type { Store } from '../store/types.ts'
import type { ScramCredentials } from '../wire/scram.ts'
import { networkOf } from './client-network.ts'
import { Guesses } from './guesses.ts'

/** Who has signed in. */
export interface Login {
  /** A local user's id, or `PERSON_LOGIN`. */
  readonly userId: number
  readonly address: string
}
/** The `userId` of a login by one of the identities of the person who runs Posthorn. Local users count from 1. */
export const PERSON_LOGIN = 0

/** Joint: serve ← vault. What is known of passwords; the vault's own file says what each does. */
export interface PasswordCheck {
  find<S extends LoginKey['secret']>(secrets: readonly S[], password: string): Promise<S | undefined>
  scramKeys<S extends LoginKey['secret']>(
    secrets: readonly S[],
    user: string,
  ): {
    readonly salt: Uint8Array
    readonly rounds: number
    readonly keys: readonly { readonly secret: S; readonly storedKey: Uint8Array; readonly serverKey: Uint8Array }[]
  }
}

/** Signs in the client of one connection. */
export interface SessionLogin {
  /** Undefined when user or password is wrong; both take the same time. Throws when nobody can look now. */
  login(user: string, password: string): Promise<Login | undefined>
  /** What SCRAM needs of a user, of one that does not exist as well. Throws when nobody can look now. */
  scramCredentials(user: string): Promise<ScramCredentials>
  /** A login by SCRAM failed. */
  loginFailed(user: string): void
  /**
   * Whether a name may be kept in the log: somebody's here, or an address of a domain that somebody here has. Any other may be a
   * password that was typed in its place.
   */
  isNameKept(name: string): boolean
  /** False once the password that this connection signed in with has been revoked. */
  isStanding(): boolean
}
/** Joint: whoever serves ← here. A client is known by its address. */
export type LoginOf = (peer: string) => SessionLogin

/** Signs in local users and, by their app passwords, the programs of users and of the person who runs Posthorn. */
export interface Logins {
  readonly of: LoginOf
  /** When an app password, or a user, was last used, where that is not in the store yet. */
  usedMs(what: 'appPasswords' | 'users', id: number): number | undefined
  /** Lets go of everyone who waits, and keeps what is known of last uses. */
  close(): Promise<void>
}

/** Last uses are written so often and no more: a login must not cost a commit. */
const KEEP_USES_MS = 5000
const LONGEST_NAME = 320

/** `onUsed` hears which app passwords are used; that is stored a little later, and asked of `usedMs` until then. */
export function openLogins(deps: {
  readonly store: Pick<Store, 'read' | 'write'>
  readonly passwords: PasswordCheck
  readonly clock: Clock
  readonly onUsed?: (appPasswordIds: readonly number[]) => void
}): Logins {
  const { store, passwords, clock } = deps
  const guesses = new Guesses(clock)
  const uses = new Uses(deps)

  const find = (user: string) => {
    const keys = user.length > LONGEST_NAME ? [] : listLoginKeys(store.read, user)
    const [first] = keys
    const name = first === undefined ? fullName(user) : formatMailbox(first.mailbox)
    return { secrets: keys.map((key) => ({ ...key.secret, key })), name: name.toLowerCase().slice(0, LONGEST_NAME) }
  }
  /** A name without its domain is taken for one of the first domain here, whether anybody has it or not. */
  const fullName = (user: string) => {
    if (parseMailbox(user) !== undefined) return user
    const [someone] = [...listUsers(store.read), ...listIdentities(store.read)]
    return `${user}@${someone?.mailbox.domain ?? 'localhost'}`
  }
  const isOfHome = (name: string) => {
    const domain = parseMailbox(name)?.domain
    if (domain === undefined) return false
    return [...listUsers(store.read), ...listIdentities(store.read)].some(({ mailbox }) => mailbox.domain === domain)
  }
  const isThere = ({ appPasswordId, userId }: LoginKey) =>
    appPasswordId === null
      ? userId !== null && getUser(store.read, userId) !== undefined
      : isAppPassword(store.read, appPasswordId)

  const of: LoginOf = (peer) => {
    const network = networkOf(peer, 32)
    let signedIn: LoginKey | undefined
    const signIn = (key: LoginKey, pair: string): Login => {
      guesses.succeeded(pair)
      uses.note(key, clock.nowMs())
      signedIn = key
      return { userId: key.userId ?? PERSON_LOGIN, address: formatMailbox(key.mailbox) }
    }
    return {
      async login(user, password) {
        const pair = `${network} ${find(user).name}`
        await guesses.turn(pair)
        const found = await passwords.find(find(user).secrets, password)
        // Checking takes its time, in which a password may have been revoked.
        if (found !== undefined && isThere(found.key)) return signIn(found.key, pair)
        guesses.failed(pair, password)
        return undefined
      },
      async scramCredentials(user) {
        const pair = `${network} ${find(user).name}`
        await guesses.turn(pair)
        const { secrets, name } = find(user)
        const { salt, rounds, keys } = passwords.scramKeys(secrets, name)
        return {
          salt,
          rounds,
          keys: keys.map(({ secret: { key }, storedKey, serverKey }) => ({
            storedKey,
            serverKey,
            signIn: () => (isThere(key) ? signIn(key, pair) : undefined),
          })),
        }
      },
      loginFailed(user) {
        guesses.failed(`${network} ${find(user).name}`, undefined)
      },
      isNameKept: (name) => find(name).secrets.length > 0 || isOfHome(name),
      isStanding: () => signedIn === undefined || isThere(signedIn),
    }
  }
  return {
    of,
    usedMs: (what, id) => uses.at(what, id),
    async close() {
      guesses.close()
      await uses.flush()
    },
  }
}

/** Unix ms by id. */
type Seen = Record<keyof LastUses, Map<number, number>>
const nobodySeen = (): Seen => ({ users: new Map(), appPasswords: new Map() })

/** Who was last seen when, gathered and written together. */
class Uses {
  readonly #deps: Parameters<typeof openLogins>[0]
  #waiting = nobodySeen()
  /** Being written. */
  #leaving: Seen | undefined
  #timer: Cancel | undefined

  constructor(deps: Parameters<typeof openLogins>[0]) {
    this.#deps = deps
  }

  note({ userId, appPasswordId }: LoginKey, atMs: number): void {
    if (userId !== null) this.#waiting.users.set(userId, atMs)
    if (appPasswordId !== null) {
      this.#waiting.appPasswords.set(appPasswordId, atMs)
      this.#deps.onUsed?.([appPasswordId])
    }
    this.#timer ??= this.#deps.clock.after(KEEP_USES_MS, () => void this.flush())
  }

  at(what: keyof LastUses, id: number): number | undefined {
    return this.#waiting[what].get(id) ?? this.#leaving?.[what].get(id)
  }

  async flush(): Promise<void> {
    this.#timer?.()
    this.#timer = undefined
    const { users, appPasswords } = (this.#leaving = this.#waiting)
    if (users.size + appPasswords.size === 0) return
    this.#waiting = nobodySeen()
    try {
      await this.#deps.store.write('login.used', { users: [...users], appPasswords: [...appPasswords] })
    } catch {
      // Worth knowing, and not worth a word when it can't be kept: the next login says more.
    }
  }
}
