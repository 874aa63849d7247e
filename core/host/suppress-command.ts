import { EXIT, usage, type Command } from './command.ts'
import { table, time } from './print.ts'

/** `posthorn suppress`: addresses whose mail came back again and again. */
export const suppress: Command = {
  options: {},
  async run(context) {
    const { api, args } = context
    const [what, address] = args.words
    if (what === 'list') {
      const addresses = await api.suppression.list()
      await context.show(
        addresses,
        () =>
          table(
            ['ADDRESS', 'FAILURES', 'SINCE', 'BY', 'LAST REPLY'],
            addresses.map((one) => [
              one.address,
              one.failures,
              time(one.sinceMs),
              one.byHand ? 'hand' : 'failures',
              one.lastReply ?? '-',
            ]),
          ) || 'No address is known to fail.\n',
      )
      return EXIT.ok
    }
    if (what === 'add' && address !== undefined) {
      const added = await api.suppression.add({ address })
      await context.show(added, () => `Whoever writes to ${added.address} is warned from now on.\n`)
      return EXIT.ok
    }
    if (what === 'remove' && address !== undefined) {
      await api.suppression.remove({ address })
      await context.show({ address }, () => `Nobody is warned of ${address} any more.\n`)
      return EXIT.ok
    }
    throw usage('suppress list, suppress add ADDRESS, suppress remove ADDRESS')
  },
}
