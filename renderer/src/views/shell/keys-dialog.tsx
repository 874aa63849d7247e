import { COMMANDS, COMMAND_GROUPS, isCommandId, type CommandEntry } from '../../../../core/model/command-table.ts'
import { bindings } from '../../commands/bindings.ts'
import { showChord } from '../../commands/chord.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { formatRoute } from '../../state/route.ts'
import { said, t, told, tx } from '../../words/words.ts'

/** Keys that belong to a part of the window and are no commands. */
const FIXED: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    said('In any list'),
    [
      ['↓ ↑', said('Next, previous')],
      [said('Shift ↓ ↑'), said('Select several')],
      [said('Ctrl A'), said('Select all')],
      ['1 … 9, 0', said('Tags on and off, all off')],
    ],
  ],
  [
    said('Writing'),
    [
      [said('Ctrl Enter'), said('Send')],
      [said('Esc'), said('Close, keep the draft')],
    ],
  ],
]

/** The keys, on one page, as they are set now. */
export function KeysDialog({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const keys = bindings.use()
  const ids = Object.keys(COMMANDS).filter(isCommandId)
  const groups = COMMAND_GROUPS.map((group) => {
    const own = ids.filter((id) => COMMANDS[id].group === group && (keys.get(id)?.length ?? 0) > 0)
    return [
      group,
      own.map((id) => [keys.get(id)!.map((chord) => showChord(chord)), wordsOf(COMMANDS[id])] as const),
    ] as const
  })
  return (
    <Dialog title={t('Keys')} wide isOpen={isOpen} onClose={onClose}>
      <div className="dialog-body keys">
        <div className="key-columns">
          {[
            ...groups,
            ...FIXED.map(
              ([name, list]) => [name, list.map(([key, does]) => [[told(key)], told(does)] as const)] as const,
            ),
          ].map(([where, list]) => (
            <section key={where}>
              <h3>{told(where)}</h3>
              <dl>
                {list.map(([chords, does]) => (
                  <div key={does}>
                    <dt>
                      {chords.slice(0, 2).map((chord) => (
                        <kbd key={chord}>{chord}</kbd>
                      ))}
                    </dt>
                    <dd>{does}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
        <p className="quiet">
          {tx('Letters work while you read, never while you type. <a>Change the keys</a>', {
            a: (words) => (
              <a href={formatRoute({ view: 'settings', page: 'keys' })} onClick={onClose}>
                {words}
              </a>
            ),
          })}
        </p>
      </div>
    </Dialog>
  )
}

const wordsOf = (entry: CommandEntry) => told(entry.label)
