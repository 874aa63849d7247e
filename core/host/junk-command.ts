import { EXIT, idOf, usage, type Command } from './command.ts'
import { harmless } from './print.ts'

const USAGE = 'junk status | learn | why MESSAGE | forget'
const percent = (score: number) => `${Math.round(score * 100)} %`

/** What junk looks like, as it was learnt from what was sorted. */
export const junk: Command = {
  options: {},
  async run({ api, args, show }) {
    const [what = 'status', id] = args.words
    switch (what) {
      case 'status':
      case 'learn':
      case 'forget': {
        const status = await (what === 'status'
          ? api.junk.status()
          : what === 'learn'
            ? api.junk.learnFolders()
            : api.junk.forget())
        const { fewest, good } = status
        const isReady = Math.min(status.junk, good) >= fewest
        await show(
          status,
          () =>
            `Learnt from ${status.junk} junk and ${good} other messages.\n${isReady ? '' : `Nothing looks like junk before there are ${fewest} of each.\n`}`,
        )
        return EXIT.ok
      }
      case 'why': {
        const verdict = await api.junk.why({ id: idOf(id, 'junk why') })
        await show(verdict, () =>
          verdict === null
            ? 'Too little was learnt to say.\n'
            : `Junk: ${percent(verdict.score)}${verdict.learntAs === null ? '' : `, learnt as ${verdict.learntAs === 'junk' ? 'junk' : 'good mail'}`}\n${verdict.telling.map(({ word, score }) => `  ${percent(score).padStart(5)}  ${harmless(word)}\n`).join('')}`,
        )
        return EXIT.ok
      }
      default:
        throw usage(USAGE)
    }
  },
}
