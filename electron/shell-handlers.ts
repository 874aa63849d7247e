import { app, dialog, type OpenDialogOptions } from 'electron'
import { implement } from '@orpc/server'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isCommandId } from '../core/model/command-table.ts'
import { safeFileName } from './file-name.ts'
import { shellContract } from '../core/rpc/shell-contract.ts'
import type { OpenWindow, Windows } from './windows.ts'

/** What the shell's side of its contract is wired to. */
export interface ShellDeps {
  readonly windows: Windows
  readonly platform: NodeJS.Platform
  readonly hasTray: () => boolean
  readonly spellLanguages: () => readonly string[]
  readonly onOffers: () => void
  readonly onSpelling: () => void
  readonly onNetwork: (online: boolean) => void
}

const SCHEME = 'mailto'
const done = { ok: true as const }

/** Answers one window's calls of the shell. */
export function shellHandlers(open: OpenWindow, deps: ShellDeps) {
  const os = implement(shellContract)
  const { window } = open
  return {
    about: os.about.handler(() => ({
      platform: deps.platform,
      hasTray: deps.hasTray(),
      writesMail: writesMail(),
      spellLanguages: [...deps.spellLanguages()],
    })),
    asks: os.asks.handler(({ signal }) => open.asks.stream(signal)),
    offers: os.offers.handler(({ input }) => {
      open.offers = new Set(input.commands.filter(isCommandId))
      deps.onOffers()
      return done
    }),
    open: os.open.handler(({ input }) => {
      if (input.kind === 'message') deps.windows.show('message', `?window=message&id=${input.id}`)
      else if (input.kind === 'log') deps.windows.open('log', `?window=log#/log/${input.sessionId ?? ''}`)
      else if (input.draftId === null) deps.windows.open('compose', '?window=compose')
      else deps.windows.show('compose', `?window=compose&id=${input.draftId}`)
      return done
    }),
    print: os.print.handler(async () => ({ printed: await print(open) })),
    savePdf: os.savePdf.handler(async ({ input }) => ({ saved: await savePdf(open, input.name) })),
    choose: os.choose.handler(async ({ input }) => {
      const name = safeFileName(input.name ?? '')
      if (input.kind === 'new-file') {
        const { filePath } = await dialog.showSaveDialog(window, name === '' ? {} : { defaultPath: name })
        return { paths: filePath === '' ? [] : [filePath] }
      }
      const properties: OpenDialogOptions['properties'] =
        input.kind === 'folder' ? ['openDirectory', 'createDirectory'] : ['openFile']
      const { canceled, filePaths } = await dialog.showOpenDialog(window, { properties })
      return { paths: canceled ? [] : filePaths }
    }),
    writeMailHere: os.writeMailHere.handler(() => {
      app.setAsDefaultProtocolClient(SCHEME)
      return { writesMail: writesMail() }
    }),
    kept: os.kept.handler(() => {
      open.onKept?.()
      return done
    }),
    spelling: os.spelling.handler(({ input }) => {
      open.spelling = input.languages
      deps.onSpelling()
      return done
    }),
    network: os.network.handler(({ input }) => {
      deps.onNetwork(input.online)
      return done
    }),
  }
}

/** Null where it can't be known: a clone's Electron is no installed application. */
function writesMail(): boolean | null {
  return app.isPackaged ? app.isDefaultProtocolClient(SCHEME) : null
}

/** Prints what a window shows; false where the person thought better of it. */
export function print({ window }: Pick<OpenWindow, 'window'>): Promise<boolean> {
  return new Promise((resolve) => window.webContents.print({}, (printed) => resolve(printed)))
}

/** Saves what a window shows as a PDF, where the person says. Throws what keeps the file from being written. */
export async function savePdf({ window }: Pick<OpenWindow, 'window'>, name: string): Promise<boolean> {
  const { filePath } = await dialog.showSaveDialog(window, {
    defaultPath: join(app.getPath('documents'), `${safeFileName(name) || 'Posthorn'}.pdf`),
    filters: [{ name: 'PDF', extensions: ['pdf'] }],
  })
  if (filePath === '') return false
  await writeFile(filePath, await window.webContents.printToPDF({ printBackground: true }), { mode: 0o600 })
  return true
}
