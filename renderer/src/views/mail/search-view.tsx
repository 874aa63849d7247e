import { useMemo, useState } from 'react'
import { api } from '../../bridge/client.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { go, type Route } from '../../state/route.ts'
import { toast } from '../../state/toasts.ts'
import { sourceOf } from './list-source.ts'
import { TwoPanes } from './two-panes.tsx'
import { useSearch, type Found } from './use-search.ts'
import { said, t, told } from '../../words/words.ts'

/** What a search finds, as it is found, in place of a folder. */
export function SearchView({ route }: { readonly route: Extract<Route, { view: 'search' }> }) {
  const found = useSearch(route.text, route.typing)
  const [saves, setSaves] = useState(false)
  const { problem, rows, loadMore } = found
  const source = useMemo(() => sourceOf(rows, loadMore), [rows, loadMore])
  const failed = found.at === 'failed' && problem !== null
  return (
    <>
      <TwoPanes
        title={`“${route.text}”`}
        sum={sumOf(found)}
        live={
          failed
            ? { at: 'failed', message: told(problem.text), again: found.again }
            : found.at === 'loading'
              ? { at: 'loading', again: found.again }
              : { at: 'ready', value: { source }, again: found.again }
        }
        messageId={route.messageId}
        folderRole="other"
        onShow={(messageId) => go({ ...route, messageId }, 'quietly')}
        tools={
          problem !== null || rows.length === 0 ? null : (
            <Button kind="plain" icon="star" onClick={() => setSaves(true)}>
              {t('Keep this search')}
            </Button>
          )
        }
        below={
          <>
            {found.indexing === null ? null : (
              <p className="notice info" role="status">
                <Icon name="refresh" />
                <span>
                  {t(
                    'The index is being made anew: {done, number} of {total, number} messages can be found so far, the newest first.',
                    found.indexing,
                  )}
                </span>
              </p>
            )}
            {problem === null || failed ? null : <Mistake query={route.text} problem={problem} />}
          </>
        }
        empty={
          problem !== null ? (
            <SearchHelp />
          ) : found.isRunning ? (
            <Empty icon="search" title={t('Searching')} />
          ) : (
            <Nothing text={route.text} />
          )
        }
      />
      {saves ? <SaveDialog text={route.text} onClose={() => setSaves(false)} /> : null}
    </>
  )
}

function sumOf({ rows, more, isRunning, at, problem }: Found): string {
  if (problem !== null) return ''
  if (at === 'loading') return t('Searching')
  if (isRunning)
    return rows.length === 0
      ? t('Searching')
      : t('{count, plural, one {# message} other {# messages}} so far', { count: rows.length })
  return more
    ? t('The newest {count, number}', { count: rows.length })
    : t('{count, plural, one {# message} other {# messages}} found', { count: rows.length })
}

/** Pure: what is wrong with a query, with the place marked. */
export function Mistake({ query, problem }: { query: string; problem: NonNullable<Found['problem']> }) {
  const { offset, length, text } = problem
  return (
    <p className="notice warn" role="alert">
      <Icon name="alert" />
      <span>
        {offset === null ? null : (
          <>
            <span className="mono">
              {visible(query.slice(0, offset))}
              <mark>{visible(query.slice(offset, offset + Math.max(1, length))) || '…'}</mark>
              {visible(query.slice(offset + Math.max(1, length)))}
            </span>{' '}
          </>
        )}
        {told(text)}
      </span>
    </p>
  )
}

function Nothing({ text }: { text: string }) {
  return (
    <Empty
      icon="search"
      title={t('No message matches')}
      actions={
        <Button onClick={() => go({ view: 'mail', folderId: null, messageId: null })}>{t('Back to the inbox')}</Button>
      }
    >
      {t('Subjects, people, texts and files of all folders were searched for “{text}”.', { text })}
    </Empty>
  )
}

const WAYS = [
  ['word "two words" begin*', said('all of them, in this order, beginning so')],
  ['from:ada to:kim subject:report', said('who and what')],
  ['is:unread is:starred has:attachment', said('how it stands')],
  ['after:2026-01-31 before:2026-03-01 on:today', said('when')],
  ['larger:5mb filename:pdf in:archive', said('size, files, folders')],
  ['-word, one OR two, (one two)', said('without, either, together')],
] as const

/** Pure: what can be asked. */
export function SearchHelp() {
  return (
    <section className="search-help" aria-label={t('What can be asked')}>
      <h2>{t('What can be asked')}</h2>
      <dl className="kv">
        {WAYS.map(([query, means]) => (
          <div key={query}>
            <dt className="mono">{query}</dt>
            <dd>{told(means)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function SaveDialog({ text, onClose }: { text: string; onClose: () => void }) {
  const [name, setName] = useState(text.slice(0, 60))
  const save = async () => {
    const { name: saved } = await api.search.saved.save({ name: name.trim(), text })
    toast(t('“{name}” stands beside the folders now.', { name: saved }), { icon: 'star' })
  }
  return (
    <FormDialog
      title={t('Keep this search')}
      action={t('Keep')}
      isReady={name.trim() !== ''}
      onSave={save}
      onClose={onClose}
    >
      {(problem) => (
        <>
          <Field label={t('Name')} value={name} autoComplete="off" problem={problem} onChange={setName} />
        </>
      )}
    </FormDialog>
  )
}
