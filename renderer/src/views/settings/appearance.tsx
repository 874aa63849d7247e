import { api } from '../../bridge/client.ts'
import { Check, Select } from '../../parts/field.tsx'
import { act } from '../../state/act.ts'
import { look } from '../../state/look.ts'

/** How the window looks. What is chosen shows at once. */
export function Appearance() {
  const { theme, density, unifiedInbox } = look.use()
  const set = (key: string, value: unknown) =>
    void act('Changing the appearance', () => api.app.setSetting({ key, value }))
  return (
    <>
      <div className="panel-head">
        <h2>Appearance</h2>
      </div>
      <div className="fields">
        <Select
          label="Colours"
          className="half"
          value={theme}
          options={[
            { value: 'system', label: 'As the system has them' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ]}
          onChange={(value) => set('look.theme', value)}
        />
        <Select
          label="Rows of lists"
          className="half"
          value={density}
          options={[
            { value: 'compact', label: 'Close together' },
            { value: 'normal', label: 'Normal' },
            { value: 'roomy', label: 'With room' },
          ]}
          onChange={(value) => set('look.density', value)}
        />
        <div className="all">
          <Check
            label="All inboxes together, above the folders"
            hint="Without it, each account’s Inbox stands by itself."
            checked={unifiedInbox}
            onChange={(on) => set('look.unifiedInbox', on)}
          />
        </div>
      </div>
    </>
  )
}
