import { main } from '../core/host/cli.ts'

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
