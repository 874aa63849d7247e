import { useState } from 'react'
import { api, wordsOf } from '../../bridge/client.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'

const KEY = 'local.domains'

/** The domains whose mail stays in this program: the setting `local.domains`, a line each. */
export function Domains() {
  const settings = useLive('settings', () => api.app.settings(), { changes: api.app.changes })
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<string>()
  const put = async (value: readonly string[]) => {
    await api.app.setSetting({ key: KEY, value })
    settings.again()
  }
  return (
    <section aria-label={t('Domains')}>
      <h3>{t('Domains')}</h3>
      <Load live={settings} what={t('the domains')} again={settings.again}>
        {(all) => {
          const setting = all.find(({ key }) => key === KEY)
          const domains = Array.isArray(setting?.value) ? setting.value.map(String) : []
          const isFixed = setting?.fromFile === true
          return (
            <>
              <p className="quiet lead">
                {domains.length === 0
                  ? t('No domain is local: all mail goes out.')
                  : t('Mail to these domains stays here, in the mailboxes below.')}{' '}
                {isFixed ? t('They are in the settings file, and are changed there.') : ''}
              </p>
              {domains.length === 0 ? null : (
                <ul className="chips">
                  {domains.map((domain) => (
                    <li key={domain} className="chip">
                      <span className="mono">{domain}</span>
                      {isFixed ? null : (
                        <IconButton
                          icon="x"
                          label={t('Remove {domain}', { domain })}
                          onClick={() =>
                            void act(t('Removing the domain'), () => put(domains.filter((one) => one !== domain)))
                          }
                        />
                      )}
                    </li>
                  ))}
                </ul>
              )}
              {isFixed ? null : (
                <form
                  className="ask"
                  onSubmit={(event) => {
                    event.preventDefault()
                    put([...domains.filter((one) => one !== name.trim()), name.trim()]).then(
                      () => {
                        setName('')
                        setProblem(undefined)
                      },
                      (error: unknown) => setProblem(wordsOf(error)),
                    )
                  }}
                >
                  <Field
                    label={t('Another domain')}
                    className="grow"
                    value={name}
                    placeholder={t('one.example')}
                    spellCheck={false}
                    autoComplete="off"
                    problem={problem}
                    onChange={setName}
                  />
                  <Button submit icon="plus" disabled={name.trim() === ''}>
                    {t('Add')}
                  </Button>
                </form>
              )}
            </>
          )
        }}
      </Load>
    </section>
  )
}
