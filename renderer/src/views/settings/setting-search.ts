import { shared } from '../../state/store.ts'
import { told } from '../../words/words.ts'

/** What is looked for among the settings; '' shows all of them. */
export const settingSearch = shared('')

/** True when a setting's name, sentence or room holds every word that was typed, in the language shown or in English. */
export function fits(typed: string, setting: { readonly key: string; readonly about: string }, room: string): boolean {
  const words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  const text = [setting.key, setting.about, told(setting.about), room, told(room)].join(' ').toLocaleLowerCase()
  return words.every((word) => text.includes(word))
}
