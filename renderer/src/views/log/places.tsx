import type { LogHit } from '../../../../core/rpc/log-contract.ts'
import { Marked } from '../mail/marked.tsx'
import { t } from '../../words/words.ts'

interface Props {
  readonly hit: LogHit
  readonly onLine: (seq: number) => void
}

/** The first places of a session that a query found; each leads to its line. */
export function Places({ hit, onLine }: Props) {
  if (hit.lines.length === 0) return null
  return (
    <section className="places" aria-label={t('What was found in it')}>
      <ul>
        {hit.lines.map((line) => (
          <li key={line.seq}>
            <button type="button" onClick={() => onLine(line.seq)}>
              <span className="num quiet">{line.seq + 1}</span>
              <span className="mono clip">
                <span className="sr">{line.from === 'C' ? t('client: ') : line.from === 'S' ? t('server: ') : ''}</span>
                <Marked text={line.text} marks={line.marks} />
              </span>
            </button>
          </li>
        ))}
      </ul>
      {hit.matches <= hit.lines.length ? null : (
        <p className="quiet num">
          {t('{count, plural, one {# place} other {# places}} in all, the first of them here.', { count: hit.matches })}
        </p>
      )}
    </section>
  )
}
