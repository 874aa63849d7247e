import type { FindingView } from '../../../../core/rpc/compose-contract.ts'
import { size } from '../../format/size.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Icon } from '../../parts/icon.tsx'
import { t } from '../../words/words.ts'
import type { Asked } from './use-sending.ts'

interface Props {
  readonly asked: Asked
  readonly onAnyway: () => void
  readonly onBack: () => void
  /** Names all who would be seen in Bcc instead. */
  readonly onBcc: () => void
}

/** What speaks against a message as it is, in one calm list. */
export function ReviewDialog({ asked: { findings, isLook }, onAnyway, onBack, onBcc }: Props) {
  const hasMany = findings.some(({ kind }) => kind === 'many-visible')
  return (
    <Dialog title={isLook ? t('A look at the message') : t('Before it goes')} isOpen onClose={onBack}>
      <div className="dialog-body">
        {findings.length === 0 ? (
          <p>
            <Icon name="ok" className="ok" /> {t('Nothing speaks against this message.')}
          </p>
        ) : (
          <ul className="findings" aria-label={t('What there is to see')}>
            {findings.map((finding) => {
              const [title, more] = wordsFor(finding)
              return (
                <li key={finding.kind}>
                  <Icon
                    name={finding.level === 'ask' ? 'alert' : 'info'}
                    className={finding.level === 'ask' ? 'warn' : 'quiet'}
                  />
                  <span>
                    <b>{title}</b> <span className="quiet">{more}</span>
                  </span>
                </li>
              )
            })}
          </ul>
        )}
      </div>
      <footer>
        <Button kind={isLook ? 'primary' : 'plain'} onClick={onBack}>
          {isLook ? t('Close') : t('Back to the message')}
        </Button>
        {hasMany ? <Button onClick={onBcc}>{t('Name them in Bcc')}</Button> : null}
        {isLook ? null : (
          <Button kind="primary" icon="sent" onClick={onAnyway}>
            {t('Send anyway')}
          </Button>
        )}
      </footer>
    </Dialog>
  )
}

function wordsFor({ kind, about }: FindingView): readonly [title: string, more: string] {
  const names = about.map(visible).join(', ')
  switch (kind) {
    case 'no-subject':
      return [t('It has no subject.'), t('People find a message again by its subject.')]
    case 'no-text':
      return [t('It has no text.'), t('Neither words nor a file are in it.')]
    case 'no-attachment':
      return [t('No file is attached.'), t('The text speaks of one: “{word}”.', { word: names })]
    case 'no-domain':
      return [t('There is no such domain: {names}.', { names }), t('Mail there would come back.')]
    case 'null-mx':
      return [t('{names} takes no mail.', { names }), t('The domain says so in DNS (null MX).')]
    case 'no-server':
      return [t('Nobody takes mail for {names}.', { names }), t('The domain has neither an MX nor an address.')]
    case 'came-back':
      return [t('Mail came back from {names}.', { names }), t('It may come back again.')]
    case 'many-visible':
      return [
        t('{count, plural, other {# people see each other’s addresses.}}', { count: Number(names) }),
        t('Named in Bcc, nobody sees the others.'),
      ]
    case 'too-large': {
      const [bytes, most] = [size(Number(about[0] ?? 0)), size(Number(about[1] ?? 0))]
      return about[2] === undefined
        ? [
            t('It is too large: {bytes} as sent, and the most is {most}.', { bytes, most }),
            t('Leave a file out, or put it where it can be fetched and send a link.'),
          ]
        : [
            t('It is too large for {host}: {bytes} as sent.', { host: visible(about[2]), bytes }),
            t(
              'That server takes no more than {most}, so it would come back. Leave a file out, or put it where it can be fetched and send a link.',
              { most },
            ),
          ]
    }
    case 'large':
      return [
        t('It is large: {size} as sent.', { size: size(Number(about[0] ?? 0)) }),
        t('Many servers take no more than 20 MB.'),
      ]
    case 'no-spf':
      return [t('{names} publishes no SPF record.', { names }), t('Some servers trust mail of such a domain less.')]
    case 'no-dkim':
      return [
        t('Nothing signs mail of {names}.', { names }),
        t('A DKIM key can be made in the settings, under Signing.'),
      ]
  }
}
