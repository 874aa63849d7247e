/** What a user may name when starting the application. The same words as the command line's `serve` knows. */
export interface LaunchArguments {
  readonly data?: string
  readonly settings?: string
  readonly keyFile?: string
}

const NAMES = { '--data': 'data', '--settings': 'settings', '--key-file': 'keyFile' } as const

/** Reads `--data DIR` and `--data=DIR` alike; what else stands there is Chromium's. */
export function parseLaunchArguments(argv: readonly string[]): LaunchArguments {
  const found: { -readonly [K in keyof LaunchArguments]: LaunchArguments[K] } = {}
  for (const [at, arg] of argv.entries()) {
    const [name = '', ...rest] = arg.split('=')
    const key = NAMES[name as keyof typeof NAMES]
    const value = arg.includes('=') ? rest.join('=') : argv[at + 1]
    if (key !== undefined && value !== undefined && value !== '') found[key] = value
  }
  return found
}
