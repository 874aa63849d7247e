import { copyText } from '../../state/actions.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Icon } from '../../parts/icon.tsx'
import { targetOf } from './link.ts'
import { t, tx } from '../../words/words.ts'

interface Props {
  readonly link: { readonly href: string; readonly text: string } | null
  readonly onClose: () => void
  readonly onWrite: (address: string) => void
}

/** Shows where a link really leads before anything is opened. */
export function LinkDialog({ link, onClose, onWrite }: Props) {
  const target = link === null ? undefined : targetOf(link.href, link.text)
  if (link === null) return null
  if (target === undefined)
    return (
      <Dialog title={t('This link leads nowhere')} isOpen onClose={onClose}>
        <div className="dialog-body">
          <p>{t('Its target is not a web or mail address:')}</p>
          <p className="mono target">{link.href.slice(0, 500) || t('(empty)')}</p>
        </div>
      </Dialog>
    )
  const address = decodeURIComponentSafely(target.href.replace(/^mailto:/i, '').split('?')[0] ?? '')
  return (
    <Dialog
      title={target.scheme === 'mail' ? t('Write to this address?') : t('Open this link?')}
      isOpen
      onClose={onClose}
    >
      <div className="dialog-body">
        {target.scheme === 'web' ? (
          <p>
            {tx('It leads to <b>{hostname}</b>, in your browser.', {
              hostname: target.hostname,
              b: (words) => <b>{words}</b>,
            })}
          </p>
        ) : null}
        <p className="mono target">{target.href}</p>
        {target.readable === null ? null : (
          <p className="quiet">{t('In its own letters the name is {readable}.', { readable: target.readable })}</p>
        )}
        {target.warnings.map((warning) => (
          <p key={warning} className="notice warn">
            <Icon name="alert" /> {warning}
          </p>
        ))}
      </div>
      <footer>
        <Button kind="plain" icon="copy" onClick={() => void copyText(target.href, t('The address'))}>
          {t('Copy')}
        </Button>
        <span className="grow" />
        <Button kind="plain" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button
          kind={target.warnings.length === 0 ? 'primary' : undefined}
          onClick={() => {
            onClose()
            if (target.scheme === 'mail') onWrite(address)
            else window.open(target.href, '_blank', 'noopener,noreferrer')
          }}
        >
          {target.scheme === 'mail' ? t('Write') : t('Open')}
        </Button>
      </footer>
    </Dialog>
  )
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
