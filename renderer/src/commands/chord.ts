import { t } from '../words/words.ts'

type Press = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>

/** True on a Mac, where ⌘ is the key of commands. */
export const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform)

/** The chord somebody pressed, as the command table writes it; undefined for a modifier alone. */
export function chordOf(event: Press): string | undefined {
  const { key, altKey, shiftKey } = event
  if (['Control', 'Meta', 'Alt', 'Shift', 'AltGraph', 'Dead', 'Unidentified', 'Process', 'CapsLock'].includes(key))
    return undefined
  const mod = isMac ? event.metaKey : event.ctrlKey
  // The other of the two is the system's.
  if (isMac ? event.ctrlKey : event.metaKey) return undefined
  const isCharacter = [...key].length === 1 && key !== ' '
  const name = key === ' ' ? 'Space' : mod && isCharacter ? key.toUpperCase() : key
  // A character says by itself whether Shift was down.
  const shift = shiftKey && (!isCharacter || mod)
  return `${mod ? 'Mod+' : ''}${altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${name}`
}

const WORDS: Readonly<Record<string, string>> = {
  Delete: 'Del',
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
}

/** A chord as it stands on the keys: `Ctrl Shift P`, `Shift R`, `G then I`; on a Mac `⇧⌘P`. */
export function showChord(chord: string, mac = isMac): string {
  const keys = chord.split(' ')
  if (keys.length === 2)
    return t('{first} then {second}', {
      first: showChord(keys[0] ?? '', mac),
      second: showChord(keys[1] ?? '', mac),
    })
  const parts = chord === '+' ? ['+'] : chord.split(/\+(?=.)/)
  const key = parts.at(-1) ?? ''
  const letter = /^\p{L}$/u.test(key) ? key.toUpperCase() : (WORDS[key] ?? key)
  const shift = parts.includes('Shift') || (parts.length === 1 && /^\p{Lu}$/u.test(key))
  const names = [
    ...(parts.includes('Alt') ? [mac ? '⌥' : 'Alt'] : []),
    ...(shift ? [mac ? '⇧' : 'Shift'] : []),
    ...(parts.includes('Mod') ? [mac ? '⌘' : 'Ctrl'] : []),
  ]
  return mac
    ? `${names.join('')}${letter}`
    : [...names.toSorted((a, b) => RANK.indexOf(a) - RANK.indexOf(b)), letter].join(' ')
}
const RANK = ['Ctrl', 'Alt', 'Shift']
