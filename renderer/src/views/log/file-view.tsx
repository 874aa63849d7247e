import { useState } from 'react'
import { strictVerdict } from '../../../../core/model/tls-verdict.ts'
import { useNow } from '../../state/now.ts'
import { Banner } from '../../parts/banner.tsx'
import { Button } from '../../parts/button.tsx'
import { t } from '../../words/words.ts'
import { Dialogue } from './dialogue.tsx'
import { ExplainDialog } from './explain-dialog.tsx'
import type { OpenedFile } from './open-file.ts'
import { SessionHead, type Shows } from './session-pane.tsx'
import { SessionList } from './session-list.tsx'
import { TimingPane } from './timing-pane.tsx'
import { TlsFacts } from './tls-pane.tsx'

/** Sessions of a file, shown as the log shows its own and stored nowhere. */
export function FileView({ file, onClose }: { readonly file: OpenedFile; readonly onClose: () => void }) {
  const nowMs = useNow(60_000)
  const [chosen, setChosen] = useState(1)
  const one = file.sessions[chosen - 1] ?? file.sessions[0]
  return (
    <>
      <Banner
        level="plain"
        icon="file"
        actions={
          <Button icon="x" onClick={onClose}>
            {t('Close the file')}
          </Button>
        }
      >
        {t('{name}: {count, plural, one {# session} other {# sessions}}. Nothing of it is stored.', {
          name: file.name,
          count: file.sessions.length,
        })}
      </Banner>
      <div className="split">
        <SessionList
          sessions={file.sessions.map(({ session }) => session)}
          picked={{ active: chosen, selected: new Set([chosen]) }}
          nowMs={nowMs}
          onPick={({ active }) => {
            if (active !== null) setChosen(active)
          }}
          onNearEnd={() => {}}
        />
        {one === undefined ? (
          <section className="detail" />
        ) : (
          <FileSession key={one.session.id} {...one} nowMs={nowMs} />
        )}
      </div>
    </>
  )
}

function FileSession({ session, events, nowMs }: OpenedFile['sessions'][number] & { readonly nowMs: number }) {
  const [shows, setShows] = useState<Shows>('dialogue')
  const [seq, setSeq] = useState<number | null>(null)
  const [asks, setAsks] = useState<string | null>(null)
  const toLine = (line: number) => {
    setShows('dialogue')
    setSeq(line)
  }
  const tls = events.find((event) => event.kind === 'tls')
  const facts = tls?.facts ?? null
  return (
    <section className="detail" aria-label={t('Session')}>
      <SessionHead session={session} lines={events.length} shows={shows} onShow={setShows} />
      {shows === 'timing' ? (
        <TimingPane first={{ events, isReading: false, isCut: false }} onLine={toLine} />
      ) : shows === 'tls' ? (
        // Focusable, so that the keyboard can scroll it.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div className="tls-pane" tabIndex={0} role="region" aria-label={t('TLS')}>
          <TlsFacts
            tls={{
              facts,
              seq: tls?.seq ?? null,
              demand: null,
              trouble: null,
              domain: null,
              strict: strictVerdict(session.side, facts),
            }}
            nowMs={nowMs}
            onLine={toLine}
          />
        </div>
      ) : (
        <Dialogue
          session={{ ...session, state: 'ok' }}
          read={{ events, pages: null, total: events.length }}
          seq={seq}
          showsBytes={shows === 'bytes'}
          onExplain={setAsks}
        />
      )}
      {asks === null ? null : <ExplainDialog first={asks} onClose={() => setAsks(null)} />}
    </section>
  )
}
