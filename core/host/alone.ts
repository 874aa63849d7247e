import type { CommandLine } from './arguments.ts'
import { startEngine } from '../engine.ts'
import { takeLock } from '../store/lock.ts'
import { runCommand } from './commands.ts'
import { withNativeBinding } from './installed.ts'
import type { CommandIo } from './local-socket.ts'
import { rekey } from './vault-commands.ts'
import { readSettingsFile } from '../base/settings-file.ts'

/**
 * Runs one command on a data folder that no engine serves: takes its lock, opens the store, listens to nothing, delivers nothing,
 * and fetches only for `fetch` itself. Throws what keeps the store from opening.
 */
export async function runAlone(at: CommandLine, io: CommandIo): Promise<number> {
  const fileSettings = readSettingsFile(at.settings, at.data)
  const lock = takeLock(at.data, `posthorn ${at.argv[0] ?? ''}`, withNativeBinding())
  try {
    if (at.argv[0] === 'vault' && at.argv[1] === 'rekey') return await rekey(at, io)
    const engine = await startEngine({
      dataFolder: at.data,
      ...(at.keyFile === undefined ? {} : { keyFile: at.keyFile }),
      fileSettings,
      alone: true,
      lock,
      ...withNativeBinding(),
      log: () => {},
    })
    try {
      return await runCommand(engine, at.argv, io, undefined)
    } finally {
      await engine.close()
    }
  } finally {
    lock.release()
  }
}
