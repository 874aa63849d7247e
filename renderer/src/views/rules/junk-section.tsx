import type { RuleView } from '../../../../core/rpc/rules-contract.ts'
import { api } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { toast } from '../../state/toasts.ts'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'

const changes = { changes: api.junk.changes }

/** Whether a rule asks what junk looks like. */
const asksJunk = ({ condition }: RuleView): boolean => JSON.stringify(condition).includes('"kind":"junk"')

/** What junk looks like, learnt from what is sorted, and the rule that acts on it. */
export function JunkSection({ rules }: { readonly rules: readonly RuleView[] }) {
  const live = useLive('junk', () => api.junk.status(), changes)
  const learn = async () => {
    const learnt = await act(t('Learning from the folders'), () => api.junk.learnFolders())
    live.again()
    if (learnt !== undefined)
      toast(
        t(
          '{junk, plural, one {# junk message} other {# junk messages}} and {good, plural, one {# other} other {# others}} are known.',
          {
            junk: learnt.junk,
            good: learnt.good,
          },
        ),
        { icon: 'ok' },
      )
  }
  const add = () =>
    act(t('Adding the rule'), () =>
      api.rules.save({
        name: t('Junk'),
        enabled: true,
        scope: { kind: 'all' },
        condition: {
          kind: 'all',
          not: false,
          of: [
            { kind: 'junk', not: false },
            { kind: 'contact', not: true },
          ],
        },
        actions: [{ do: 'move', to: { kind: 'role', role: 'junk' } }, { do: 'stop' }],
      }),
    )
  const forget = () => act(t('Forgetting what junk looks like'), () => api.junk.forget()).then(live.again)
  return (
    <section aria-label={t('Junk')}>
      <div className="section-head">
        <h3>{t('Junk')}</h3>
      </div>
      <p className="quiet">
        {t(
          'What you put among the junk, and what you archive or take back from there, teaches Posthorn what your junk looks like. It is learnt on this computer and leaves it nowhere.',
        )}
      </p>
      <Load live={live} what={t('what was learnt')} again={live.again}>
        {({ junk, good, fewest }) => (
          <>
            <p className="num">
              {t(
                '{junk, plural, one {# junk message} other {# junk messages}} and {good, plural, one {# other} other {# others}} are known.',
                {
                  junk,
                  good,
                },
              )}{' '}
              {Math.min(junk, good) < fewest
                ? t('Nothing looks like junk before there are {fewest} of each.', { fewest })
                : null}
            </p>
            <div className="row-of-buttons">
              <Button icon="search" onClick={() => void learn()}>
                {t('Learn from my folders')}
              </Button>
              {rules.some(asksJunk) ? null : (
                <Button icon="plus" onClick={() => void add()}>
                  {t('Move what looks like junk')}
                </Button>
              )}
              {junk + good === 0 ? null : (
                <Button icon="trash" onClick={() => void forget()}>
                  {t('Forget all of it')}
                </Button>
              )}
            </div>
          </>
        )}
      </Load>
    </section>
  )
}
