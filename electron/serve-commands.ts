import { runCommand } from '../core/host/commands.ts'
import { listenLocal } from '../core/host/local-socket.ts'
import { runLocked } from '../core/host/unlock-command.ts'
import type { Lockable } from '../core/engine-lock.ts'

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
