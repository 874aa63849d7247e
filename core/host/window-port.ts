import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isFault } from '../base/fault.ts'

const fileOf = (dataFolder: string) => join(dataFolder, 'window-port')

/**
 * Opens the window's server on `port`; where that is 0, on the port of the last time if it is still free, so that a window that was
 * open when Posthorn stopped finds it again.
 */
export async function onUsualPort<T extends { readonly port: number }>(
  dataFolder: string,
  port: number,
  open: (port: number) => Promise<T>,
): Promise<T> {
  if (port !== 0) return open(port)
  const usual = usualPort(dataFolder)
  const opened = await open(usual).catch((error: unknown) => {
    if (usual === 0 || !isFault(error, 'listen.taken')) throw error
    return open(0)
  })
  if (opened.port !== usual) remember(dataFolder, opened.port)
  return opened
}

function usualPort(dataFolder: string): number {
  try {
    const port = Number(readFileSync(fileOf(dataFolder), 'utf8'))
    return Number.isInteger(port) && port > 1023 && port < 65_536 ? port : 0
  } catch {
    return 0 // the first time
  }
}

function remember(dataFolder: string, port: number): void {
  try {
    writeFileSync(fileOf(dataFolder), `${port}\n`, { mode: 0o600 })
  } catch {
    // A full disk must not keep anybody from the mail; next time it is another port.
  }
}
