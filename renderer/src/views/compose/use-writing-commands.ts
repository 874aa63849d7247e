import { COMMANDS, isCommandId, isLetters, type CommandId } from '../../../../core/model/command-table.ts'
import { commandOf } from '../../commands/bindings.ts'
import { chordOf } from '../../commands/chord.ts'
import { offerOf, useOffers, type Offers } from '../../commands/offers.ts'
import type { KeyboardEvent } from 'react'

const isWriting = (id: CommandId) => COMMANDS[id].group === 'Writing'
/** What else can be asked for while one writes: nothing that would act on the list behind the composer. */
const ELSEWHERE: readonly CommandId[] = [
  'palette',
  'keys',
  'next-pane',
  'previous-pane',
  'next-written',
  'previous-written',
]

/** The command a pressed key stands for while one writes; letters are typed. */
function commandHere(event: Parameters<typeof chordOf>[0]): CommandId | undefined {
  const chord = chordOf(event)
  const id = chord === undefined || isLetters(chord) ? undefined : commandOf(event)
  return id !== undefined && isCommandId(id) && (isWriting(id) || ELSEWHERE.includes(id)) ? id : undefined
}

/** True of a key that the composer takes: the editor leaves it alone. */
export const isForComposer = (event: Parameters<typeof chordOf>[0]) => {
  const id = commandHere(event)
  return id !== undefined && offerOf(id) !== undefined
}

/** Offers what can be done with the message that is written, and gives the composer the keys for it. */
export function useWritingCommands(offers: Offers): (event: KeyboardEvent) => void {
  useOffers(offers)
  return (event) => {
    const id = commandHere(event)
    const run = id === undefined ? undefined : offerOf(id)
    if (run === undefined) return
    event.preventDefault()
    run()
  }
}
