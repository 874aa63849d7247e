import { useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { t } from '../../words/words.ts'
import { ShareDialog } from './share-dialog.tsx'

/** So many sessions go into one file. */
const MOST_SHARED = 1000

/** What can be done with many sessions at once. */
export function ManyPane({ ids }: { readonly ids: readonly number[] }) {
  const [shares, setShares] = useState(false)
  return (
    <section className="detail" aria-label={t('Sessions that are picked')}>
      <Empty
        icon="wire"
        title={t('{count, plural, one {# session} other {# sessions}} picked', { count: ids.length })}
        actions={
          <Button icon="download" disabled={ids.length > MOST_SHARED} onClick={() => setShares(true)}>
            {t('Share them as one file')}
          </Button>
        }
      >
        {t('Pick two to see them side by side.')}
      </Empty>
      {shares ? <ShareDialog ids={ids} onClose={() => setShares(false)} /> : null}
    </section>
  )
}
