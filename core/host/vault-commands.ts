import { Fault } from '../base/fault.ts'
import { rekeyFolder } from '../engine-lock.ts'
import { parseArguments, type CommandLine } from './arguments.ts'
import { EXIT, usage, type Command } from './command.ts'
import { withNativeBinding } from './installed.ts'
import type { CommandIo } from './local-socket.ts'
import { secretLines } from './unlock-command.ts'

const USAGE =
  'vault status, vault passphrase [set|remove] --passphrase-stdin, vault start locked|open --passphrase-stdin, vault keychain on|off --passphrase-stdin, or vault rekey [--passphrase-stdin|--drop-passphrase]'

/** What opens the stored mail. Passphrases come on standard input, a line each: the one there is, then the new one. */
export const vault: Command = {
  options: { '--passphrase-stdin': 'flag', '--drop-passphrase': 'flag' },
  async run(context) {
    const { api, args, io } = context
    const [what, how = 'set'] = args.words
    const before = await api.vault.status()
    const lines = async (count: number) => {
      if (!args.has('--passphrase-stdin')) throw usage('give passphrases on standard input with --passphrase-stdin')
      const given = await secretLines(io, count)
      if (given.length < count || given.some((line) => line === ''))
        throw usage(
          count === 1
            ? 'give the passphrase on standard input'
            : 'give two lines: the passphrase there is, then the new one',
        )
      return given as [string, ...string[]]
    }
    const change = async () => {
      if (what === 'status') return before
      if (what === 'passphrase' && how === 'set') {
        const has = before.ways.includes('passphrase')
        const [first, second] = await lines(has ? 2 : 1)
        return api.vault.setPassphrase(
          has ? { current: first, passphrase: second ?? '' } : { current: null, passphrase: first },
        )
      }
      if (what === 'passphrase' && how === 'remove') return api.vault.removePassphrase({ current: (await lines(1))[0] })
      if (what === 'start' && (how === 'locked' || how === 'open'))
        return api.vault.setLockedAtStart({ locked: how === 'locked', current: (await lines(1))[0] })
      if (what === 'keychain' && (how === 'on' || how === 'off')) {
        // Where there is none, none is asked for: the engine says what to do first.
        const [current] = before.ways.includes('passphrase') ? await lines(1) : ['none']
        return api.vault.setKeychain({ on: how === 'on', current })
      }
      if (what === 'rekey')
        throw new Fault('engine.locked', 'give the store another key: Posthorn runs on it; stop it first', { path: '' })
      throw usage(USAGE)
    }
    const now = await change()
    await context.show(now, () => `Opened by: ${now.ways.join(', ')}\nKey file: ${now.keyFile}\n${now.text}\n`)
    return EXIT.ok
  },
}

/** `vault rekey`, on a folder whose lock is held and whose store nobody has open. */
export async function rekey(at: CommandLine, io: CommandIo): Promise<number> {
  const args = parseArguments(at.argv.slice(2), {
    '--passphrase-stdin': 'flag',
    '--drop-passphrase': 'flag',
    '--json': 'flag',
  })
  if (args.words.length > 0) throw usage(USAGE)
  await rekeyFolder({
    dataFolder: at.data,
    keyFile: at.keyFile,
    dropPassphrase: args.has('--drop-passphrase'),
    ...withNativeBinding(),
    async askPassphrase() {
      const [passphrase = ''] = args.has('--passphrase-stdin') ? await secretLines(io, 1) : []
      if (passphrase !== '') return passphrase
      throw usage(
        'the mail has a passphrase: give it on standard input with --passphrase-stdin; --drop-passphrase removes one that is forgotten',
      )
    },
  })
  await io.stdout(
    args.has('--json')
      ? `${JSON.stringify({ rekeyed: true })}\n`
      : 'The store has another key. Copies of it that were made before still open with the old key book.\n',
  )
  return EXIT.ok
}
