/// <reference types="electron" />
/* What lies between a page and the main process: sessions, the scheme, message ports. */
import { EventEmitter } from 'node:events'
import { note, world } from './world.ts'

/** One end of a channel between a page and the main process: `message` carries an event with the data. */
export class MessagePortMain
  extends EventEmitter
  implements Pick<Electron.MessagePortMain, 'postMessage' | 'start' | 'close'>
{
  readonly #send: (data: unknown) => void
  readonly #hangUp: () => void
  #early: unknown[] | undefined = []
  #isOpen = true
  constructor(send: (data: unknown) => void, hangUp: () => void) {
    super()
    this.#send = send
    this.#hangUp = hangUp
  }
  /** The page said something. */
  hear(data: unknown): void {
    if (this.#early === undefined) this.emit('message', { data, ports: [] })
    else this.#early.push(data)
  }
  /** The page has gone, or has closed its end. */
  hearEnd(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.emit('close')
  }
  postMessage(message: unknown): void {
    if (this.#isOpen) this.#send(message)
  }
  start(): void {
    const early = this.#early ?? []
    this.#early = undefined
    for (const data of early) this.emit('message', { data, ports: [] })
  }
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#hangUp()
    this.emit('close')
  }
}

class Session
  extends EventEmitter
  implements
    Pick<
      Electron.Session,
      | 'setPermissionRequestHandler'
      | 'setPermissionCheckHandler'
      | 'setDevicePermissionHandler'
      | 'setSpellCheckerEnabled'
      | 'setSpellCheckerLanguages'
      | 'addWordToSpellCheckerDictionary'
      | 'availableSpellCheckerLanguages'
    >
{
  readonly availableSpellCheckerLanguages = ['de', 'en-GB', 'en-US', 'fr']
  requestHandler: Parameters<Electron.Session['setPermissionRequestHandler']>[0] = null
  checkHandler: Parameters<Electron.Session['setPermissionCheckHandler']>[0] = null
  deviceHandler: Parameters<Electron.Session['setDevicePermissionHandler']>[0] = null
  beforeRequest:
    ((details: { readonly url: string }, answer: (verdict: { readonly cancel?: boolean }) => void) => void) | undefined
  readonly webRequest = {
    onBeforeRequest: (
      filter: { readonly urls: readonly string[] },
      listener: NonNullable<Session['beforeRequest']>,
    ) => {
      note('webRequest.onBeforeRequest', filter)
      this.beforeRequest = listener
    },
  }
  setPermissionRequestHandler(handler: Session['requestHandler']): void {
    this.requestHandler = handler
  }
  setPermissionCheckHandler(handler: Session['checkHandler']): void {
    this.checkHandler = handler
  }
  setDevicePermissionHandler(handler: Session['deviceHandler']): void {
    this.deviceHandler = handler
  }
  setSpellCheckerEnabled(isOn: boolean): void {
    note('session.setSpellCheckerEnabled', isOn)
  }
  setSpellCheckerLanguages(languages: string[]): void {
    note('session.setSpellCheckerLanguages', languages)
  }
  addWordToSpellCheckerDictionary(word: string): boolean {
    note('session.addWordToSpellCheckerDictionary', word)
    return true
  }
}
export const session = {
  defaultSession: new Session(),
  /** Sessions that no window has, each with the web that the world has. */
  fromPartition: (name: string) => {
    note('session.fromPartition', name)
    return { fetch: (address: string) => world.web(address) }
  },
}

/** What answers the application's own scheme. */
export let answerScheme: ((request: Request) => Response | Promise<Response>) | undefined
export const protocol: Pick<Electron.Protocol, 'registerSchemesAsPrivileged' | 'handle'> = {
  registerSchemesAsPrivileged: (schemes) => note('protocol.registerSchemesAsPrivileged', schemes),
  handle(scheme, handler) {
    note('protocol.handle', scheme)
    answerScheme = handler as typeof answerScheme
  },
}
export const ipcMain = new EventEmitter()
export const net: Pick<Electron.Net, 'isOnline'> = { isOnline: () => world.online }
