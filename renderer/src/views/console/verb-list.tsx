import type { ConsoleView } from '../../../../core/rpc/console-contract.ts'
import { t, told } from '../../words/words.ts'

interface Props {
  readonly view: ConsoleView
  readonly chosen: string
  readonly anything: boolean
  readonly onPick: (verb: string) => void
}

/** What may be said now, and why not the rest. */
export function VerbList({
  view: { verbs, guide, prompt, waits, stage, handedOver },
  chosen,
  anything,
  onPick,
}: Props) {
  const isCommand = prompt.is === 'command' && stage === 'open'
  const legal = verbs.filter(({ whyNot }) => whyNot === '')
  const others = verbs.filter(({ whyNot }) => whyNot !== '')
  const hint =
    stage === 'certificate'
      ? t('First look at what the server has shown, and say whether to go on.')
      : stage === 'over'
        ? t('Nothing more: the session is over.')
        : guide.isOver || stage !== 'open'
          ? ''
          : told(guide.text)
  return (
    <nav className="may" aria-label={t('What may be said now')}>
      <h2>{t('What may be said now')}</h2>
      {handedOver === '' ? null : <p className="handed">{told(handedOver)}</p>}
      {hint === '' ? null : <p>{hint}</p>}
      {isCommand && (!waits || anything) ? (
        <ul>
          {legal.map((verb) => (
            <li key={verb.verb}>
              <button
                type="button"
                className="verb"
                aria-pressed={verb.verb === chosen}
                title={verb.rfc === null ? undefined : `RFC ${verb.rfc} §${verb.section}`}
                onClick={() => onPick(verb.verb)}
              >
                <span className="v">{verb.verb}</span>
                <span className="d">{told(verb.title)}</span>
              </button>
            </li>
          ))}
        </ul>
      ) : null}
      {others.length === 0 || !isCommand ? null : (
        <>
          <h3>{t('Not now')}</h3>
          <ul>
            {others.map((verb) => (
              <li key={verb.verb}>
                {anything ? (
                  <button
                    type="button"
                    className="verb not"
                    aria-pressed={verb.verb === chosen}
                    onClick={() => onPick(verb.verb)}
                  >
                    <span className="v">{verb.verb}</span>
                    <span className="d">{told(verb.whyNot)}</span>
                  </button>
                ) : (
                  <span className="verb not">
                    <span className="v">{verb.verb}</span>
                    <span className="d">{told(verb.whyNot)}</span>
                  </span>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </nav>
  )
}
