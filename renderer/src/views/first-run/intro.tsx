import { Icon } from '../../parts/icon.tsx'
import type { IconName } from '../../parts/icons.ts'
import { t } from '../../words/words.ts'

interface Props {
  readonly address: string
  readonly way: 'direct' | 'provider' | 'smarthost'
  readonly host: string
}

/** Pure: the way a message takes, in the words of what has been typed so far. */
export function Intro({ address, way, host }: Props) {
  const steps: readonly { icon: IconName; title: string; text: string }[] = [
    {
      icon: 'draft',
      title: t('You write'),
      text: address === '' ? t('as the address you name on the left') : t('as {address}', { address }),
    },
    { icon: 'queue', title: t('The queue takes it'), text: t('on disk and encrypted before anything says “sent”') },
    way === 'direct'
      ? {
          icon: 'route',
          title: t('Posthorn finds the server'),
          text: t('asks the DNS for the recipient’s mail servers and dials them in order'),
        }
      : {
          icon: 'server',
          title: way === 'provider' ? t('Your provider takes it on') : t('Your smarthost takes it on'),
          text:
            way === 'provider' ? t('with your own login') : host === '' ? t('the server you name on the left') : host,
        },
    {
      icon: 'lock',
      title: t('The line is encrypted'),
      text: t('wherever the other side can, and the log says who it was'),
    },
    {
      icon: 'ok',
      title: t('You see the answer'),
      text: t('for each recipient, in the server’s own words, with the next try if one is needed'),
    },
    { icon: 'wire', title: t('Every byte is kept'), text: t('in the protocol log, but no password ever') },
  ]
  return (
    <section className="test intro" aria-label={t('What happens to a message')}>
      <header>
        <h2>{t('What happens to a message')}</h2>
      </header>
      <ol>
        {steps.map((step) => (
          <li key={step.title}>
            <Icon name={step.icon} />
            <div>
              <b>{step.title}</b>
              <p>{step.text}</p>
            </div>
          </li>
        ))}
      </ol>
    </section>
  )
}
