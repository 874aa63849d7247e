import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { t, told } from '../../words/words.ts'

/** What an import of cards did. */
export interface Imported {
  readonly added: number
  readonly changed: number
  readonly same: number
  readonly problems: readonly string[]
}

/** Says what became of a file of cards, and what was left out and why. */
export function ImportReport({ done, onClose }: { readonly done: Imported; readonly onClose: () => void }) {
  return (
    <Dialog title={t('Cards imported')} isOpen onClose={onClose}>
      <div className="dialog-body">
        <p>
          {t(
            '{added, plural, one {# address added} other {# addresses added}}, {changed} with something new, {same} as they were.',
            { added: done.added, changed: done.changed, same: done.same },
          )}
        </p>
        {done.problems.length === 0 ? null : (
          <>
            <h3>{t('Not taken')}</h3>
            <ul className="problems">
              {done.problems.map((problem) => (
                <li key={problem}>{told(visible(problem))}</li>
              ))}
            </ul>
          </>
        )}
      </div>
      <footer>
        <Button kind="primary" onClick={onClose}>
          {t('Close')}
        </Button>
      </footer>
    </Dialog>
  )
}
