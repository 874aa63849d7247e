import { useEffect } from 'react'
import { isLetters, keysOf, KEY_SCHEMES } from '../../../core/model/command-table.ts'
import { api } from '../bridge/client.ts'
import { useLive } from '../state/use-live.ts'
import { bindings, commandAt, isPrefix } from './bindings.ts'
import { chordOf } from './chord.ts'
import { offerOf } from './offers.ts'

const changes = { changes: api.app.changes }
/** The second of two keys is waited for so long. */
const SECOND_KEY_MS = 1500

/** In a field these are the field's own. */
const EDITING: ReadonlySet<string> = new Set(['Mod+Z', 'Mod+A', 'Shift+F10'])

/** True where letters are typed: no single letter is a command there. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'file'].includes(target.type)
  return target.isContentEditable || ['TEXTAREA', 'SELECT'].includes(target.tagName)
}

/** Keys do what a person has set, wherever something that is open can do it. Letters act only outside of fields. */
export function useKeys(): void {
  const settings = useLive('key settings', () => api.app.settings(), changes)
  const scheme = settings.at === 'ready' ? settings.value.find(({ key }) => key === 'keys.scheme')?.value : undefined
  const own = settings.at === 'ready' ? settings.value.find(({ key }) => key === 'keys.own')?.value : undefined
  const lines = Array.isArray(own) ? own.map(String).join('\n') : ''
  useEffect(() => {
    bindings.set(keysOf(KEY_SCHEMES.find((one) => one === scheme) ?? 'posthorn', lines.split('\n')))
  }, [scheme, lines])
  useEffect(() => {
    let before: { readonly chord: string; readonly untilMs: number } | undefined
    const onKey = (event: KeyboardEvent) => {
      const chord = chordOf(event)
      if (event.defaultPrevented || chord === undefined) return
      const { target } = event
      // In a dialog or a menu the keys are its own.
      if (target instanceof Element && target.closest('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null)
        return
      if ((isLetters(chord) || EDITING.has(chord)) && isTyping(target)) return
      const first = before !== undefined && event.timeStamp < before.untilMs ? before.chord : undefined
      before = undefined
      const id = first === undefined ? commandAt(chord) : (commandAt(`${first} ${chord}`) ?? commandAt(chord))
      const run = id === undefined ? undefined : offerOf(id)
      if (run !== undefined) {
        event.preventDefault()
        run()
      } else if (isPrefix(chord)) before = { chord, untilMs: event.timeStamp + SECOND_KEY_MS }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
