import { useState } from 'react'
import { api } from '../../bridge/client.ts'
import { shell } from '../../bridge/shell.ts'
import { Check, Select } from '../../parts/field.tsx'
import { act } from '../../state/act.ts'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'

/** What Posthorn does unasked: pictures of the web and, on a desktop, what it tells of and what closing means. */
export function Habits() {
  return (
    <fieldset>
      <legend>{t('What it does unasked')}</legend>
      <p className="quiet habit">
        {t(
          'Pictures of the web stay off: loading them tells their sender that you read, when and where. You can allow them for one message, or for an author.',
        )}
      </p>
      {shell === undefined ? null : <OnDesktop about={shell.about} />}
    </fieldset>
  )
}

const CLOSING = ['ask', 'tray', 'quit'] as const
type Closing = (typeof CLOSING)[number]

function OnDesktop({ about }: { readonly about: NonNullable<typeof shell>['about'] }) {
  const live = useLive('habits', async () => {
    const settings = await api.app.settings()
    const of = (key: string) => settings.find((one) => one.key === `desktop.${key}`)?.value
    const { hasTray, platform } = await about()
    const closing = CLOSING.find((one) => one === of('closing')) ?? 'ask'
    return { notify: of('notify') === true, closing, mayHide: hasTray && platform !== 'darwin' }
  })
  const [notify, setNotify] = useState<boolean>()
  const [closing, setClosing] = useState<Closing>()
  if (live.at !== 'ready') return null
  const set = (key: string, value: unknown) =>
    void act(t('Changing the setting'), () => api.app.setSetting({ key: `desktop.${key}`, value }))
  return (
    <>
      <Check
        label={t('Tell of new mail')}
        hint={t('With buttons to answer, to archive and to mark as read, where the system has them.')}
        checked={notify ?? live.value.notify}
        onChange={(on) => {
          setNotify(on)
          set('notify', on)
        }}
      />
      {live.value.mayHide ? (
        <Select
          label={t('Closing the last window')}
          value={closing ?? live.value.closing}
          options={[
            { value: 'ask', label: t('asks once') },
            { value: 'tray', label: t('keeps Posthorn running in the tray') },
            { value: 'quit', label: t('quits') },
          ]}
          onChange={(value) => {
            setClosing(value)
            set('closing', value)
          }}
        />
      ) : null}
    </>
  )
}
