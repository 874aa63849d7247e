import type { SessionTlsView } from '../../../../core/rpc/trace-contract.ts'
import { t } from '../../words/words.ts'

/** What demanded TLS of a session, as a sentence. */
export function demandWords(demand: NonNullable<SessionTlsView['demand']>): string {
  switch (demand) {
    case 'none':
      return t('No policy demanded TLS: it was used as well as it could be had.')
    case 'mta-sts':
      return t('The domain demands verified TLS by its MTA-STS policy.')
    case 'mta-sts-testing':
      return t('The domain tests an MTA-STS policy, which demands nothing yet.')
    case 'ratchet':
      return t('Verified TLS was seen there before, so nothing less is accepted.')
    case 'requiretls':
      return t('The message demands verified TLS all the way.')
    case 'named':
      return t('You named this server, so its certificate is always verified.')
  }
}

/** What a policy that demands verified TLS would have made of a session. */
export function strictWords(strict: SessionTlsView['strict']): string {
  switch (strict) {
    case 'same':
      return t('A strict policy would have changed nothing: the certificate is verified and for this name.')
    case 'clear':
      return t('A strict policy would have let nothing pass: the session was in clear text.')
    case 'untrusted':
      return t('A strict policy would have let nothing pass: the certificate could not be verified.')
    case 'name':
      return t('A strict policy would have let nothing pass: the certificate is for another name.')
    case 'client':
      return t('The other end is a client, which shows no certificate: this is as safe as such a session can be.')
  }
}
