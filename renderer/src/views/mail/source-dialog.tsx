import { api } from '../../bridge/client.ts'
import { wireText } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Load } from '../../parts/load.tsx'
import { copyText, saveBytes } from '../../state/actions.ts'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'

/** The message as it was received, byte for byte. */
export function SourceDialog({ id, onClose }: { readonly id: number; readonly onClose: () => void }) {
  const live = useLive(`source ${id}`, () => api.mail.source({ id }))
  return (
    <Dialog title={t('Source')} isOpen wide onClose={onClose}>
      <Load live={live} what={t('the source')}>
        {({ text, truncated, handle }) => (
          <>
            {/* Focusable, so that the keyboard can scroll it. */}
            {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
            <pre className="source mono" tabIndex={0} aria-label={t('Source of the message')}>
              <bdi>{text.replace(/\r\n/g, '\n').split('\n').map(wireText).join('\n')}</bdi>
            </pre>
            <footer>
              <span className="grow quiet">
                {truncated ? t('Only the beginning is shown; the file holds all of it.') : ''}
              </span>
              <Button icon="copy" onClick={() => void copyText(text, 'The source')}>
                {t('Copy')}
              </Button>
              <Button icon="download" onClick={() => saveBytes(handle, `message-${id}.eml`)}>
                {t('Save as file')}
              </Button>
            </footer>
          </>
        )}
      </Load>
    </Dialog>
  )
}
