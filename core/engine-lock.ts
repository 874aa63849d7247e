import { systemClock } from './base/clock.ts'
import { Fault, isFault, reasonOf } from './base/fault.ts'
import { OneAtATime } from './base/one-at-a-time.ts'
import { defaultKeyFile } from './base/paths.ts'
import { startEngine, type Engine, type EngineOptions } from './engine.ts'
import { takeLock } from './store/lock.ts'
import { Attempts } from './vault/attempts.ts'
import { hasPassphrase, openWithPassphrase } from './vault/key.ts'
import { hasKeychain, openWithKeychain } from './vault/keychain.ts'
import { rekeyVault } from './vault/rekey.ts'

/** An engine that may have to wait for its passphrase. */
export interface Lockable {
  /** The engine where it runs; undefined while it is locked. */
  readonly engine: Engine | undefined
  /** Why it is locked, for a person; '' where it runs. */
  readonly why: string
  /**
   * Starts the engine with a passphrase. Throws `vault.passphrase-wrong`, `conflict` where it runs already or has no passphrase, and
   * what keeps an engine from starting. Wrong ones are slowed down.
   */
  unlock(passphrase: string): Promise<void>
  close(): Promise<void>
}

/**
 * Starts an engine; where its key is out of reach, it stays locked, and a passphrase opens it later. Throws whatever else keeps
 * it from starting. `onUnlocked` is told of an engine that was unlocked. The folder's lock is held meanwhile, too: taken here unless
 * the host holds it.
 */
export async function startLockable(given: EngineOptions, onUnlocked: (engine: Engine) => void): Promise<Lockable> {
  if (given.lock !== undefined) return lockable(given, onUnlocked)
  const lock = takeLock(
    given.dataFolder,
    'posthorn',
    given.nativeBinding === undefined ? {} : { nativeBinding: given.nativeBinding },
  )
  try {
    const inner = await lockable({ ...given, lock }, onUnlocked)
    return {
      get engine() {
        return inner.engine
      },
      get why() {
        return inner.why
      },
      unlock: (passphrase) => inner.unlock(passphrase),
      close: () => inner.close().finally(() => lock.release()),
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

async function lockable(options: EngineOptions, onUnlocked: (engine: Engine) => void): Promise<Lockable> {
  const attempts = new Attempts(options.clock ?? systemClock)
  const turns = new OneAtATime()
  let closed = false
  const state: { engine: Engine | undefined; why: string } = { engine: undefined, why: '' }
  const { key, trouble } = await byKeychain(options)
  try {
    state.engine = await startEngine(key === undefined ? options : { ...options, key })
  } catch (error) {
    if (!isFault(error) || !error.code.startsWith('vault.')) throw error
    const other = error.code !== 'vault.passphrase-needed' && hasPassphrase(options.dataFolder)
    if (trouble !== undefined) state.why = trouble
    else state.why = other ? `${error.message}; the passphrase opens the mail, too` : error.message
    options.log(`locked: ${trouble ?? error.message}`)
  }
  return {
    get engine() {
      return state.engine
    },
    get why() {
      return state.why
    },
    async unlock(passphrase) {
      const key = await attempts.run(() => openWithPassphrase(options.dataFolder, passphrase))
      await turns.run(async () => {
        if (state.engine !== undefined || closed)
          throw new Fault('conflict', 'unlock the mail: it is not locked', { what: 'mail', reason: 'not locked' })
        state.engine = await startEngine({ ...options, key })
        state.why = ''
        options.log('unlocked')
        onUnlocked(state.engine)
      })
    },
    close: () =>
      turns.run(async () => {
        closed = true
        await state.engine?.close()
      }),
  }
}

/** The key by the keychain, or in words for a person why it does not give it; neither where it is no way in. */
async function byKeychain({ dataFolder, keychain }: EngineOptions): Promise<{ key?: Uint8Array; trouble?: string }> {
  if (!hasKeychain(dataFolder)) return {}
  const but = 'the passphrase opens the mail'
  if (keychain === undefined) return { trouble: `this Posthorn cannot ask the keychain of the desktop; ${but}` }
  try {
    const key = await openWithKeychain(dataFolder, keychain)
    return key === undefined ? {} : { key }
  } catch (error) {
    return { trouble: `${keychain.name} did not give the key: ${reasonOf(error)}; ${but}` }
  }
}

/** What gives a store another key. */
export interface RekeyOptions {
  readonly dataFolder: string
  readonly keyFile: string | undefined
  /** Says the passphrase; asked where the mail has one that is to stay. */
  readonly askPassphrase: () => Promise<string>
  /** Removes the passphrase instead, which only a key file that stays allows. */
  readonly dropPassphrase: boolean
  /** SQLite's addon where it lies apart from its package. */
  readonly nativeBinding?: string
}

/**
 * Gives the store of a folder another key. The caller holds its lock, and no engine runs on it. Throws `vault.*`, `store.*`, and
 * `conflict` where a way in would be lost.
 */
export async function rekeyFolder(options: RekeyOptions): Promise<void> {
  const { dataFolder: folder, keyFile = defaultKeyFile(folder), dropPassphrase } = options
  const passphrase = hasPassphrase(folder) && !dropPassphrase ? await options.askPassphrase() : null
  const native = options.nativeBinding === undefined ? {} : { nativeBinding: options.nativeBinding }
  await rekeyVault({ folder, keyFile, passphrase, ...native })
}
