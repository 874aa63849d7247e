import { LANGUAGES, PSEUDO } from '../../../../core/model/languages.ts'
import { api } from '../../bridge/client.ts'
import { Check, Select } from '../../parts/field.tsx'
import { act } from '../../state/act.ts'
import { look } from '../../state/look.ts'
import { t } from '../../words/words.ts'

/** How the window looks. What is chosen shows at once. */
export function Appearance() {
  const { theme, language, density, unifiedInbox } = look.use()
  const set = (key: string, value: unknown) =>
    void act(t('Changing the appearance'), () => api.app.setSetting({ key, value }))
  return (
    <>
      <div className="panel-head">
        <h2>{t('Appearance')}</h2>
      </div>
      <div className="fields">
        <Select
          label={t('Language')}
          className="half"
          value={language}
          options={[
            { value: 'system', label: t('As the system has it') },
            ...Object.entries(LANGUAGES).map(([value, label]) => ({ value, label })),
            { value: PSEUDO, label: t('For translators: odd letters') },
          ]}
          onChange={(value) => set('look.language', value)}
        />
        <Select
          label={t('Colours')}
          className="half"
          value={theme}
          options={[
            { value: 'system', label: t('As the system has them') },
            { value: 'light', label: t('Light') },
            { value: 'dark', label: t('Dark') },
          ]}
          onChange={(value) => set('look.theme', value)}
        />
        <Select
          label={t('Rows of lists')}
          className="half"
          value={density}
          options={[
            { value: 'compact', label: t('Close together') },
            { value: 'normal', label: t('Normal') },
            { value: 'roomy', label: t('With room') },
          ]}
          onChange={(value) => set('look.density', value)}
        />
        <div className="all">
          <Check
            label={t('All inboxes together, above the folders')}
            hint={t('Without it, each account’s Inbox stands by itself.')}
            checked={unifiedInbox}
            onChange={(on) => set('look.unifiedInbox', on)}
          />
        </div>
      </div>
    </>
  )
}
