import { powerMonitor } from 'electron'

/** What sleep, waking up and the end of the day are told to. */
export interface PowerActs {
  onSuspend(): void
  onResume(): void
  /** Resolves when the computer may switch off. */
  onShutdown(): Promise<void>
}

/**
 * Tells of the computer's sleep and of its end, which waits until what is under way is committed. On Windows a window is told of the
 * end instead (`query-session-end`).
 */
export function watchPower(acts: PowerActs): void {
  powerMonitor.on('suspend', () => acts.onSuspend())
  powerMonitor.on('resume', () => acts.onResume())
  // Electron's declaration leaves out the event, by which Linux and macOS are asked to wait.
  const onShutdown = (event?: { preventDefault(): void }) => {
    event?.preventDefault()
    void acts.onShutdown()
  }
  powerMonitor.on('shutdown', onShutdown)
}
