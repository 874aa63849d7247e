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
      title: 'You write',
      text: address === '' ? 'as the address you name on the left' : `as ${address}`,
    },
    { icon: 'queue', title: 'The queue takes it', text: 'on disk and encrypted before anything says “sent”' },
    way === 'direct'
      ? {
          icon: 'route',
          title: 'Posthorn finds the server',
          text: 'asks the DNS for the recipient’s mail servers and dials them in order',
        }
      : {
          icon: 'server',
          title: way === 'provider' ? 'Your provider takes it on' : 'Your smarthost takes it on',
          text: way === 'provider' ? 'with your own login' : host === '' ? 'the server you name on the left' : host,
        },
    { icon: 'lock', title: 'The line is encrypted', text: 'wherever the other side can, and the log says who it was' },
    {
      icon: 'ok',
      title: 'You see the answer',
      text: 'for each recipient, in the server’s own words, with the next try if one is needed',
    },
    { icon: 'wire', title: 'Every byte is kept', text: 'in the protocol log, but no password ever' },
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
