import { useEffect, useState } from 'react'
import type { DiagnosticsView } from '../../../../core/rpc/diagnostics-contract.ts'
import { api } from '../../bridge/client.ts'
import { size, whole } from '../../format/size.ts'
import { ago } from '../../format/time.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { copyText, saveText } from '../../state/actions.ts'
import { act } from '../../state/act.ts'
import { useNow } from '../../state/now.ts'
import { useLive } from '../../state/use-live.ts'
import { spokenLocale, t, told } from '../../words/words.ts'

/** While somebody looks, the figures are asked for so often. */
const AGAIN_MS = 3000

type Report = Awaited<ReturnType<typeof api.diagnostics.report>>

/** How the program itself fares: how late its main thread is, its threads and memory, what ended by itself, and a report of all that. */
export function Diagnostics() {
  const live = useLive('diagnostics', () => api.diagnostics.status())
  const [report, setReport] = useState<Report | null>(null)
  const { again } = live
  useEffect(() => {
    const timer = setInterval(again, AGAIN_MS)
    return () => clearInterval(timer)
  }, [again])
  return (
    <>
      <div className="panel-head">
        <h2>{t('Diagnostics')}</h2>
        <span className="grow" />
        <Button
          icon="clip"
          onClick={() => void act(t('Making the report'), async () => setReport(await api.diagnostics.report()))}
        >
          {t('Make a report')}
        </Button>
      </div>
      <p className="quiet lead">
        {t(
          'Nothing of this leaves your computer by itself. A report names no person, host or address, and you read it before you save it.',
        )}
      </p>
      <Load live={live} what={t('how Posthorn fares')} again={again}>
        {(view) => <Figures view={view} again={again} />}
      </Load>
      {report === null ? null : <ReportDialog report={report} onClose={() => setReport(null)} />}
    </>
  )
}

/** Pure: all it shows is in its props. */
export function Figures({ view, again }: { readonly view: DiagnosticsView; readonly again: () => void }) {
  const nowMs = useNow(60_000)
  const { loop, memory, threads, crashes, stalls } = view
  const isLate = loop.p99Ms > view.loopBudgetMs
  const late = (ms: number) => t('{ms} ms', { ms: ms.toLocaleString(spokenLocale(), { maximumFractionDigits: 1 }) })
  const latest = stalls[0]
  return (
    <>
      <dl className="figures">
        <Figure
          name={t('Main thread, 99 of 100 turns')}
          value={late(loop.p99Ms)}
          note={
            isLate
              ? t('over its budget of {budget}', { budget: late(view.loopBudgetMs) })
              : t('within its budget of {budget}', { budget: late(view.loopBudgetMs) })
          }
          isBad={isLate}
        />
        <Figure name={t('Half of the turns')} value={late(loop.p50Ms)} note={t('late')} />
        <Figure
          name={t('The latest turn')}
          value={late(loop.maxMs)}
          note={
            latest === undefined ? t('never stood still') : t('stood still {when}', { when: ago(latest.atMs, nowMs) })
          }
        />
        <Figure
          name={t('Memory')}
          value={size(memory.residentBytes)}
          note={t('heap {size}', { size: size(memory.heapBytes) })}
        />
      </dl>
      <section aria-label={t('Threads')}>
        <h3>{t('Threads')}</h3>
        <table className="threads">
          <thead>
            <tr>
              <th scope="col">{t('Thread')}</th>
              <th scope="col" className="num">
                {t('Run now')}
              </th>
              <th scope="col" className="num">
                {t('Started')}
              </th>
              <th scope="col" className="num">
                {t('Failed')}
              </th>
            </tr>
          </thead>
          <tbody>
            {threads.map(({ name, running, starts, crashes: failed, lastCrash }) => (
              <tr key={name}>
                <td>
                  <span className="mono">{name}</span>
                  {lastCrash === null ? null : (
                    <p className="quiet">
                      {ago(lastCrash.atMs, nowMs)}: {told(lastCrash.reason)}
                    </p>
                  )}
                </td>
                <td className="num">{whole(running)}</td>
                <td className="num">{whole(starts)}</td>
                <td className="num">{whole(failed)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <section aria-label={t('What ended by itself')}>
        <div className="panel-head">
          <h3>{t('What ended by itself')}</h3>
          <span className="grow" />
          {crashes.length === 0 ? null : (
            <Button kind="plain" onClick={() => void act(t('Forgetting'), () => api.diagnostics.forget()).then(again)}>
              {t('Forget')}
            </Button>
          )}
        </div>
        {crashes.length === 0 ? (
          <p className="quiet">{t('Nothing has.')}</p>
        ) : (
          <ul className="cards">
            {crashes.map(({ atMs, what, version, reason }) => (
              <li key={atMs}>
                <Icon name="alert" className="danger" />
                <div className="grow">
                  <b>{what}</b>
                  <p className="quiet">{t('{when}, version {version}', { when: ago(atMs, nowMs), version })}</p>
                  <p>{reason}</p>
                </div>
              </li>
            ))}
          </ul>
        )}
      </section>
      <section aria-label={t('What it is built on')}>
        <h3>{t('What it is built on')}</h3>
        <dl className="kv about">
          {view.parts.map(({ name, version }) => (
            <Part key={name} name={name} version={version} />
          ))}
          <Part name={t('System')} version={view.system} />
        </dl>
      </section>
    </>
  )
}

interface FigureProps {
  readonly name: string
  readonly value: string
  readonly note: string
  readonly isBad?: boolean
}

function Figure({ name, value, note, isBad = false }: FigureProps) {
  return (
    <div {...(isBad ? { 'data-tone': 'danger' } : {})}>
      <dt>{name}</dt>
      <dd className="num">
        {value}
        <small>{note}</small>
      </dd>
    </div>
  )
}

function Part({ name, version }: { readonly name: string; readonly version: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="mono">{version}</dd>
    </>
  )
}

function ReportDialog({ report, onClose }: { readonly report: Report; readonly onClose: () => void }) {
  return (
    <Dialog title={t('The report')} isOpen onClose={onClose}>
      <div className="dialog-body">
        <p>{t('This is all that stands in it. Save it where you like, and send it to whom you like.')}</p>
        {/* Scrolled by keys, too. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <pre className="report mono" tabIndex={0} role="region" aria-label={t('The report')}>
          {report.text}
        </pre>
      </div>
      <footer>
        <Button kind="plain" onClick={onClose}>
          {t('Close')}
        </Button>
        <Button icon="copy" onClick={() => void copyText(report.text, t('The report'))}>
          {t('Copy')}
        </Button>
        <Button kind="primary" icon="download" onClick={() => saveText(report.text, report.filename)}>
          {t('Save')}
        </Button>
      </footer>
    </Dialog>
  )
}
