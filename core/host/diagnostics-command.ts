import { EXIT, usage, type Command } from './command.ts'
import { harmless, harmlessLines, table } from './print.ts'

/** How the program itself fares, and the report a person may send to others. */
export const diagnostics: Command = {
  options: { '--report': 'flag', '--forget-crashes': 'flag' },
  async run(context) {
    const { api, args } = context
    if (args.words.length > 0) throw usage('diagnostics [--report | --forget-crashes]')
    if (args.has('--forget-crashes')) await api.diagnostics.forget()
    if (args.has('--report')) {
      const report = await api.diagnostics.report()
      await context.show(report, () => harmlessLines(report.text))
      return EXIT.ok
    }
    const now = await api.diagnostics.status()
    const mib = (bytes: number) => `${Math.round(bytes / 1_048_576)} MiB`
    await context.show(
      now,
      () =>
        `Posthorn ${now.version}, ${now.host}, ${now.system}; ${now.parts.map((part) => `${part.name} ${part.version}`).join(', ')}\n` +
        `Main thread late by p50 ${now.loop.p50Ms.toFixed(1)}, p99 ${now.loop.p99Ms.toFixed(1)}, most ${now.loop.maxMs.toFixed(1)} ms; p99 is to be below ${now.loopBudgetMs}\n` +
        `Memory ${mib(now.memory.residentBytes)}, heap ${mib(now.memory.heapBytes)}\n` +
        table(
          ['THREAD', 'RUN', 'STARTED', 'FAILED'],
          now.threads.map((one) => [one.name, String(one.running), String(one.starts), String(one.crashes)]),
        ) +
        now.crashes
          .map((one) => `${new Date(one.atMs).toISOString()} ${harmless(one.what)} ended: ${harmless(one.reason)}\n`)
          .join(''),
    )
    return EXIT.ok
  },
}
