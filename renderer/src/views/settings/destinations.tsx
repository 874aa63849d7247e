import { Paces } from './paces.tsx'
import { Suppressions } from './suppressions.tsx'
import { TlsDomains } from './tls-domains.tsx'
import { t } from '../../words/words.ts'

/** What is known of the places mail goes to: how fast it may leave, how it is protected, who refused it. */
export function Destinations() {
  return (
    <>
      <div className="panel-head">
        <h2>{t('Destinations')}</h2>
      </div>
      <p className="quiet lead">
        {t(
          'Servers watch how a stranger behaves. Posthorn starts slowly with each of them and remembers what they said.',
        )}
      </p>
      <Paces />
      <TlsDomains />
      <Suppressions />
    </>
  )
}
