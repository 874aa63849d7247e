import type { TraceStep } from './delivery-trace.ts'
import { distrustWords } from './distrust-words.ts'
import { t } from './words.ts'

/** How people write what `TLSv1.3` is. */
export const tlsName = (version: string): string => version.replace(/^TLSv/, 'TLS ')

/** What a step is about, in a word or two. */
export function stepTitle({ kind, verb }: Pick<TraceStep, 'kind' | 'verb'>): string {
  switch (kind) {
    case 'route':
      return t('Route')
    case 'dns':
      return t('DNS')
    case 'order':
      return t('Order of servers')
    case 'dial':
      return t('Dialled')
    case 'reused':
      return t('Connection')
    case 'connect':
      return t('Greeting')
    case 'tls':
      return t('TLS')
    case 'message':
      return t('The message')
    case 'lost':
      return t('Connection lost')
    case 'note':
      return t('Noted')
    case 'command':
      return verb === '' ? t('Unasked') : verb
  }
}

/** What the words about a step take of it. */
type Worded = Pick<TraceStep, 'kind' | 'text' | 'words'> & {
  readonly facts: {
    readonly version: string
    readonly trusted: boolean
    readonly subject: string
    readonly distrust?: string | undefined
  } | null
}

/** What a step says besides the peer's own words; '' where those say all. */
export function stepText(step: Worded): string {
  switch (step.kind) {
    case 'reused':
      return t('It was open already, for other mail.')
    case 'tls': {
      if (step.facts === null) return ''
      const { version, trusted, subject, distrust = '' } = step.facts
      const name = subject.replace(/^CN=/, '')
      return trusted
        ? t('{version}, certificate verified: {name}', { version: tlsName(version), name })
        : t('{version}, certificate not verified: {why}', { version: tlsName(version), why: distrustWords(distrust) })
    }
    case 'connect':
    case 'command':
    case 'message':
      return step.words.length === 0 ? t('no answer') : ''
    default:
      return step.text
  }
}
