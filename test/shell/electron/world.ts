/// <reference types="electron" />
/* The world of the stand-in: what a test decides, and what was asked of the system. */
import type { EventEmitter } from 'node:events'

/** Everything that was asked of the system, in order. */
export const calls: { readonly what: string; readonly args: readonly unknown[] }[] = []
export const note = (what: string, ...args: readonly unknown[]): void => void calls.push({ what, args })
/** The arguments of the latest call of that name; undefined where there was none. */
export const lastOf = (what: string): readonly unknown[] | undefined =>
  calls.findLast((call) => call.what === what)?.args

/** What a test decides beforehand: how the system is, and what its person answers. */
export const world = {
  isFirst: true,
  isPackaged: false,
  languages: ['en-GB'],
  online: true,
  trayIsSeen: true,
  notifications: true,
  /** The answers of dialogs to come, by the number of the button; without one Escape is pressed. */
  answers: [] as number[],
  /** What the web answers; nothing is there until a test says so. */
  web: (address: string): Promise<Response> => Promise.reject(new Error(`nothing answers at ${address}`)),
  /** The paths that file dialogs to come give. */
  paths: [] as string[][],
  keyring: 'gnome_libsecret' as ReturnType<Electron.SafeStorage['getSelectedStorageBackend']>,
  /** Another keyring than the one that sealed: it opens nothing. */
  keyringNumber: 1,
  displays: [{ x: 0, y: 0, width: 1920, height: 1080 }],
}

/** An event whose way on can be stopped. */
export class StandInEvent {
  defaultPrevented = false
  preventDefault(): void {
    this.defaultPrevented = true
  }
}
/** Sends an event that can be stopped; true where somebody did. */
export function sendStoppable(to: EventEmitter, name: string, facts: object, ...more: readonly unknown[]): boolean {
  const event = Object.assign(new StandInEvent(), facts)
  to.emit(name, event, ...more)
  return event.defaultPrevented
}
