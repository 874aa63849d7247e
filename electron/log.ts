/** The program's own log: to whoever started it from a terminal. */
export function log(line: string): void {
  console.error(`${new Date().toISOString()} ${line}`)
}
