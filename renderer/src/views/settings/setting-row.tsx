import { useState } from 'react'
import { api, wordsOf } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { said, t, told } from '../../words/words.ts'
import { choiceWords } from './choice-words.ts'
import { formatValue, parseValue } from './setting-value.ts'

/** A setting as the engine shows it. */
export type Setting = Awaited<ReturnType<typeof api.app.settings>>[number]

/** What the numbers of settings count. */
const UNITS: Readonly<Record<string, string>> = { seconds: said('seconds'), connections: said('connections') }

/** One setting: its sentence, what is allowed and what it is when nobody says, and the value to change. */
export function SettingRow({ setting, onDone }: { readonly setting: Setting; readonly onDone: () => void }) {
  const { key, about, value, allowed, unit, choices, needsRestart, fromFile } = setting
  const [typed, setTyped] = useState(() => formatValue(value))
  const [problem, setProblem] = useState<string>()
  const isDefault = JSON.stringify(value) === JSON.stringify(setting.default)
  const id = `setting-${key}`
  const isFlag = typeof setting.default === 'boolean'
  const save = async (next: unknown) => {
    setProblem(undefined)
    try {
      await api.app.setSetting({ key, value: next })
      onDone()
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  return (
    <form
      className="setting"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isFlag && choices === null) void save(parseValue(typed, setting.default))
      }}
    >
      <label htmlFor={id}>
        <span>{told(about)}</span>
        <span className="quiet below">
          {isFlag || choices !== null ? '' : `${t('Allowed: {allowed}.', { allowed: told(allowed) })} `}
          {unit === null || unit === 'port' ? '' : `${t('In {unit}.', { unit: told(UNITS[unit] ?? unit) })} `}
          {t('Default: {value}.', { value: shown(setting) })}
          {needsRestart ? t(' Takes effect at the next start.') : ''}
          {fromFile ? t(' Set by the settings file.') : ''}
        </span>
        <span className="mono key">{key}</span>
        {problem === undefined ? null : (
          <span className="danger below" role="alert">
            <Icon name="alert" /> {problem}
          </span>
        )}
      </label>
      <div className="value">
        {isFlag ? (
          <input
            id={id}
            type="checkbox"
            className="switch"
            checked={value === true}
            disabled={fromFile}
            onChange={(event) => void save(event.target.checked)}
          />
        ) : choices !== null ? (
          <select
            id={id}
            className="select"
            value={formatValue(value)}
            disabled={fromFile}
            onChange={(event) => void save(event.target.value)}
          >
            {choices.map((one) => (
              <option key={one} value={one}>
                {choiceWords(key, one)}
              </option>
            ))}
          </select>
        ) : (
          <>
            <div className="field">
              <input
                id={id}
                value={typed}
                dir="auto"
                disabled={fromFile}
                spellCheck={false}
                autoComplete="off"
                onChange={(event) => setTyped(event.target.value)}
              />
            </div>
            {typed === formatValue(value) ? null : (
              <Button submit kind="primary">
                {t('Save')}
              </Button>
            )}
          </>
        )}
        {isDefault || fromFile ? null : (
          <Button
            kind="plain"
            onClick={() => void save(setting.default)}
            title={t('Back to {default}', { default: shown(setting) })}
          >
            {t('Default')}
          </Button>
        )}
      </div>
    </form>
  )
}

/** The value of nobody's choosing, as a person reads it. */
function shown({ key, choices, default: value }: Setting): string {
  if (typeof value === 'boolean') return value ? t('on') : t('off')
  if (value === null) return t('off')
  const text = formatValue(value)
  if (choices !== null) return choiceWords(key, text)
  if (text === '') return t('nothing')
  // A path or an address keeps its own direction.
  return `\u2068${text.length > 60 ? `${text.slice(0, 60)}…` : text}\u2069`
}
