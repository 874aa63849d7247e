import { app, dialog, type ContextMenuParams, type WebContents } from 'electron'
import { noteCrash } from '../core/base/crash-notes.ts'
import { t } from '../core/model/words.ts'

/** A page that ends again and again is not loaded for ever. */
const MOST_RELOADS = 3
const WITHIN_MS = 300_000

/** Loads a page anew that ended by itself, and keeps a note of each part of Chromium that did. `onClick`: of the second button. */
export function watchPages(
  dataFolder: string,
  onClick: (contents: WebContents, clicked: ContextMenuParams) => void,
): void {
  const reloads: number[] = []
  app.on('web-contents-created', (_created, contents) => {
    contents.on('context-menu', (_event, clicked) => onClick(contents, clicked))
    contents.on('render-process-gone', (_event, { reason, exitCode }) => {
      if (reason === 'clean-exit') return
      noteCrash(dataFolder, 'window', `${reason}, exit code ${exitCode}`)
      const nowMs = Date.now()
      reloads.push(nowMs)
      if (reloads.filter((atMs) => nowMs - atMs < WITHIN_MS).length <= MOST_RELOADS) contents.reload()
      else
        dialog.showErrorBox(
          t('A window of Posthorn ends again and again'),
          t('Mail goes on being sent and fetched. Close the window and open it again.'),
        )
    })
  })
  app.on('child-process-gone', (_event, { type, reason }) => {
    if (!['clean-exit', 'killed'].includes(reason)) noteCrash(dataFolder, type, reason)
  })
}
