import { main } from '../core/host/cli.ts'
import { runCommand } from '../core/host/commands.ts'
import { listenLocal } from '../core/host/local-socket.ts'
import { runLocked } from '../core/host/unlock-command.ts'
import type { Lockable } from '../core/engine-lock.ts'

/**
 * Runs a command line as the program `posthorn` does. Resolves to its exit status once all that was said has been handed over:
 * Electron's end waits for no pipe, and but on Linux Node writes to pipes when it has time.
 */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  const status = await main(argv)
  await Promise.all([process.stdout, process.stderr].map(handedOver))
  return status
}

function handedOver(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) return resolve()
    stream.once('error', () => resolve()) // its reader has gone
    stream.write('', () => resolve())
  })
}

/**
 * Takes commands of this person's other processes for the engine of the desktop, so that `posthorn queue` says what its window says.
 * `showWindow` brings it to the front, which is what `posthorn ui` means here.
 */
export async function serveCommands(
  dataFolder: string,
  lockable: Lockable,
  showWindow: () => void,
): Promise<{ close(): Promise<void> }> {
  const address = () => {
    showWindow()
    return 'The window of the desktop application is in front.'
  }
  return listenLocal(dataFolder, (argv, caller) =>
    lockable.engine ? runCommand(lockable.engine, argv, caller, address) : runLocked(lockable, argv, caller, address),
  )
}
